//! `submit --from`: one job a line as JSON, every line checked before the first is sent.

mod forms;
mod line;

use super::request::check_array;
use crate::cli::args::JobOptions;
use crate::output::BadInput;
use line::{Line, said};
use model::job::PAYLOAD_MAX_BYTES;
use model::spelling::in_words;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use wire::api::SubmitRequest;

/// The longest line: a payload at its bound, escaped.
const LINE_MAX_BYTES: u64 = 4 * PAYLOAD_MAX_BYTES as u64;
/// The most lines of one file.
const LINES_MAX: usize = 1_000_000;

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
    check_array(array).map_err(said)?;
    Ok(SubmitRequest { spec: spec.checked().map_err(|error| error.to_string())?, array })
}

/// serde's sentence without its "at line 1", in words and with the column.
fn json_error(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let sentence = said.rsplit_once(" at line ").map_or(said.as_str(), |(sentence, _)| sentence);
    format!("column {}: {}", error.column(), in_words(sentence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn the_example_is_read() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/examples/jobs.jsonl");
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert_eq!(read(&path, &JobOptions::default()).unwrap().len(), lines);
    }

    fn parsed(line: &str) -> Result<SubmitRequest, String> {
        parse(line, &JobOptions::default())
    }

    #[test]
    fn both_vocabularies_are_read() {
        let typed = r#"{"command":["echo","a"],"tag":"x","memory":"2G","time":"1h","env":["A=b"],"max-attempts":2,"input":"t=http://h/t","output":["r","s=/s"]}"#;
        let named = r#"{"transformation":"echo","arguments":["a"],"placement":{"tags":["x"]},"memory_mib":2048,"wall_time_s":3600,"environment":{"A":"b"},"max_attempts":2,"inputs":[{"name":"t","url":"http://h/t"}],"outputs":[{"name":"r","url":""},{"name":"s","url":"/s"}]}"#;
        assert_eq!(parsed(typed).unwrap().spec, parsed(named).unwrap().spec);
        let script = parsed("{\"script\":\"#!/bin/sh\\n\",\"array\":3}").unwrap();
        assert_eq!((script.array, script.spec.name.as_str()), (Some(3), "script.sh"));
    }

    #[test]
    fn a_relative_command_is_made_absolute_as_a_typed_one() {
        let spec = parsed(r#"{"command":["./Cargo.toml","1"]}"#).unwrap().spec;
        let wanted = std::env::current_dir().unwrap().join("Cargo.toml");
        assert_eq!((spec.transformation.as_str(), spec.arguments.len()), (wanted.to_str().unwrap(), 1));
        assert_eq!(parsed(r#"{"transformation":"./brought"}"#).unwrap().spec.transformation, "./brought");
    }

    #[test]
    fn numbers_count_in_the_base_unit_and_limits_are_rounded_up() {
        let needs =
            |line: &str| parsed(line).map(|request| (request.spec.memory_mib, request.spec.wall_time_s)).unwrap();
        assert_eq!(needs(r#"{"command":["a"],"memory":512,"time":90}"#), (512, 90));
        assert_eq!(needs(r#"{"command":["a"],"memory":1.5,"time":"500ms"}"#), (2, 1));
    }

    #[rstest]
    #[case(r#"{"comand":["a"]}"#, "column 9: unknown key 'comand'; did you mean 'command'?")]
    #[case(r#"{"command":[]}"#, "command is empty; give the program and its arguments")]
    #[case(r#"{"command":["a"],"queue":"q","site":"s"}"#, "only one of queue, site, tag and placement may be given")]
    #[case(r#"{"command":["a"],"cores":0}"#, "cores: must be at least 1")]
    #[case(r#"{"command":["a"],"memory":"2X"}"#, "memory: '2X' is no amount of memory; write it as 512M or 2G")]
    #[case(r#"{"command":["a"],"memory":-1}"#, "memory: '-1' is no amount of memory; write it as 512M or 2G")]
    #[case(r#"{"command":["a"],"time":-1}"#, "time: '-1' is no time; write it as 90s, 30m, 2h, 7d or 1:30:00")]
    #[case(
        r#"{"command":["a"],"memory":true}"#,
        "column 30: invalid type: boolean `true`, expected an amount: a number, or a text such as \"2G\" or \"30m\""
    )]
    #[case(
        r#"{"command":["a"],"input":[7]}"#,
        "column 27: invalid type: integer `7`, expected a file: a text such as \"NAME=PATH\", or an object with name and url"
    )]
    #[case(r#"{"command":["a"],"input":"/nowhere"}"#, "input: /nowhere does not exist")]
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
