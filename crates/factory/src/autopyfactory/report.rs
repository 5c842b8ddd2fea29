//! What became of every key of an AutoPyFactory configuration.

use super::ini::Place;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "fate", rename_all = "lowercase")]
pub enum Fate {
    /// It is a key here; `NAME` in it stands for the label when there are several.
    Becomes {
        /// The key.
        key: String,
    },
    /// It went into other values.
    Used {
        /// How.
        why: String,
    },
    /// It does nothing here.
    Ignored {
        /// Why.
        why: String,
    },
    /// AutoPyFactory has no such key: it did nothing there either.
    Unknown {
        /// The nearest key that it has.
        #[serde(skip_serializing_if = "Option::is_none")]
        nearest: Option<String>,
    },
    /// Its value cannot be used.
    Bad {
        /// What is wrong.
        why: String,
    },
}

/// One line of the report: a key at its place, in all sections where the same became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The file.
    pub file: String,
    /// Line from 1.
    pub line: usize,
    /// The sections.
    pub sections: Vec<String>,
    /// The key as written.
    pub key: String,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// Everything that became of the keys.
#[derive(Clone, Debug, Default)]
pub struct Report(BTreeMap<(Place, String, Fate), Vec<String>>);

impl Report {
    /// Notes what became of a key in a section.
    pub fn note(&mut self, place: &Place, section: &str, key: &str, fate: Fate) {
        let sections = self.0.entry((place.clone(), key.to_owned(), fate)).or_default();
        if sections.last().is_none_or(|last| last != section) {
            sections.push(section.to_owned());
        }
    }

    /// Takes over what another says of some places.
    pub fn take(&mut self, other: Report, wanted: impl Fn(&Place) -> bool) {
        for ((place, key, fate), sections) in other.0 {
            if wanted(&place) {
                self.0.entry((place, key, fate)).or_default().extend(sections);
            }
        }
    }

    /// All rows in the order of files and lines.
    pub fn rows(self) -> Vec<Row> {
        let rows = self.0.into_iter().map(|((place, key, fate), sections)| Row {
            file: place.file.display().to_string(),
            line: place.line,
            sections,
            key,
            fate,
        });
        rows.collect()
    }
}

impl Row {
    /// Whether a person has to look at it.
    pub fn is_trouble(&self) -> bool {
        matches!(self.fate, Fate::Unknown { .. } | Fate::Bad { .. })
    }

    fn sections(&self) -> String {
        match self.sections.as_slice() {
            [one] => format!("[{one}]"),
            [first, .., last] => format!("[{first}] to [{last}], {} sections", self.sections.len()),
            [] => String::new(),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} {}: ", self.file, self.line, self.sections(), self.key)?;
        match &self.fate {
            Fate::Becomes { key } => match self.sections.as_slice() {
                [one] => write!(f, "becomes {}", key.replace("label.NAME", &format!("label.{one}"))),
                _ => write!(f, "becomes {}", key.replace("label.NAME", "label.*")),
            },
            Fate::Used { why } => write!(f, "used: {why}"),
            Fate::Ignored { why } => write!(f, "ignored: {why}"),
            Fate::Unknown { nearest: Some(near) } => write!(f, "unknown, did nothing; did you mean '{near}'?"),
            Fate::Unknown { nearest: None } => f.write_str("unknown, did nothing"),
            Fate::Bad { why } => write!(f, "BAD: {why}"),
        }
    }
}
