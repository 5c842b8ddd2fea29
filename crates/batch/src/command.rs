//! Commands of batch systems: each with a time-out, a bound on its output and an entry in the transcript.

mod listener;

use crate::BatchError;
use crate::ssh::Login;
use crate::ssh::script::{self, Remote};
use crate::transcript::{Entry, Transcript};
use listener::{Input, Listener, Said};
use rustix::process::{Pid, Signal, kill_process_group};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// The most bytes of an answer that are read; the `squeue` of 100,000 pilots has some 8 MB.
pub const OUTPUT_MAX: usize = 64 << 20;

/// How the commands of one end point are run.
pub struct Commander {
    /// Directory of the programs; from `PATH` when empty.
    pub bin: PathBuf,
    /// Variables added to the factory's own environment.
    pub environment: Vec<(String, String)>,
    /// Variables that the commands must not see, as they take them for options: names, or with `*` their beginnings.
    pub withheld: &'static [&'static str],
    /// When a command is given up.
    pub timeout: Duration,
    /// Where it is written down.
    pub transcript: Transcript,
    /// The login node on which they run; `None` for this host.
    pub login: Option<Login>,
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

/// When a command was given.
struct Began {
    started: Instant,
    at: jiff::Timestamp,
}

impl Began {
    fn now() -> Began {
        Began { started: Instant::now(), at: jiff::Timestamp::now() }
    }
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
        let Some(login) = &self.login else {
            return self.run_here(program, arguments, Input::None, hopeless).await;
        };
        let script = script::command(&Remote {
            program: &self.path(program),
            arguments,
            environment: &self.environment,
            withheld: self.withheld,
            timeout: self.timeout,
        });
        let listener = Listener { program: program.to_owned(), hopeless, input: Input::Script(script) };
        self.run_there(login, &line(program, arguments), listener).await
    }

    /// The same as [`Commander::run`] for a program of this host that is told something on standard input.
    pub async fn tell(&self, program: &str, arguments: &[String], input: &str) -> Result<Answer, BatchError> {
        self.run_here(program, arguments, Input::Text(input.as_bytes().to_vec()), |_| false).await
    }

    /// Runs lines of shell on the login node, which do something with files; `name` stands for them in the transcript
    /// and in errors.
    pub async fn run_lines(&self, login: &Login, name: &str, body: &[u8]) -> Result<Answer, BatchError> {
        let input = Input::Script(script::lines(body));
        let listener = Listener { program: name.to_owned(), hopeless: |_| false, input };
        self.run_there(login, name, listener).await?.success(name)
    }

    async fn run_here(
        &self,
        program: &str,
        arguments: &[String],
        input: Input,
        hopeless: fn(&str) -> bool,
    ) -> Result<Answer, BatchError> {
        let (began, mut said) = (Began::now(), Said::default());
        let stdin = if input.is_none() { Stdio::null() } else { Stdio::piped() };
        let listener = Listener { program: program.to_owned(), hopeless, input };
        let result = match self.start(&self.path(program), arguments, stdin) {
            Ok(child) => self.hear(child, &listener, &mut said).await,
            Err(error) => Err(error),
        };
        self.record(&began, &line(program, arguments), result, &said)
    }

    async fn run_there(&self, login: &Login, command: &str, listener: Listener) -> Result<Answer, BatchError> {
        let (began, mut said) = (Began::now(), Said::default());
        let mut ended = self.hear_from(login, &listener, &mut said).await;
        // The connection may have ended just now, and nothing was done.
        if ended.is_ok() && !said.has_gone() && !login.is_there().await {
            said = Said::default();
            ended = self.hear_from(login, &listener, &mut said).await;
        }
        let code = said.cut_to_marks();
        let result = listener.judge(ended, code, &said, login.host());
        login.learn(&result).await;
        self.record(&began, command, result, &said)
    }

    async fn hear_from(&self, login: &Login, listener: &Listener, said: &mut Said) -> Result<i32, BatchError> {
        login.connect().await?;
        let started = spawn(&mut login.shell());
        let child = started.map_err(|source| BatchError::Start { program: "ssh".to_owned(), source })?;
        self.hear(child, listener, said).await
    }

    fn path(&self, program: &str) -> String {
        self.bin.join(program).display().to_string()
    }

    /// Writes down what came of a command.
    fn record(
        &self,
        began: &Began,
        command: &str,
        result: Result<i32, BatchError>,
        said: &Said,
    ) -> Result<Answer, BatchError> {
        let end = match &result {
            Ok(code) => code.to_string(),
            Err(error) => error.to_string(),
        };
        self.transcript.keep(&Entry {
            time: &began.at.to_string(),
            command,
            end: &end,
            took_ms: began.started.elapsed().as_millis(),
            out: &said.out,
            err: &said.err,
        });
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        result.map(|code| Answer { code, out: text(&said.out), err: text(&said.err) })
    }

    async fn hear(&self, mut child: Child, listener: &Listener, said: &mut Said) -> Result<i32, BatchError> {
        let group = child.id();
        let result = match tokio::time::timeout(self.timeout, listener.listen(&mut child, said)).await {
            Ok(result) => result,
            Err(_) => Err(BatchError::TimeOut {
                program: listener.program.clone(),
                limit_s: self.timeout.as_secs(),
                said: said.words(),
            }),
        };
        if result.is_err() {
            kill_group(group);
        }
        result
    }

    fn start(&self, path: &str, arguments: &[String], stdin: Stdio) -> Result<Child, BatchError> {
        let mut command = Command::new(path);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(|name| self.withholds(name)))
        {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            // Answers are parsed: the same words and numbers whatever the operator's language.
            .env("LC_ALL", "C")
            .stdin(stdin);
        spawn(&mut command).map_err(|source| BatchError::Start { program: path.to_owned(), source })
    }

    /// How long after its beginning a command can still have an effect.
    pub fn settles_within(&self) -> Duration {
        self.timeout + self.login.as_ref().map_or(Duration::ZERO, Login::latest_go) + Duration::from_secs(5)
    }

    fn withholds(&self, name: &str) -> bool {
        self.withheld.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == *pattern,
        })
    }
}

fn spawn(command: &mut Command) -> std::io::Result<Child> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true).spawn()
}

fn line(program: &str, arguments: &[String]) -> String {
    std::iter::once(program).chain(arguments.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

/// A word for `sh`, whatever is in it.
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The whole group: some sites wrap the commands in scripts.
pub fn kill_group(leader: Option<u32>) {
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
        Commander { bin: PathBuf::new(), environment, withheld: &["CARGO_*"], timeout, transcript, login: None }
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
