//! `submit --from`: one job a line as JSON, every line checked before the first is sent.

use super::request::{check_array, with_options};
use crate::cli::args::JobOptions;
use crate::config::{parse_duration, parse_memory_mib, with_nearest};
use crate::output::BadInput;
use model::job::{FileTransfer, PAYLOAD_MAX_BYTES};
use model::{JobSpec, Placement, TaskId};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use wire::api::SubmitRequest;

/// The longest line: a payload at its bound, escaped.
const LINE_MAX_BYTES: u64 = 4 * PAYLOAD_MAX_BYTES as u64;
/// The most lines of one file.
const LINES_MAX: usize = 1_000_000;

/// One line: the keys are the words of the command line, or those of the interface.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    command: Option<Vec<String>>,
    transformation: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
    script: Option<String>,
    name: Option<String>,
    group: Option<String>,
    queue: Option<String>,
    site: Option<String>,
    tags: Option<Vec<String>>,
    placement: Option<Placement>,
    #[serde(default, alias = "env")]
    environment: BTreeMap<String, String>,
    cores: Option<u32>,
    memory: Option<Amount>,
    memory_mib: Option<u32>,
    time: Option<Amount>,
    wall_time_s: Option<u32>,
    priority: Option<i32>,
    #[serde(default)]
    inputs: Vec<FileTransfer>,
    #[serde(default)]
    outputs: Vec<FileTransfer>,
    max_attempts: Option<u32>,
    task: Option<TaskId>,
    source_label: Option<String>,
    array: Option<u64>,
}

/// A number in the base unit (MiB, seconds), or a text such as `2G` or `30m`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Amount {
    Number(u32),
    Text(String),
}

/// All jobs of a file; options that were typed are the default of every line.
pub fn read(path: &Path, defaults: &JobOptions) -> Result<Vec<SubmitRequest>, BadInput> {
    let refused = |error: std::io::Error| BadInput::new(format!("{}: cannot be read: {error}", path.display()));
    let input: Box<dyn Read> =
        if path == Path::new("-") { Box::new(std::io::stdin()) } else { Box::new(File::open(path).map_err(refused)?) };
    let mut input = BufReader::new(input);
    let mut requests = Vec::new();
    for number in 1.. {
        let place = format!("{}:{number}", path.display());
        let Some(line) = read_line(&mut input, &place)? else { break };
        if !line.trim().is_empty() {
            requests.push(parse(&line, defaults).map_err(|said| BadInput::new(format!("{place}: {said}")))?);
        }
        if requests.len() > LINES_MAX {
            return Err(BadInput::new(format!("{place}: more than {LINES_MAX} jobs in one file")));
        }
    }
    if requests.is_empty() {
        return Err(BadInput::new(format!("{}: holds no job", path.display())));
    }
    Ok(requests)
}

