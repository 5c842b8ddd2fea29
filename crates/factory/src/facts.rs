//! The facts of a decision as people and programs write them: one JSON document, in which null means unknown.

use crate::chain::{self, Ended};
use crate::config::{ConfigError, Problem, Sched};
use crate::situation::*;
use crate::wms::states::NATIVE_STATES;
use model::spelling::in_words;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// What a chain is asked about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Question {
    /// The number that the first step is given.
    pub input: i64,
    /// Settings of the steps.
    pub sched: Sched,
    /// The rest.
    pub situation: Situation,
}

/// The document.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Document {
    input: Option<i64>,
    options: Option<BTreeMap<String, Value>>,
    #[serde(deserialize_with = "jobs")]
    wms: Option<Wms>,
    batch: Option<Batch>,
    site: Option<Site>,
    cloud: Option<Cloud>,
    endpoint: Option<Endpoint>,
    factory: Option<Whole>,
    label: Option<Remembered>,
    history: Option<EndedPilots>,
    command: Option<Advice>,
    credential: Option<Credential>,
    orders: Option<Ordered>,
    pilot: Option<NewPilot>,
    offers: Option<Vec<Room>>,
}

/// Ended pilots one by one, or counted.
#[derive(Debug)]
enum EndedPilots {
    Each(Vec<Ended>),
    Counted(History),
}

impl Question {
    /// Reads a document; `path` is only for messages.
    pub fn read(text: &str, path: &Path) -> Result<Question, ConfigError> {
        let json = &mut serde_json::Deserializer::from_str(text);
        let document: Document = serde_path_to_error::deserialize(&mut *json).map_err(|error| wrong(path, &error))?;
        let place = |error: serde_json::Error| problem(path, error.line(), "", &error.to_string());
        json.end().map_err(place)?;
        let line_of = |option: &str| {
            let quoted = format!("\"{option}\"");
            text.lines().position(|line| line.contains(&quoted)).map_or(0, |index| index + 1)
        };
        let bad = |(option, what): (String, String)| Problem {
            path: path.to_owned(),
            line: line_of(&option),
            key: format!("options.{option}"),
            what,
        };
        document.question().map_err(|found| ConfigError::Wrong(found.into_iter().map(bad).collect()))
    }

    /// From a document that is a value already.
    pub(crate) fn of_value(value: Value) -> Result<Question, String> {
        let document: Document =
            serde_path_to_error::deserialize(value).map_err(|error| format!("{}: {}", error.path(), error.inner()))?;
        document.question().map_err(|found| {
            found.iter().map(|(option, what)| format!("options.{option}: {what}")).collect::<Vec<_>>().join("; ")
        })
    }
}

impl Document {
    /// The question, or all options that are wrong.
    fn question(self) -> Result<Question, Vec<(String, String)>> {
        let mut sched = Sched::default();
        let mut wrong = Vec::new();
        for (option, value) in self.options.unwrap_or_default() {
            if let Err(what) = option_text(&value).and_then(|text| sched.set_option(&option, &text)) {
                wrong.push((option, what));
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let mut site = self.site;
        if let Some(site) = &mut site {
            site.status = site.status.take().filter(|status| !status.is_empty());
        }
        let mut batch = self.batch;
        let history = self.history.map(|ended| match ended {
            EndedPilots::Counted(history) => history,
            EndedPilots::Each(pilots) => {
                if let Some(batch) = &mut batch {
                    batch.done.get_or_insert(i64::try_from(pilots.len()).unwrap_or(i64::MAX));
                }
                chain::count(&pilots, &sched)
            }
        });
        let situation = Situation {
            wms: self.wms,
            batch,
            site,
            cloud: self.cloud,
            endpoint: self.endpoint,
            factory: self.factory,
            label: self.label,
            history,
            command: self.command,
            credential: self.credential,
            orders: self.orders,
            pilot: self.pilot,
            offers: self.offers,
        };
        Ok(Question { input: self.input.unwrap_or(0), sched, situation })
    }
}

/// Options are text; numbers and booleans of JSON are taken as their text.
fn option_text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        other => Err(format!("{other} is no text")),
    }
}

fn wrong(path: &Path, error: &serde_path_to_error::Error<serde_json::Error>) -> ConfigError {
    let inner = error.inner();
    let key = error.path().to_string();
    problem(path, inner.line(), if key == "." { "" } else { &key }, &inner.to_string())
}

fn problem(path: &Path, line: usize, key: &str, said: &str) -> ConfigError {
    let said = said.rsplit_once(" at line ").map_or(said, |(said, _)| said);
    let what = in_words(said);
    ConfigError::Wrong(vec![Problem { path: path.to_owned(), line, key: key.to_owned(), what }])
}

/// Jobs may be counted in PanDA's states too.
fn jobs<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Wms>, D::Error> {
    let Some(mut counts) = Option::<Map<String, Value>>::deserialize(json)? else { return Ok(None) };
    for (native, state) in NATIVE_STATES {
        let Some(value) = counts.remove(native) else { continue };
        let more = value.as_i64().ok_or_else(|| D::Error::custom(format!("'{native}' is no whole number")))?;
        let held = counts.get(state).and_then(Value::as_i64).unwrap_or(0);
        counts.insert(state.to_owned(), held.saturating_add(more).into());
    }
    serde_json::from_value(Value::Object(counts)).map(Some).map_err(D::Error::custom)
}

impl<'de> Deserialize<'de> for EndedPilots {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<EndedPilots, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = EndedPilots;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of ended pilots, or their counts")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<EndedPilots, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(EndedPilots::Each)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EndedPilots, A::Error> {
                History::deserialize(MapAccessDeserializer::new(map)).map(EndedPilots::Counted)
            }
        }

        json.deserialize_any(Either)
    }
}
