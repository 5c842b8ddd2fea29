//! The chain and the settings of its steps. What steps and settings there are, the types of labels know.

use super::super::report::Fate;
use super::super::value::list;
use super::Reader;
use crate::config::{LabelSection, Origins, typed};
use std::path::Path;
use toml::{Table, Value};

impl Reader<'_> {
    pub(super) fn chain(&mut self, key: &str, value: &str) {
        let steps: Vec<Value> = list(value).into_iter().map(Value::from).collect();
        let wrong = steps.iter().find_map(|step| try_label("chain", Value::Array(vec![step.clone()])).err());
        match wrong {
            Some(said) => self.wrong(key, said),
            None => self.set(key, "chain", Value::Array(steps)),
        }
    }

    pub(super) fn sched(&mut self, key: &str, value: &str) {
        let mut said = String::new();
        for candidate in candidates(value) {
            match try_label(key, candidate.clone()) {
                Ok(()) => return self.set(key, key, candidate),
                Err(error) if said.is_empty() => said = error,
                Err(_) => {}
            }
        }
        match said.strip_prefix("unknown key") {
            // What a source fills in is no text any more.
            None if value.contains('{') => self.set(key, key, Value::from(value)),
            None => self.wrong(key, said),
            Some(_) => {
                let nearest = said.split("did you mean '").nth(1).and_then(|rest| rest.split('\'').next());
                let before = key.rsplit_once('.').map_or("sched", |(before, _)| before);
                let unknown = said.split('\'').nth(1).unwrap_or_default();
                let whole = |near: &str| {
                    if key.ends_with(unknown) { format!("{before}.{near}") } else { key.replacen(unknown, near, 1) }
                };
                let nearest = nearest.map(whole);
                self.note(key, Fate::Unknown { nearest });
            }
        }
    }
}

/// What a text may stand for, the most special first.
fn candidates(text: &str) -> Vec<Value> {
    let whole = text.parse().ok().map(Value::Integer);
    let real = text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float);
    let boolean = super::boolean(text).map(Value::Boolean);
    [whole, real, boolean, Some(Value::from(text))].into_iter().flatten().collect()
}

/// Whether a label can have this value; the error is in words.
fn try_label(key: &str, value: Value) -> Result<(), String> {
    let nested = key.rsplit('.').fold(value, |inner, name| Value::Table(Table::from_iter([(name.to_owned(), inner)])));
    let Value::Table(mut table) = nested else { return Ok(()) };
    table.extend(["queue", "batch"].map(|name| (name.to_owned(), Value::from("x"))));
    match typed::<LabelSection>("", table, &Origins::default(), Path::new("")) {
        Err(crate::config::ConfigError::Wrong(problems)) => {
            Err(problems.into_iter().map(|problem| problem.what).collect::<Vec<_>>().join("; "))
        }
        Err(other) => Err(other.to_string()),
        Ok(_) => Ok(()),
    }
}
