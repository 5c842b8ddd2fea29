//! Running a program that makes a credential: what it prints may be secret and is written down nowhere.

use batch::{Answer, Commander, Transcript};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most characters of what a program said that are told.
const SAID_MAX: usize = 400;

/// A program to run once.
pub struct Program<'a> {
    /// Its path, or its name on `PATH`.
    pub path: &'a Path,
    /// Its arguments; others can read them.
    pub arguments: Vec<String>,
    /// Paths for it, by variable; empty ones are left out.
    pub environment: Vec<(&'static str, &'a Path)>,
    /// What it reads on standard input.
    pub input: &'a str,
    /// When it is given up.
    pub timeout: Duration,
    /// What it prints is no secret.
    pub tells_out: bool,
}

impl Program<'_> {
    /// Runs it to its end and gives what it printed. The error reads well after "failed to".
    pub async fn run(self) -> Result<String, String> {
        let name = self.path.display().to_string();
        let set = self.environment.iter().filter(|(_, path)| !path.as_os_str().is_empty());
        let commander = Commander {
            bin: PathBuf::new(),
            environment: set.map(|(name, path)| ((*name).to_owned(), path.display().to_string())).collect(),
            withheld: &["PILOTAGE_*"],
            timeout: self.timeout,
            transcript: Transcript::none(),
            login: None,
        };
        let answer = commander.tell(&name, &self.arguments, self.input).await.map_err(|error| error.to_string())?;
        match answer.code {
            0 => Ok(answer.out),
            code => Err(format!("run {name}: exit code {code}: {}", said(&answer, self.tells_out))),
        }
    }
}

fn said(answer: &Answer, tells_out: bool) -> String {
    let out = if tells_out { answer.out.as_str() } else { "" };
    let words = [last_words(&answer.err), last_words(out)];
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|words| !words.is_empty()).collect();
    if words.is_empty() { "it said nothing".to_owned() } else { words.join("; ") }
}

/// The end of what was said, in one line: programs say first what they do, and last what went wrong.
fn last_words(text: &str) -> String {
    // Programs that make keys draw dots.
    let is_word = |line: &&str| line.chars().any(char::is_alphanumeric);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(is_word).collect();
    let all: Vec<char> = lines.join("; ").chars().collect();
    all[all.len().saturating_sub(SAID_MAX)..].iter().collect()
}
