//! The script that stands for a job of ours on a PanDA pilot: the pilot fetches it from `/trf/user/` and runs it.
//!
//! It does what our own pilot does around a payload: a scratch directory, inputs, the environment, outputs, and all of
//! standard output and error uploaded to the server. It needs `sh`, coreutils and curl, which the pilot needs too.

use model::job::{FileTransfer, JobSpec};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Begins the line on standard error by which the script says that it, not the payload, ended the job.
pub(super) const TROUBLE: &str = "pilotage-script: error ";

/// Everything a script depends on.
pub(super) struct Script<'a> {
    /// What is to be run.
    pub(super) spec: &'a JobSpec,
    /// The variables that every payload finds, except `PILOTAGE_SCRATCH`.
    pub(super) variables: BTreeMap<&'static str, String>,
    /// URL below which logs and outputs of this attempt are uploaded, without a slash at the end.
    pub(super) attempt_url: String,
    /// URL that answers as long as the attempt is wanted.
    pub(super) alive_url: String,
    /// The header that an upload carries, `name: value`.
    pub(super) upload_header: String,
}

/// Seconds between two looks whether the job is still wanted and output has grown.
const PERIOD_S: u32 = 20;

/// Parts that are the same for every job; the variables are set before them.
const FUNCTIONS: &str = include_str!("script.sh");

impl Script<'_> {
    /// The text of the script.
    pub(super) fn text(&self) -> String {
        let mut text = String::from("#!/bin/sh\n# Runs one attempt of a Pilotage job below a PanDA pilot.\n");
        self.write_payload(&mut text);
        line(&mut text, &["url=", &quote(&self.attempt_url)]);
        line(&mut text, &["header=", &quote(&self.upload_header)]);
        line(&mut text, &["alive=", &quote(&self.alive_url)]);
        line(&mut text, &["period_s=", &PERIOD_S.to_string()]);
        line(&mut text, &["wall_time_s=", &self.spec.wall_time_s.to_string()]);
        text.push_str(FUNCTIONS);
        self.write_steps(&mut text);
        text
    }

    /// The branch that becomes the payload: started anew from the same file, so that a time limit can hold it.
    fn write_payload(&self, text: &mut String) {
        text.push_str("if [ \"$1\" = --payload ]; then\n");
        text.push_str("export PILOTAGE_SCRATCH=\"$PWD\"\n");
        for (key, value) in &self.variables {
            line(text, &["export ", key, "=", &quote(value)]);
        }
        let mut odd = Vec::new();
        for (key, value) in &self.spec.environment {
            match is_identifier(key) {
                true => line(text, &["export ", key, "=", &quote(value)]),
                false => odd.push(quote(&format!("{key}={value}"))),
            }
        }
        text.push_str("exec ");
        if !odd.is_empty() {
            line_part(text, "env --", &odd);
            text.push(' ');
        }
        line_part(text, &quote(&self.program()), &self.spec.arguments.iter().map(|a| quote(a)).collect::<Vec<_>>());
        text.push_str("\nfi\n");
    }

    fn write_steps(&self, text: &mut String) {
        if let Some(script) = &self.spec.script {
            let content = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, script);
            line(text, &["unpack ", &quote(&self.file_name()), " ", &content]);
        } else if is_url(&self.spec.transformation) {
            line(text, &["bring_program ", &quote(&self.file_name()), " ", &quote(&self.spec.transformation)]);
        }
        for FileTransfer { name, url } in &self.spec.inputs {
            line(text, &["bring ", &quote(name), " ", &quote(url)]);
        }
        text.push_str("run_payload\n");
        for FileTransfer { name, url } in &self.spec.outputs {
            line(text, &["take ", &quote(name), " ", &quote(url), " ", &quote(&encode_segment(name))]);
        }
        text.push_str("leave\n");
    }

    /// What is executed: a script and a fetched program lie in the scratch directory.
    fn program(&self) -> String {
        match self.spec.script.is_some() || is_url(&self.spec.transformation) {
            true => format!("./{}", self.file_name()),
            false => self.spec.transformation.clone(),
        }
    }

    fn file_name(&self) -> String {
        let path = self.spec.transformation.split(['?', '#']).next().unwrap_or_default();
        match path.trim_end_matches('/').rsplit('/').next() {
            Some(name) if !name.is_empty() && name != "." && name != ".." => name.to_owned(),
            _ => "transformation".to_owned(),
        }
    }
}

