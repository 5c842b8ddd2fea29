//! Commands of batch systems: each with a time-out, a bound on its output and an entry in the transcript.

use crate::BatchError;
use crate::transcript::{Entry, Transcript};
use rustix::process::{Pid, Signal, kill_process_group};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};

/// The most bytes of an answer that are read; the `squeue` of 100,000 pilots has some 8 MB.
pub const OUTPUT_MAX: usize = 64 << 20;

/// Bytes of standard error that are watched for words after which waiting is in vain.
const WATCHED_MAX: usize = 16 << 10;

/// How the commands of one end point are run.
pub struct Commander {
    /// Directory of the programs; from `PATH` when empty.
    pub bin: PathBuf,
    /// Variables added to the factory's own environment.
    pub environment: Vec<(String, String)>,
    /// Variables of the factory's own environment that the commands must not see: those that they take for options.
    pub withheld: fn(&str) -> bool,
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
        Err(BatchError::Failed { program: program.to_owned(), code: self.code, said: short(said) })
    }
}

/// A command as it is to be run.
struct Call<'a> {
    program: &'a str,
    arguments: &'a [String],
    input: Option<&'a str>,
    hopeless: fn(&str) -> bool,
}

/// What was read of a command, also when it did not come to its end.
#[derive(Default)]
struct Said {
    out: Vec<u8>,
    err: Vec<u8>,
}

impl Commander {
    /// Runs a program to its end. The error says nothing about its exit code; see [`Answer::success`].
    pub async fn run(&self, program: &str, arguments: &[String]) -> Result<Answer, BatchError> {
        self.run_unless(program, arguments, |_| false).await
    }

    /// The same, but kills the program when what it says on standard error is `hopeless`, as that it waits and tries
    /// again. Its answer then has exit code -1.
    pub async fn run_unless(
        &self,
        program: &str,
        arguments: &[String],
        hopeless: fn(&str) -> bool,
    ) -> Result<Answer, BatchError> {
        self.call(Call { program, arguments, input: None, hopeless }).await
    }

    /// The same as [`Commander::run`] for a program that is told something on standard input.
    pub async fn tell(&self, program: &str, arguments: &[String], input: &str) -> Result<Answer, BatchError> {
        self.call(Call { program, arguments, input: Some(input), hopeless: |_| false }).await
    }

    async fn call(&self, call: Call<'_>) -> Result<Answer, BatchError> {
        let started = (Instant::now(), jiff::Timestamp::now().to_string());
        let mut said = Said::default();
        let result = self.run_unrecorded(&call, &mut said).await;
        let end = match &result {
            Ok(code) => code.to_string(),
            Err(error) => error.to_string(),
        };
        let words = std::iter::once(call.program).chain(call.arguments.iter().map(String::as_str));
        let command = words.collect::<Vec<_>>().join(" ");
        self.transcript.keep(&Entry {
            time: &started.1,
            command: &command,
            end: &end,
            took_ms: started.0.elapsed().as_millis(),
            out: &said.out,
            err: &said.err,
        });
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        result.map(|code| Answer { code, out: text(&said.out), err: text(&said.err) })
    }

    async fn run_unrecorded(&self, call: &Call<'_>, said: &mut Said) -> Result<i32, BatchError> {
        let mut child = self.start(call)?;
        let group = child.id();
        let result = match tokio::time::timeout(self.timeout, talk(&mut child, call, said)).await {
            Ok(result) => result,
            Err(_) => Err(BatchError::TimeOut {
                program: call.program.to_owned(),
                limit_s: self.timeout.as_secs(),
                said: short(&String::from_utf8_lossy(&said.err)),
            }),
        };
        if result.is_err() {
            kill_group(group);
        }
        result
    }

    fn start(&self, call: &Call<'_>) -> Result<Child, BatchError> {
        let program = call.program;
        let path = if self.bin.as_os_str().is_empty() { PathBuf::from(program) } else { self.bin.join(program) };
        let mut command = Command::new(&path);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(self.withheld)) {
            command.env_remove(name);
        }
        command
            .args(call.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            // Answers are parsed: the same words and numbers whatever the operator's language.
            .env("LC_ALL", "C")
            .stdin(if call.input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| BatchError::Start { program: path.display().to_string(), source })
    }
}