fn read_line(input: &mut impl BufRead, place: &str) -> Result<Option<String>, BadInput> {
    let mut bytes = Vec::new();
    let read = input.take(LINE_MAX_BYTES + 1).read_until(b'\n', &mut bytes);
    let read = read.map_err(|error| BadInput::new(format!("{place}: cannot be read: {error}")))?;
    if bytes.len() as u64 > LINE_MAX_BYTES {
        return Err(BadInput::new(format!("{place}: the line is longer than {LINE_MAX_BYTES} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        BadInput::new(format!("{place}: byte {} of the line is not UTF-8", error.utf8_error().valid_up_to()))
    })?;
    Ok((read > 0).then_some(text))
}

fn parse(line: &str, defaults: &JobOptions) -> Result<SubmitRequest, String> {
    if !line.trim_start().starts_with('{') {
        return Err("a line holds one JSON object, such as {\"command\":[\"./a.sh\",\"1\"]}".to_owned());
    }
    let line: Line = serde_json::from_str(line).map_err(|error| json_error(&error))?;
    let array = line.array.or(defaults.array);
    let spec = line.spec(defaults)?;
    check_array(array).map_err(|error| error.to_string().replace("--array", "array"))?;
    Ok(SubmitRequest { spec: spec.checked().map_err(|error| error.to_string())?, array })
}

/// serde's sentence without its "at line 1", with the column and the nearest key.
fn json_error(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let sentence = said.rsplit_once(" at line ").map_or(said.as_str(), |(sentence, _)| sentence);
    let words = [("expected u32", "expected a whole number"), ("expected u64", "expected a whole number")];
    let words = words.into_iter().chain([("expected i32", "expected a whole number"), ("a sequence", "a list")]);
    let sentence = words.fold(sentence.to_owned(), |sentence, (ours, theirs)| sentence.replace(ours, theirs));
    format!("column {}: {}", error.column(), with_nearest(&sentence))
}

impl Line {
    fn spec(self, defaults: &JobOptions) -> Result<JobSpec, String> {
        let placement = self.placement()?;
        let (transformation, arguments) =
            program(self.command, self.transformation, self.arguments, self.script.is_some())?;
        let base = JobSpec::command(transformation, arguments);
        let mut spec =
            with_options(base, &JobOptions { array: None, ..defaults.clone() }).map_err(|e| e.to_string())?;
        spec.name = self.name.unwrap_or(spec.name);
        spec.group = self.group.unwrap_or(spec.group);
        spec.placement = placement.unwrap_or(spec.placement);
        spec.script = self.script;
        spec.environment.extend(self.environment);
        spec.cores = self.cores.unwrap_or(spec.cores);
        spec.memory_mib = memory(self.memory)?.or(self.memory_mib).unwrap_or(spec.memory_mib);
        spec.wall_time_s = time(self.time)?.or(self.wall_time_s).unwrap_or(spec.wall_time_s);
        spec.priority = self.priority.unwrap_or(spec.priority);
        spec.inputs.extend(self.inputs);
        spec.outputs.extend(self.outputs);
        spec.max_attempts = self.max_attempts.unwrap_or(spec.max_attempts);
        spec.task = self.task.unwrap_or(spec.task);
        spec.source_label = self.source_label.unwrap_or(spec.source_label);
        Ok(spec)
    }

    fn placement(&self) -> Result<Option<Placement>, String> {
        let given = [
            self.placement.clone(),
            self.queue.clone().map(Placement::Queue),
            self.site.clone().map(Placement::Site),
            self.tags.clone().map(Placement::Tags),
        ];
        let mut given = given.into_iter().flatten();
        let first = given.next();
        match given.next() {
            Some(_) => Err("only one of queue, site, tags and placement may be given".to_owned()),
            None => Ok(first),
        }
    }
}

fn program(
    command: Option<Vec<String>>,
    transformation: Option<String>,
    arguments: Vec<String>,
    has_script: bool,
) -> Result<(String, Vec<String>), String> {
    match (command, transformation) {
        (Some(_), Some(_)) => Err("give either command or transformation, not both".to_owned()),
        (Some(words), None) if !arguments.is_empty() => {
            Err(format!("command holds its arguments already: {} words", words.len()))
        }
        (Some(words), None) => {
            let mut words = words.into_iter();
            let program = words.next().ok_or("command is empty; give the program and its arguments")?;
            Ok((program, words.collect()))
        }
        (None, Some(transformation)) => Ok((transformation, arguments)),
        (None, None) if has_script => Ok(("script.sh".to_owned(), arguments)),
        (None, None) => Err("command is missing, such as \"command\":[\"./a.sh\",\"1\"]".to_owned()),
    }
}

fn memory(amount: Option<Amount>) -> Result<Option<u32>, String> {
    match amount {
        None => Ok(None),
        Some(Amount::Number(mib)) => Ok(Some(mib)),
        Some(Amount::Text(text)) => parse_memory_mib(&text).map(Some).map_err(|said| format!("memory: {said}")),
    }
}

fn time(amount: Option<Amount>) -> Result<Option<u32>, String> {
    match amount {
        None => Ok(None),
        Some(Amount::Number(seconds)) => Ok(Some(seconds)),
        Some(Amount::Text(text)) => {
            let time = parse_duration(&text).map_err(|said| format!("time: {said}"))?;
            Ok(Some(u32::try_from(time.as_secs()).unwrap_or(u32::MAX)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn parsed(line: &str) -> Result<SubmitRequest, String> {
        parse(line, &JobOptions::default())
    }

    #[test]
    fn both_vocabularies_are_read() {
        let ours = parsed(r#"{"command":["echo","a"],"queue":"q","memory":"2G","time":"1h","env":{"A":"b"}}"#).unwrap();
        let spec = r#"{"transformation":"echo","arguments":["a"],"placement":{"queue":"q"},"memory_mib":2048,"wall_time_s":3600,"environment":{"A":"b"}}"#;
        assert_eq!(ours.spec, parsed(spec).unwrap().spec);
        let script = parsed("{\"script\":\"#!/bin/sh\\n\",\"array\":3}").unwrap();
        assert_eq!((script.array, script.spec.name.as_str()), (Some(3), "script.sh"));
    }

    #[rstest]
    #[case(r#"{"comand":["a"]}"#, "column 9: unknown key 'comand'; did you mean 'command'?")]
    #[case(r#"{"command":[]}"#, "command is empty; give the program and its arguments")]
    #[case(r#"{"command":["a"],"queue":"q","site":"s"}"#, "only one of queue, site, tags and placement may be given")]
    #[case(r#"{"command":["a"],"cores":0}"#, "cores: must be at least 1")]
    #[case(r#"{"command":["a"],"memory":"2X"}"#, "memory: '2X' is no amount of memory; write it as 512M or 2G")]
    #[case(r#"{"command":["a"],"array":0}"#, "array: 0 is not between 1 and 1000000")]
    #[case(r#"{"command":["a"]"#, "column 16: EOF while parsing an object")]
    #[case(r#"[]"#, "a line holds one JSON object, such as {\"command\":[\"./a.sh\",\"1\"]}")]
    fn bad_lines_are_named(#[case] line: &str, #[case] said: &str) {
        assert_eq!(parsed(line).map(drop), Err(said.to_owned()));
    }

    #[test]
    fn the_line_number_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jobs.jsonl");
        std::fs::write(&path, "{\"command\":[\"a\"]}\n\n{\"command\":1}\n").unwrap();
        let said = read(&path, &JobOptions::default()).map(drop).unwrap_err().to_string();
        assert!(said.starts_with(&format!("{}:3: column 12: invalid type", path.display())), "{said}");
    }
}