/// `text` as one word of a POSIX shell, whatever is in it.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `name` as one segment of a URL's path.
fn encode_segment(name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => encoded.push(char::from(byte)),
            // Writing to a String cannot fail.
            false => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn is_identifier(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn line(text: &mut String, parts: &[&str]) {
    text.extend(parts.iter().copied());
    text.push('\n');
}

fn line_part(text: &mut String, first: &str, words: &[String]) {
    text.push_str(first);
    for word in words {
        // Writing to a String cannot fail.
        let _ = write!(text, " {word}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::process::{Command, Output};

    fn script(spec: &JobSpec) -> String {
        let variables = [("PILOTAGE_JOB_ID", "17"), ("PILOTAGE_QUEUE", "a queue")];
        Script {
            spec,
            variables: variables.map(|(key, value)| (key, value.to_owned())).into(),
            attempt_url: "http://127.0.0.1:9/none".to_owned(),
            alive_url: "http://127.0.0.1:9/job.sh".to_owned(),
            upload_header: "x: y".to_owned(),
        }
        .text()
    }

    /// Runs the script as a pilot does; uploads fail, as nobody listens.
    fn run(spec: &JobSpec, directory: &Path) -> Output {
        std::fs::write(directory.join("job.sh"), script(spec)).unwrap();
        Command::new("/bin/sh").args(["-c", "chmod 755 job.sh; ./job.sh "]).current_dir(directory).output().unwrap()
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    #[test]
    fn hostile_arguments_and_values_arrive_as_they_are() {
        let hostile = ["it's", "$HOME `id` $(id)", "a\nb", "", "\\", "-n", "\"; exit 3; \"", "é"];
        let mut spec = JobSpec::command("printf", ["[%s]".to_owned()].into_iter().chain(hostile.map(str::to_owned)));
        spec.environment.insert("PLAIN".into(), "x'; exit 4".into());
        let directory = tempfile::tempdir().unwrap();
        let output = run(&spec, directory.path());
        let wanted: String = hostile.iter().map(|argument| format!("[{argument}]")).collect();
        assert_eq!(text(&output.stdout), wanted, "{}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(0));
    }

    #[test]
    fn the_payload_finds_its_environment_and_scratch_directory() {
        let mut spec = JobSpec::command(
            "sh",
            [
                "-c".to_owned(),
                "echo $PILOTAGE_JOB_ID $PILOTAGE_QUEUE $V; pwd; echo $PILOTAGE_SCRATCH; ls -A".to_owned(),
            ],
        );
        spec.environment.insert("V".into(), "it's".into());
        let directory = tempfile::tempdir().unwrap();
        let output = run(&spec, directory.path());
        let lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
        assert_eq!(lines[0], "17 a queue it's", "{}", text(&output.stderr));
        assert_eq!(lines[1], lines[2]);
        assert_eq!(lines.len(), 3, "the scratch directory is empty: {lines:?}");
    }

    #[test]
    fn variables_that_no_shell_can_export_are_set_too() {
        let mut spec = JobSpec::command("env", []);
        spec.environment.insert("odd.name".into(), "o d d".into());
        let directory = tempfile::tempdir().unwrap();
        let output = run(&spec, directory.path());
        assert!(text(&output.stdout).lines().any(|line| line == "odd.name=o d d"), "{}", text(&output.stderr));
    }

    #[test]
    fn a_script_runs_with_any_content_and_its_exit_code_is_kept() {
        let mut spec = JobSpec::command("my job.sh", ["one".to_owned()]);
        spec.script = Some("#!/bin/sh\necho \"got $1 'quoted' in $0\"\nexit 17".to_owned());
        let directory = tempfile::tempdir().unwrap();
        let output = run(&spec, directory.path());
        assert_eq!(text(&output.stdout), "got one 'quoted' in ./my job.sh\n");
        assert_eq!(output.status.code(), Some(17));
        let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["job.sh"]);
    }

    #[test]
    fn inputs_are_brought_and_outputs_taken() {
        let directory = tempfile::tempdir().unwrap();
        let source = directory.path().join("source");
        std::fs::write(&source, "in").unwrap();
        let target = directory.path().join("target").display().to_string();
        let mut spec = JobSpec::command("cp", ["sub/in put".to_owned(), "out".to_owned()]);
        spec.inputs = vec![FileTransfer { name: "sub/in put".into(), url: source.display().to_string() }];
        spec.outputs = vec![FileTransfer { name: "out".into(), url: target.clone() }];
        let output = run(&spec, directory.path());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(std::fs::read_to_string(target).unwrap(), "in");
    }

    #[test]
    fn what_goes_wrong_around_the_payload_is_said_with_its_number() {
        let gone = || FileTransfer { name: "x".into(), url: "/nowhere/x".into() };
        let mut no_input = JobSpec::command("true", []);
        no_input.inputs = vec![gone()];
        let mut no_output = JobSpec::command("true", []);
        no_output.outputs = vec![gone()];
        let mut too_long = JobSpec::command("sleep", ["60".to_owned()]);
        too_long.wall_time_s = 1;
        for (spec, number) in [(no_input, 1099), (no_output, 1165), (too_long, 1213)] {
            let directory = tempfile::tempdir().unwrap();
            let output = run(&spec, directory.path());
            let said = text(&output.stderr);
            assert!(said.contains(&format!("{TROUBLE}{number}: ")), "{number}: {said}");
            assert_ne!(output.status.code(), Some(0));
            let report = std::fs::read_to_string(directory.path().join("payload_error_report.json")).unwrap();
            let report: serde_json::Value = serde_json::from_str(&report).unwrap();
            assert_eq!(report["error_code"], number);
        }
    }
}
