//! What a program says: a head, lines, an end. An answer counts as a whole or not at all.

use super::request::VERSION;
use model::spelling::in_words;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Characters of a line that a complaint shows.
const SHOWN_MAX: usize = 80;
/// Characters of a word of the batch system's, such as an id.
const WORD_MAX: usize = 128;

/// A whole answer.
#[derive(Debug, PartialEq)]
pub struct Answer<T> {
    /// Its lines between head and end, with their numbers.
    pub rows: Vec<(usize, T)>,
    /// How it ends.
    pub end: End,
}

/// The last line.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// What is to be made of the lines before.
    pub end: How,
    /// The same in words.
    #[serde(default)]
    pub message: String,
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// Nothing is missing.
    #[default]
    Complete,
    /// The program knows that something is missing.
    Partial,
    /// What has no line was not accepted: there is no room.
    Full,
    /// What has no line was not accepted.
    Refused,
}

/// The first line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    pilotage: u32,
}

/// Reads an answer that may end in one of these ways. The error says which line is wrong and how.
pub fn read<T: DeserializeOwned>(said: &str, ways: &[How]) -> Result<Answer<T>, String> {
    let lines = said.split_inclusive('\n').enumerate().map(|(index, line)| (index + 1, line));
    let mut lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let (number, first) = lines.next().ok_or("it is empty")?;
    check_head(first).map_err(|what| at(number, what))?;
    let (mut rows, mut end) = (Vec::new(), None);
    for (number, line) in lines {
        if end.is_some() {
            return Err(at(number, "comes after the end".to_owned()));
        }
        let object = object(line).map_err(|what| at(number, what))?;
        if object.contains_key("end") {
            end = Some(end_of(object, ways).map_err(|what| at(number, what))?);
        } else {
            rows.push((number, typed(object).map_err(|what| at(number, what))?));
        }
    }
    let end = end.ok_or("it is incomplete: there is no last line with 'end'")?;
    Ok(Answer { rows, end })
}

/// A complaint about a line.
pub fn at(number: usize, what: String) -> String {
    format!("line {number}: {what}")
}

/// Words are kept with each pilot and shown in tables.
pub fn check_word(key: &str, word: &str) -> Result<(), String> {
    if word.chars().count() <= WORD_MAX && !word.contains(char::is_control) {
        return Ok(());
    }
    Err(format!("'{key}' has control characters or more than {WORD_MAX} characters"))
}

fn check_head(line: &str) -> Result<(), String> {
    let head: Head = typed(object(line)?).map_err(|what| format!("is not {{\"pilotage\":{VERSION}}}: {what}"))?;
    if head.pilotage == VERSION {
        return Ok(());
    }
    Err(format!("it speaks version {}, and this Pilotage speaks {VERSION}", head.pilotage))
}

fn end_of(object: Map<String, Value>, ways: &[How]) -> Result<End, String> {
    let end: End = typed(object)?;
    if ways.contains(&end.end) {
        return Ok(end);
    }
    let words = |how: &How| format!("{how:?}").to_lowercase();
    let known = ways.iter().map(words).collect::<Vec<_>>().join(", ");
    Err(format!("this answer cannot end as '{}', only as {known}", words(&end.end)))
}

fn object(line: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(line.trim()).map_err(|error| {
        if error.is_eof() && !line.ends_with('\n') {
            return "is cut off".to_owned();
        }
        let shown: String = line.trim().chars().take(SHOWN_MAX).collect();
        format!("is no JSON object at column {}: {shown}", error.column())
    })
}

fn typed<T: DeserializeOwned>(object: Map<String, Value>) -> Result<T, String> {
    serde_json::from_value(Value::Object(object)).map_err(|error| in_words(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Row {
        name: String,
    }

    fn complaint(said: &str) -> String {
        read::<Row>(said, &[How::Complete, How::Full]).unwrap_err()
    }

    #[test]
    fn a_whole_answer_is_read_with_the_numbers_of_its_lines() {
        let said = "\n{\"pilotage\":1}\n\n{\"name\":\"a\"}\n {\"name\":\"b\"} \n{\"end\":\"full\",\"message\":\"no\"}";
        let row = |number, name: &str| (number, Row { name: name.to_owned() });
        let end = End { end: How::Full, message: "no".to_owned() };
        let expected = Answer { rows: vec![row(4, "a"), row(5, "b")], end };
        assert_eq!(read(said, &[How::Full]), Ok(expected));
    }

    #[test]
    fn every_bad_answer_gets_the_number_of_the_line_and_the_reason() {
        let cases = [
            ("", "it is empty"),
            ("Traceback\n", "line 1: is no JSON object at column 1: Traceback"),
            ("[1]\n", "line 1: is no JSON object at column 0: [1]"),
            ("{\"pilotage\":2}\n", "line 1: it speaks version 2, and this Pilotage speaks 1"),
            ("{\"name\":\"a\"}\n", "line 1: is not {\"pilotage\":1}: unknown key 'name'; known are pilotage"),
            ("{\"pilotage\":1}\n{\"name\":\"a\"}\n", "it is incomplete: there is no last line with 'end'"),
            ("{\"pilotage\":1}\n{\"name\":\"a", "line 2: is cut off"),
            ("{\"pilotage\":1}\n{\"nmae\":\"a\"}\n", "line 2: unknown key 'nmae'; did you mean 'name'?"),
            ("{\"pilotage\":1}\n{\"end\":\"ful\"}\n", "line 2: unknown value 'ful'; did you mean 'full'?"),
            (
                "{\"pilotage\":1}\n{\"end\":\"partial\"}\n",
                "line 2: this answer cannot end as 'partial', only as complete, full",
            ),
            ("{\"pilotage\":1}\n{\"end\":\"full\"}\n{}\n", "line 3: comes after the end"),
        ];
        for (said, expected) in cases {
            assert_eq!(complaint(said), expected, "{said}");
        }
    }

    #[test]
    fn no_beginning_of_an_answer_is_taken_for_the_whole() {
        let said = "{\"pilotage\":1}\n{\"name\":\"a\"}\n{\"end\":\"complete\"}";
        for end in 0..said.len() {
            read::<Row>(&said[..end], &[How::Complete]).unwrap_err();
        }
    }
}
