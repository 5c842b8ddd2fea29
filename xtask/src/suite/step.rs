//! One step of the suite: a cargo command, its output passed on, its tests counted.

use super::Environment;
use super::interrupt::Interrupt;
use crate::workspace::cargo;
use anyhow::{Context, Result};
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Instant;

/// A cargo command.
pub struct Step {
    name: &'static str,
    arguments: Vec<OsString>,
    counts_tests: bool,
}

/// What one step or all steps came to.
#[derive(Default)]
pub struct Outcome {
    /// Tests and checks that passed.
    pub passed: u64,
    /// Tests and checks that failed, and tests that were skipped.
    pub failed: u64,
    /// Names of the steps with failures.
    pub names: Vec<String>,
}

impl Outcome {
    /// Adds another one.
    pub fn add(&mut self, other: &Outcome) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.names.extend(other.names.iter().cloned());
    }
}

/// Tests as a runner's summary counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Step {
    /// A command that passes or fails as a whole.
    pub fn task(name: &'static str, arguments: &[&str]) -> Step {
        Step { name, arguments: arguments.iter().map(OsString::from).collect(), counts_tests: false }
    }

    /// A command that runs tests.
    pub fn tests(name: &'static str, arguments: &[&str], rest: &[OsString]) -> Step {
        let arguments = arguments.iter().map(OsString::from).chain(rest.iter().cloned()).collect();
        Step { name, arguments, counts_tests: true }
    }

    /// Runs it to its end.
    pub fn run(&self, environment: &Environment, interrupt: &Interrupt) -> Result<Outcome> {
        println!("\n== {}: cargo {}", self.name, self.arguments.join(OsStr::new(" ")).display());
        let begin = Instant::now();
        let (success, counts) = self.execute(environment, interrupt)?;
        let outcome = self.judge(success, counts);
        let word = if outcome.failed == 0 { "passed" } else { "FAILED" };
        println!("== {}: {word} after {:.0} s", self.name, begin.elapsed().as_secs_f64());
        Ok(outcome)
    }

    fn execute(&self, environment: &Environment, interrupt: &Interrupt) -> Result<(bool, Counts)> {
        let mut child = cargo()
            .args(&self.arguments)
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run cargo for {}", self.name))?;
        let readers = [child.stdout.take().map(pass_on), child.stderr.take().map(pass_on)];
        let status = interrupt.wait(&mut child)?;
        let mut counts = Counts::default();
        for reader in readers.into_iter().flatten() {
            counts.add(reader.join().unwrap_or_default());
        }
        interrupt.check()?;
        Ok((status.success(), counts))
    }

    fn judge(&self, success: bool, counts: Counts) -> Outcome {
        let mut failed = counts.failed + counts.skipped;
        if !success && failed == 0 {
            failed = 1;
        }
        if counts.skipped > 0 {
            println!("== {}: {} tests were skipped; nothing may be", self.name, counts.skipped);
        }
        let passed = if self.counts_tests { counts.passed } else { u64::from(success) };
        let names = if failed > 0 { vec![self.name.to_owned()] } else { Vec::new() };
        Outcome { passed, failed, names }
    }
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Prints a stream as it comes and adds up the summaries in it.
fn pass_on(stream: impl Read + Send + 'static) -> std::thread::JoinHandle<Counts> {
    std::thread::spawn(move || {
        let mut counts = Counts::default();
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            println!("{line}");
            counts.add(summary(&line).unwrap_or_default());
        }
        counts
    })
}

/// Reads the closing line of nextest (`Summary [ 1.0s] 5 tests run: 4 passed (1 slow), 1 failed, 0 skipped`) or of
/// cargo test (`test result: ok. 4 passed; 1 failed; 0 ignored; ...`). What nextest repeats of a failed test is indented.
fn summary(line: &str) -> Option<Counts> {
    let counted = match line.strip_prefix("test result: ") {
        Some(rest) => rest,
        None if line.trim_start().starts_with("Summary [") => line.split_once("run: ")?.1,
        None => return None,
    };
    let count = |word: &str| number_before(counted, word);
    let failed = count("failed") + count("timed out") + count("exec failed");
    Some(Counts { passed: count("passed"), failed, skipped: count("skipped") + count("ignored") })
}

fn number_before(text: &str, word: &str) -> u64 {
    text.split([',', ';', '.'])
        .find_map(|part| {
            let (number, rest) = part.trim().split_once(' ')?;
            (rest == word || rest.starts_with(&format!("{word} "))).then(|| number.parse().ok())?
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_of_both_runners_are_read() {
        let nextest = "     Summary [   0.006s] 5 tests run: 3 passed (1 slow), 1 failed, 1 timed out, 2 skipped";
        assert_eq!(summary(nextest), Some(Counts { passed: 3, failed: 2, skipped: 2 }));
        let cargo = "test result: FAILED. 4 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.0s";
        assert_eq!(summary(cargo), Some(Counts { passed: 4, failed: 1, skipped: 1 }));
        assert_eq!(summary("4 passed"), None);
        assert_eq!(summary("    test result: FAILED. 0 passed; 1 failed; 0 ignored"), None);
    }

    #[test]
    fn a_skipped_test_fails_the_step() {
        let step = Step::tests("tests", &["nextest"], &[]);
        assert_eq!(step.judge(true, Counts { passed: 3, failed: 0, skipped: 1 }).failed, 1);
        assert_eq!(step.judge(false, Counts { passed: 3, failed: 0, skipped: 0 }).failed, 1);
        assert_eq!(step.judge(true, Counts { passed: 3, failed: 0, skipped: 0 }).passed, 3);
    }
}
