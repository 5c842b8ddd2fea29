//! Commands of batch systems: each with a time-out, a bound on its output and an entry in the transcript.

use crate::BatchError;
use crate::transcript::{Entry, Transcript};
use rustix::process::{Pid, Signal, kill_process_group};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// The most bytes of an answer that are read; the `squeue` of 100,000 pilots has some 8 MB.
pub const OUTPUT_MAX: usize = 64 << 20;

/// How the commands of one end point are run.
pub struct Commander {
    /// Directory of the programs; from `PATH` when empty.
    pub bin: PathBuf,
    /// Variables added to the factory's own environment.
    pub environment: Vec<(String, String)>,
    /// When a command is given up.
    pub timeout: Duration,
    /// Where it is written down.
    pub transcript: Transcript,
}

/// What a command said.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Exit code; -1 after a signal.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Answer {
    /// The answer of a command that must succeed.
    pub fn success(self, program: &str) -> Result<Answer, BatchError> {
        if self.code == 0 {
            return Ok(self);
        }
        let said = if self.err.trim().is_empty() { &self.out } else { &self.err };
        let said = said.trim().chars().take(500).collect::<String>().replace('\n', "; ");
        Err(BatchError::Failed { program: program.to_owned(), code: self.code, said })
    }
}

impl Commander {
    /// Runs a program to its end. The error says nothing about its exit code; see [`Answer::success`].
    pub async fn run(&self, program: &str, arguments: &[String]) -> Result<Answer, BatchError> {
        let started = (Instant::now(), jiff::Timestamp::now().to_string());
        let result = self.run_unrecorded(program, arguments).await;
        let end = match &result {
            Ok(answer) => answer.code.to_string(),
            Err(error) => error.to_string(),
        };
        let command =
            std::iter::once(program).chain(arguments.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        let nothing = Answer::default();
        let answer = result.as_ref().unwrap_or(&nothing);
        self.transcript.keep(&Entry {
            time: &started.1,
            command: &command,
            end: &end,
            took_ms: started.0.elapsed().as_millis(),
            out: answer.out.as_bytes(),
            err: answer.err.as_bytes(),
        });
        result
    }

    async fn run_unrecorded(&self, program: &str, arguments: &[String]) -> Result<Answer, BatchError> {
        let mut child = self.start(program, arguments)?;
        match tokio::time::timeout(self.timeout, answer_of(&mut child, program)).await {
            Ok(answer) => answer,
            Err(_) => {
                // The whole group: some sites wrap the commands in scripts.
                if let Some(pid) = child.id().and_then(|pid| Pid::from_raw(pid as i32)) {
                    let _ = kill_process_group(pid, Signal::KILL);
                }
                Err(BatchError::TimeOut { program: program.to_owned(), limit_s: self.timeout.as_secs() })
            }
        }
    }

    fn start(&self, program: &str, arguments: &[String]) -> Result<Child, BatchError> {
        let path = if self.bin.as_os_str().is_empty() { PathBuf::from(program) } else { self.bin.join(program) };
        Command::new(&path)
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            // Answers are parsed: the same words and numbers whatever the operator's language.
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| BatchError::Start { program: path.display().to_string(), source })
    }
}

async fn answer_of(child: &mut Child, program: &str) -> Result<Answer, BatchError> {
    let failed = |source| BatchError::Start { program: program.to_owned(), source };
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (out, err) = tokio::try_join!(read_bounded(out, program), read_bounded(err, program))?;
    let status = child.wait().await.map_err(failed)?;
    Ok(Answer { code: status.code().unwrap_or(-1), out, err })
}

async fn read_bounded(pipe: Option<impl AsyncRead + Unpin>, program: &str) -> Result<String, BatchError> {
    let Some(pipe) = pipe else { return Ok(String::new()) };
    let mut bytes = Vec::new();
    let read = pipe.take(OUTPUT_MAX as u64 + 1).read_to_end(&mut bytes).await;
    read.map_err(|source| BatchError::Start { program: program.to_owned(), source })?;
    if bytes.len() > OUTPUT_MAX {
        return Err(BatchError::TooLong { program: program.to_owned(), limit: OUTPUT_MAX });
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commander(dir: &tempfile::TempDir, timeout: Duration) -> Commander {
        let transcript = Transcript::in_dir(dir.path());
        Commander { bin: PathBuf::new(), environment: vec![("WORD".into(), "seen".into())], timeout, transcript }
    }

    fn script(text: &str) -> Vec<String> {
        vec!["-c".to_owned(), text.to_owned()]
    }

    #[tokio::test]
    async fn gives_code_and_both_outputs_and_writes_them_down() {
        let dir = tempfile::tempdir().unwrap();
        let commander = commander(&dir, Duration::from_secs(20));
        let answer = commander.run("sh", &script("echo $WORD; echo bad >&2; exit 3")).await.unwrap();
        assert_eq!((answer.code, answer.out.as_str(), answer.err.as_str()), (3, "seen\n", "bad\n"));
        assert_eq!(answer.success("sh").unwrap_err().to_string(), "run sh: exit code 3: bad");
        let text = std::fs::read_to_string(dir.path().join("transcript")).unwrap();
        assert!(text.contains("exit 3 -> 3 in ") && text.contains("  | seen\n  ! bad\n"), "{text}");
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_killed_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let commander = commander(&dir, Duration::from_millis(300));
        let pid_file = dir.path().join("pid");
        let hang = format!("sleep 1000 & echo $! >{}; wait", pid_file.display());
        let error = commander.run("sh", &script(&hang)).await.unwrap_err();
        assert!(matches!(error, BatchError::TimeOut { .. }) && error.is_uncertain(), "{error}");
        let pid: i32 = std::fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while crate::local::process::is_alive(pid) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!crate::local::process::is_alive(pid));
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut() {
        let dir = tempfile::tempdir().unwrap();
        let error = commander(&dir, Duration::from_secs(60)).run("yes", &[]).await.unwrap_err();
        assert!(matches!(error, BatchError::TooLong { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = commander(&dir, Duration::from_secs(1)).run("no-such-program", &[]).await.unwrap_err();
        assert!(error.to_string().starts_with("start no-such-program: "), "{error}");
    }
}
