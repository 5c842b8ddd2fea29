//! `/pilots/{id}/logs/{kind}/lines`: lines of a pilot's log, found by words or by their number.

use serde::{Deserialize, Serialize};

/// The most characters of what is looked for.
pub const LOG_FIND_MAX: usize = 200;

/// Which lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogLinesQuery {
    /// Only lines that hold this, whatever the case of ASCII letters; at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub find: Option<String>,
    /// Only from the line with this number on; the first has 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// Lines of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LogLines {
    /// The first of those that were asked for, at most 200.
    pub lines: Vec<LogLine>,
    /// How many of the lines that were read hold what is looked for, those of `lines` among them.
    pub found: u64,
    /// Lines that were read.
    pub read: u64,
    /// Whether the log was read to its end: not when enough lines are there, and nothing is looked for, nor when it took
    /// too long.
    pub complete: bool,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LogLine {
    /// Its number; the first has 1.
    pub number: u64,
    /// Its text, at most 1000 bytes of it.
    pub text: String,
}
