//! The examples of docs/scheduler.md are run, and there is one for every step and setting.

// Functions beside the tests may panic as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use assert_cmd::cargo::cargo_bin;
use factory::chain::{Sched, StepName};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scheduler.md")
}

/// A command of the page and what it prints.
struct Example {
    script: String,
    prints: String,
}

/// Commands begin with `$ ` in blocks of kind `console`; a here-document ends with `END`.
fn examples(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut in_block = false;
    let mut in_document = false;
    for line in text.lines() {
        match line {
            "```console" => in_block = true,
            "```" => in_block = false,
            _ if !in_block => {}
            _ => match (line.strip_prefix("$ "), examples.last_mut()) {
                (Some(command), _) => {
                    in_document = command.contains("<<'END'");
                    examples.push(Example { script: format!("{command}\n"), prints: String::new() });
                }
                (None, Some(example)) if in_document => {
                    example.script += &format!("{line}\n");
                    in_document = line != "END";
                }
                (None, Some(example)) => example.prints += &format!("{line}\n"),
                (None, None) => panic!("a block begins with '{line}'"),
            },
        }
    }
    examples
}

fn run(script: &str) -> String {
    let bin = cargo_bin("pilotage").parent().unwrap().to_owned();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh").env("PATH", path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = shell.wait_with_output().unwrap();
    assert!(output.status.success(), "{script}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_examples_print_what_the_page_says() {
    let examples = examples(&std::fs::read_to_string(page()).unwrap());
    for Example { script, prints } in &examples {
        assert_eq!(run(script), *prints, "{script}");
    }
    assert!(examples.len() > StepName::ALL.len(), "{}", examples.len());
}

#[test]
fn every_step_and_setting_has_an_example() {
    let text = std::fs::read_to_string(page()).unwrap();
    let scripts: String = examples(&text).into_iter().map(|example| example.script).collect();
    for step in StepName::ALL {
        assert!(text.contains(&format!("\n### {step}\n")), "no section for {step}");
        assert!(scripts.contains(&format!("--chain {step} ")), "no example for {step}");
    }
    for (section, key) in Sched::keys() {
        assert!(scripts.contains(&format!("\"sched.{section}.{key}\"")), "no example for sched.{section}.{key}");
    }
}
