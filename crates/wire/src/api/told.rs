//! What was said about pilots.

use model::pilot::Told;
use serde::{Deserialize, Serialize};

/// `GET /pilots/events?...`
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ToldQuery {
    /// Only what was said after this number: the `next` of an earlier answer, or 0 for all that is kept. The last events
    /// when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// Only of this factory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory: Option<String>,
    /// Only of this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The most events wanted, 1 to [`super::PAGE_MAX`]; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// With `after`: wait up to so many seconds, at most [`super::LONG_POLL_MAX_S`], when there is none yet.
    #[serde(default)]
    pub wait_s: u32,
}

/// A part of the feed of all events of pilots.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ToldPage {
    /// The events, in the order in which they became known. May be none although there are further ones: the work of one
    /// answer is bounded.
    pub events: Vec<Told>,
    /// `after` of the next call.
    pub next: i64,
}

/// `GET /pilots/{id}/events`
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ToldOfPilot {
    /// All that was said about the pilot, in order.
    pub events: Vec<Told>,
}
