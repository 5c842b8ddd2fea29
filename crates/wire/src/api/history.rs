//! History of pilots.

use model::{History, PilotFlow, Span, Time};
use serde::{Deserialize, Serialize};

/// `GET /pilots/history?...`
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Only this factory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory: Option<String>,
    /// Only this label of the factory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Only pilots that serve this queue; not together with a factory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Only pilots that serve the queues of this site; alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Only pilots that serve the queues of this region; alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// How many hours; 48 when absent, at most 9,600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<u32>,
    /// Their beginning, instead of how many hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// Their end; now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Beginning and end so many seconds earlier: the same time of another day or week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_s: Option<u32>,
    /// Spans of at least this length, so that one history can be laid over another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

/// What happened to pilots, and how many there were.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PilotHistory {
    /// By span: minutes of the last 60 hours, ten minutes of the last 31 days, six hours beyond.
    pub history: History,
    /// All of it together.
    pub total: PilotFlow,
    /// Seconds from announcement to start, of those that started.
    pub waited: Quantiles,
    /// Seconds from start to end, of those that ended.
    pub ran: Quantiles,
}

/// How long something took, within 9 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Quantiles {
    /// How many there were.
    pub count: u64,
    /// Half took at most so many seconds; null when there were none.
    pub median_s: Option<f64>,
    /// Nine of ten took at most so many.
    pub p90_s: Option<f64>,
    /// 99 of 100.
    pub p99_s: Option<f64>,
}

impl Quantiles {
    /// Of durations that were counted.
    pub fn of(durations: &model::Durations) -> Quantiles {
        let at = |share| durations.quantile(share).map(|duration| duration.as_secs_f64());
        Quantiles { count: durations.count(), median_s: at(0.5), p90_s: at(0.9), p99_s: at(0.99) }
    }
}
