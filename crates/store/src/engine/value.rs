//! Values that go into statements and come out of them.

use crate::{Error, Result};
use model::{AlarmId, CommandId, DecisionId, JobId, PilotId, SilenceId, SubmissionId, TaskId, Time};

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// One row of a result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row(pub(crate) Vec<Value>);

/// A slice of values from things that convert into them.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::engine::Value::from($value)),*] };
}

pub(crate) use params;

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Value {
        Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Value {
    /// PostgreSQL cannot keep NUL in text, so neither engine does.
    fn from(value: &str) -> Value {
        Value::Text(if value.contains('\0') { value.replace('\0', "\u{FFFD}") } else { value.to_owned() })
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        if value.contains('\0') { Value::from(value.as_str()) } else { Value::Text(value) }
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Value {
        Value::from(value.as_str())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Value {
        Value::Bytes(value)
    }
}

impl From<[u8; 32]> for Value {
    fn from(value: [u8; 32]) -> Value {
        Value::Bytes(value.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

macro_rules! from_number {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Value {
            fn from(value: $kind) -> Value {
                Value::Int(i64::from(value))
            }
        }
    )*};
}

macro_rules! from_id {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Value {
            fn from(value: $kind) -> Value {
                Value::Int(value.0)
            }
        }
    )*};
}

from_number!(i32, u32, bool);
from_id!(AlarmId, SilenceId, JobId, PilotId, SubmissionId, TaskId, CommandId, DecisionId, Time);

impl Row {
    /// A number.
    pub(crate) fn int(&self, at: usize) -> Result<i64> {
        match self.0.get(at) {
            Some(Value::Int(value)) => Ok(*value),
            other => Err(unexpected("a number", at, other)),
        }
    }

    /// A number or nothing.
    pub(crate) fn opt_int(&self, at: usize) -> Result<Option<i64>> {
        if self.is_null(at) { Ok(None) } else { self.int(at).map(Some) }
    }

    /// A text.
    pub(crate) fn text(&self, at: usize) -> Result<String> {
        match self.0.get(at) {
            Some(Value::Text(value)) => Ok(value.clone()),
            other => Err(unexpected("a text", at, other)),
        }
    }

    /// A text; empty for nothing.
    pub(crate) fn text_or_empty(&self, at: usize) -> Result<String> {
        if self.is_null(at) { Ok(String::new()) } else { self.text(at) }
    }

    /// Bytes.
    pub(crate) fn bytes(&self, at: usize) -> Result<Vec<u8>> {
        match self.0.get(at) {
            Some(Value::Bytes(value)) => Ok(value.clone()),
            other => Err(unexpected("bytes", at, other)),
        }
    }

    /// A number that is never negative.
    pub(crate) fn count(&self, at: usize) -> Result<u64> {
        self.int(at).map(|value| value.max(0).unsigned_abs())
    }

    /// A small number.
    pub(crate) fn small(&self, at: usize) -> Result<u32> {
        u32::try_from(self.int(at)?).map_err(|_| Error::Corrupt(format!("column {at} is out of range")))
    }

    /// A time.
    pub(crate) fn time(&self, at: usize) -> Result<Time> {
        self.int(at).map(Time)
    }

    /// A time or nothing.
    pub(crate) fn opt_time(&self, at: usize) -> Result<Option<Time>> {
        Ok(self.opt_int(at)?.map(Time))
    }

    /// A JSON text as a value.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, at: usize) -> Result<T> {
        let text = self.text(at)?;
        serde_json::from_str(&text).map_err(|error| Error::Corrupt(error.to_string()))
    }

    /// Nothing is there.
    pub(crate) fn is_null(&self, at: usize) -> bool {
        matches!(self.0.get(at), None | Some(Value::Null))
    }
}

/// A value as JSON text.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Invalid(error.to_string()))
}

fn unexpected(wanted: &str, at: usize, found: Option<&Value>) -> Error {
    let kind = match found {
        None => "no column",
        Some(Value::Null) => "nothing",
        Some(Value::Int(_)) => "a number",
        Some(Value::Text(_)) => "a text",
        Some(Value::Bytes(_)) => "bytes",
    };
    Error::Corrupt(format!("column {at} holds {kind} instead of {wanted}"))
}
