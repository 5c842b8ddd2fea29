//! Templates: `{field}` in texts, filled in with what a source knows of a queue.

use super::record::Record;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use toml::{Table, Value};

/// A part of a text with placeholders.
enum Part<'a> {
    Text(&'a str),
    Field { name: &'a str, as_text: bool, fallback: Option<&'a str> },
}

/// The template with everything filled in. A key whose text needs a field that the record has not, and gives no fallback
/// (`{field|fallback}`), is left out. A text that is one placeholder alone becomes what the field is: a number stays one,
/// unless `{field!s}` asks for text.
pub fn fill(template: &Table, record: &Record) -> Table {
    let filled = template.iter().filter_map(|(key, value)| Some((key.clone(), fill_value(value, record)?)));
    filled.collect()
}

fn fill_value(value: &Value, record: &Record) -> Option<Value> {
    match value {
        Value::String(text) => fill_text(text, record),
        Value::Table(table) => Some(Value::Table(fill(table, record))),
        Value::Array(list) => Some(Value::Array(list.iter().filter_map(|value| fill_value(value, record)).collect())),
        other => Some(other.clone()),
    }
}

fn fill_text(text: &str, record: &Record) -> Option<Value> {
    match parts(text).as_slice() {
        [Part::Field { name, as_text: false, fallback }] => {
            let known = record.fields.get(*name).and_then(to_toml);
            known.or_else(|| fallback.map(|text| text.parse().map_or(Value::String(text.to_owned()), Value::Integer)))
        }
        _ => fill_name(text, record).map(Value::String),
    }
}

/// A text whatever its fields are; `None` when one is missing.
pub fn fill_name(text: &str, record: &Record) -> Option<String> {
    let words = parts(text).into_iter().map(|part| match part {
        Part::Text(text) => Some(text.to_owned()),
        Part::Field { name, fallback, .. } => record.text(name).or_else(|| fallback.map(str::to_owned)),
    });
    words.collect()
}

/// All fields that the texts of a template name.
pub fn fields_of(template: &Table) -> BTreeSet<String> {
    template.values().flat_map(fields_of_value).collect()
}

fn fields_of_value(value: &Value) -> BTreeSet<String> {
    match value {
        Value::String(text) => fields_of_text(text),
        Value::Table(table) => fields_of(table),
        Value::Array(list) => list.iter().flat_map(fields_of_value).collect(),
        _ => BTreeSet::new(),
    }
}

/// All fields that a text names.
pub fn fields_of_text(text: &str) -> BTreeSet<String> {
    let names = parts(text).into_iter().filter_map(|part| match part {
        Part::Field { name, .. } => Some(name.to_owned()),
        Part::Text(_) => None,
    });
    names.collect()
}

/// `{{` and `}}` stand for braces; a brace that opens no placeholder is one too.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        if at > 0 {
            parts.push(Part::Text(&rest[..at]));
        }
        let (part, after) = part_at(&rest[at..]);
        parts.push(part);
        rest = after;
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

/// What begins with a brace, and the rest.
fn part_at(text: &str) -> (Part<'_>, &str) {
    if text.starts_with("{{") || text.starts_with("}}") {
        return (Part::Text(&text[..1]), &text[2..]);
    }
    let field = text.strip_prefix('{').and_then(|rest| rest.split_once('}')).filter(|(inner, _)| is_field(inner));
    match field {
        Some((inner, rest)) => {
            let (name, fallback) = inner.split_once('|').map_or((inner, None), |(name, text)| (name, Some(text)));
            let (name, as_text) = name.strip_suffix("!s").map_or((name, false), |name| (name, true));
            (Part::Field { name, as_text, fallback }, rest)
        }
        None => (Part::Text(&text[..1]), &text[1..]),
    }
}

fn is_field(inner: &str) -> bool {
    let name = inner.split('|').next().unwrap_or_default();
    let name = name.strip_suffix("!s").unwrap_or(name);
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn to_toml(value: &Json) -> Option<Value> {
    match value {
        Json::Bool(truth) => Some(Value::Boolean(*truth)),
        Json::Number(number) => number.as_i64().map(Value::Integer).or_else(|| number.as_f64().map(Value::Float)),
        Json::String(text) => Some(Value::String(text.clone())),
        Json::Array(list) => list.iter().map(to_toml).collect::<Option<_>>().map(Value::Array),
        Json::Null | Json::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Option<Value> {
        let fields = serde_json::json!({"cores": 8, "name": "Q", "share": 0.5, "tags": ["a", "b"], "on": true});
        let serde_json::Value::Object(fields) = fields else { unreachable!() };
        let record = Record { name: "Q".to_owned(), fields: fields.into_iter().collect() };
        fill(&Table::from_iter([("key".to_owned(), Value::from(text))]), &record).remove("key")
    }

    #[test]
    fn placeholders_become_what_the_fields_are() {
        let cases = [
            ("{cores}", Value::Integer(8)),
            ("{share}", Value::Float(0.5)),
            ("{on}", Value::Boolean(true)),
            ("{cores!s}", Value::from("8")),
            ("{cores} of {name}", Value::from("8 of Q")),
            ("{tags!s}", Value::from("a,b")),
            ("{tags}", Value::from(vec!["a", "b"])),
            ("{no|5}", Value::Integer(5)),
            ("{no|five}", Value::from("five")),
            ("{no!s|5}", Value::from("5")),
            ("{{cores}}", Value::from("{cores}")),
            ("{ not a field } {", Value::from("{ not a field } {")),
            ("", Value::from("")),
        ];
        for (text, wanted) in cases {
            assert_eq!(filled(text), Some(wanted), "{text}");
        }
        assert_eq!(filled("{no}"), None);
        assert_eq!(filled("x{no}"), None);
        let template = Table::from_iter([("a".to_owned(), Value::from("{x}{y|1}{{z}}"))]);
        assert_eq!(fields_of(&template).into_iter().collect::<Vec<_>>(), ["x", "y"]);
    }
}
