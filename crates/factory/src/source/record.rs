//! Queues of an information system as flat records of fields.

use super::{Document, cric};
use crate::config::{Per, SourceFormat, SourceSection};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of one queue, or of one computing element of a queue: numbers, texts, booleans and lists of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The queue.
    pub name: String,
    /// What is known of it. What is null there is not here.
    pub fields: BTreeMap<String, Value>,
}

/// Everything that the documents say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    /// The records, by document and name.
    pub records: Vec<Record>,
    /// All fields that any record has, be it as null.
    pub fields: BTreeSet<String>,
    /// Queues that make no record, each with the reason.
    pub left_out: Vec<(String, String)>,
}

impl Records {
    /// Reads JSON documents. One that is no list of queues makes the whole source unusable.
    pub fn read(section: &SourceSection, documents: &[Document]) -> Result<Records, String> {
        let mut all = Records::default();
        for document in documents {
            let value: Value = serde_json::from_str(&document.body)
                .map_err(|error| format!("{}: is no JSON: {error}", document.from))?;
            for (name, queue) in queues(value).map_err(|what| format!("{}: {what}", document.from))? {
                all.add(section, name, queue);
            }
        }
        Ok(all)
    }

    fn add(&mut self, section: &SourceSection, name: String, queue: Value) {
        let Value::Object(queue) = queue else {
            return self.left_out.push((name, "is no JSON object".to_owned()));
        };
        let per_ce = section.format == SourceFormat::Cric && section.per == Per::Ce;
        let parts = if per_ce { cric::computing_elements(&queue) } else { vec![Map::new()] };
        if parts.is_empty() {
            self.left_out.push((name.clone(), "has no computing element".to_owned()));
        }
        for part in parts {
            let mut fields: BTreeMap<String, Value> = queue.clone().into_iter().chain(part).collect();
            fields.insert("name".to_owned(), Value::String(name.clone()));
            if section.format == SourceFormat::Cric {
                cric::derive(&mut fields);
            }
            self.fields.extend(fields.keys().cloned());
            fields.retain(|_, value| !matches!(value, Value::Null | Value::Object(_)));
            self.records.push(Record { name: name.clone(), fields });
        }
    }
}

/// Queues with their names: of an object by name, of a list, or of one queue alone.
fn queues(document: Value) -> Result<Vec<(String, Value)>, &'static str> {
    const NAMES: [&str; 4] = ["name", "nickname", "panda_queue_name", "siteid"];
    let name_of = |queue: &Value| NAMES.iter().find_map(|key| queue.get(key)?.as_str()).map(str::to_owned);
    match document {
        Value::Array(list) => {
            let named = |queue: Value| name_of(&queue).map(|name| (name, queue));
            list.into_iter().map(named).collect::<Option<_>>().ok_or("a queue in the list has no name")
        }
        Value::Object(map) if map.values().all(Value::is_object) => Ok(map.into_iter().collect()),
        alone => name_of(&alone).map(|name| vec![(name, alone)]).ok_or("is neither a queue nor queues by name"),
    }
}

impl Record {
    /// A field as text; lists with commas.
    pub fn text(&self, field: &str) -> Option<String> {
        self.fields.get(field).map(text)
    }

    /// Whether the field has one of these values, or a list one of them, whatever the case.
    pub fn is_one_of(&self, field: &str, wanted: &[String]) -> bool {
        let is_wanted = |value: &Value| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(&text(value)));
        match self.fields.get(field) {
            Some(Value::Array(list)) => list.iter().any(is_wanted),
            Some(value) => is_wanted(value),
            None => wanted.iter().any(String::is_empty),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