/// Tells a program its input and reads both outputs to their ends; gives the exit code, -1 after a signal.
async fn talk(child: &mut Child, call: &Call<'_>, said: &mut Said) -> Result<i32, BatchError> {
    let (group, program) = (child.id(), call.program);
    let (input, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let watch = |err: &[u8]| {
        if err.len() <= WATCHED_MAX && (call.hopeless)(&String::from_utf8_lossy(err)) {
            kill_group(group);
        }
    };
    tokio::try_join!(
        write(input, call.input.unwrap_or_default()),
        read(out, program, &mut said.out, |_| {}),
        read(err, program, &mut said.err, watch)
    )?;
    let status = child.wait().await.map_err(|source| BatchError::Start { program: program.to_owned(), source })?;
    Ok(status.code().unwrap_or(-1))
}

/// A program may end without having read all that it is told: its answer counts.
async fn write(pipe: Option<ChildStdin>, text: &str) -> Result<(), BatchError> {
    if let Some(mut pipe) = pipe {
        let _ = pipe.write_all(text.as_bytes()).await;
    }
    Ok(())
}

async fn read(
    pipe: Option<impl AsyncRead + Unpin>,
    program: &str,
    into: &mut Vec<u8>,
    heard: impl Fn(&[u8]),
) -> Result<(), BatchError> {
    let Some(mut pipe) = pipe else { return Ok(()) };
    let failed = |source| BatchError::Start { program: program.to_owned(), source };
    while pipe.read_buf(into).await.map_err(failed)? > 0 {
        if into.len() > OUTPUT_MAX {
            return Err(BatchError::TooLong { program: program.to_owned(), limit: OUTPUT_MAX });
        }
        heard(into);
    }
    Ok(())
}

/// A word for `sh`, whatever is in it.
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The whole group: some sites wrap the commands in scripts.
fn kill_group(leader: Option<u32>) {
    if let Some(pid) = leader.and_then(|pid| Pid::from_raw(pid as i32)) {
        // It may have ended just now.
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

/// The beginning of what was said, as one line without control characters.
pub fn short(said: &str) -> String {
    let line = said.trim().chars().take(500).collect::<String>().replace('\n', "; ");
    line.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commander(dir: &tempfile::TempDir, timeout: Duration) -> Commander {
        let transcript = Transcript::in_dir(dir.path());
        let environment = vec![("WORD".into(), "seen".into())];
        Commander { bin: PathBuf::new(), environment, withheld: |name| name.starts_with("CARGO_"), timeout, transcript }
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
        let hang = format!("echo one moment >&2; sleep 1000 & echo $! >{}; wait", pid_file.display());
        let error = commander.run("sh", &script(&hang)).await.unwrap_err();
        assert!(matches!(error, BatchError::TimeOut { .. }) && error.is_uncertain(), "{error}");
        assert_eq!(error.to_string(), "get an answer of sh within 0 s; it said: one moment");
        let text = std::fs::read_to_string(dir.path().join("transcript")).unwrap();
        assert!(text.ends_with("\n  ! one moment\n"), "{text}");
        let pid: i32 = std::fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while crate::local::process::is_alive(pid) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!crate::local::process::is_alive(pid));
    }

    #[tokio::test]
    async fn a_command_that_waits_in_vain_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let hopeless = |said: &str| said.contains("retrying");
        let text = script("printf retr >&2; echo ying >&2; sleep 1000");
        let answer = commander(&dir, Duration::from_secs(60)).run_unless("sh", &text, hopeless).await.unwrap();
        assert_eq!((answer.code, answer.err.as_str()), (-1, "retrying\n"));
    }

    #[tokio::test]
    async fn variables_that_are_options_are_withheld() {
        let dir = tempfile::tempdir().unwrap();
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some(), "cargo sets it for tests");
        let answer = commander(&dir, Duration::from_secs(60)).run("env", &[]).await.unwrap();
        assert!(answer.out.contains("PATH=") && !answer.out.contains("CARGO_"), "{}", answer.out);
    }

    #[tokio::test]
    async fn a_program_is_told_more_than_a_pipe_holds_and_need_not_listen() {
        let dir = tempfile::tempdir().unwrap();
        let commander = commander(&dir, Duration::from_secs(60));
        let input = "0123456789abcdef\n".repeat(100_000);
        let answer = commander.tell("sh", &script("cat"), &input).await.unwrap();
        assert!(answer.out == input, "{} of {} bytes came back", answer.out.len(), input.len());
        let answer = commander.tell("sh", &script("echo done"), &input).await.unwrap();
        assert_eq!((answer.code, answer.out.as_str()), (0, "done\n"));
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
