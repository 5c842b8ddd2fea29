//! `/decisions`.

use model::Decision;
use serde::{Deserialize, Serialize};

/// The most decisions of one report: with facts and steps each takes up to some KiB.
pub const DECISIONS_PER_REPORT_MAX: usize = 1000;

/// `POST /decisions`, by a factory after each cycle.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionReport {
    /// One per label that had a cycle, at most [`DECISIONS_PER_REPORT_MAX`].
    pub decisions: Vec<Decision>,
}

/// `GET /decisions?...`, newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DecisionQuery {
    /// Only this factory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory: Option<String>,
    /// Only this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Only this queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Where the last page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Rows wanted; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of decisions.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DecisionPage {
    /// The rows.
    pub decisions: Vec<Decision>,
    /// Cursor of the next page; null on the last.
    pub next: Option<String>,
}
