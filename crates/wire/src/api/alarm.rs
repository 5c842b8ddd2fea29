//! `/alarms` and `/silences`.

use model::alarm::{Alarm, AlarmEvent, Matcher, Severity, Silence};
use model::{AlarmId, SilenceId};
use serde::{Deserialize, Serialize};

/// The most characters of a comment, and of the reason of an acknowledgement or a silence.
pub const ALARM_TEXT_MAX: usize = 2000;
/// The longest silence, in seconds: a year.
pub const SILENCE_MAX_S: u64 = 365 * 86_400;

/// `GET /alarms?state=past`
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AlarmQuery {
    /// Those that are open, or those that are over; open when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<AlarmState>,
    /// Where to go on: `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Rows, of those that are over; open ones are all told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Which alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmState {
    /// Found for long enough and not over.
    Open,
    /// Over.
    Past,
}

/// An alarm with what keeps it quiet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AlarmView {
    /// The alarm.
    #[serde(flatten)]
    pub alarm: Alarm,
    /// The silence that covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<Silence>,
    /// The open alarm that explains it: of its factory, site or queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained_by: Option<AlarmId>,
    /// What to do about it.
    pub action: String,
}

impl AlarmView {
    /// Nobody looks after it, and nothing keeps it quiet.
    pub fn needs_attention(&self) -> bool {
        let is_quiet = self.silence.is_some() || self.explained_by.is_some() || self.alarm.acknowledged.is_some();
        !is_quiet && self.alarm.severity > Severity::Info
    }
}

/// Answer of `GET /alarms`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AlarmPage {
    /// Open ones with the worst first, past ones with the newest first.
    pub alarms: Vec<AlarmView>,
    /// For the next page; none when this is the last.
    pub next: Option<String>,
}

/// Answer of `GET /alarms/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AlarmDetail {
    /// The alarm.
    #[serde(flatten)]
    pub view: AlarmView,
    /// What happened to it, the oldest first.
    pub events: Vec<AlarmEvent>,
}

/// `POST /alarms/{id}/acknowledge` and `POST /alarms/{id}/comment`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmText {
    /// What there is to say; an acknowledgement may be without.
    #[serde(default)]
    pub text: String,
}

/// `POST /silences`
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SilenceRequest {
    /// What is silenced. Left out when it is one alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Matcher>,
    /// The alarm that is silenced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<AlarmId>,
    /// Why.
    pub reason: String,
    /// For how many seconds from now.
    pub for_s: u64,
}

/// Answer of `GET /silences`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SilenceList {
    /// Those in force; the first to end comes first.
    pub silences: Vec<Silence>,
}

/// The path of a silence.
pub fn silence_path(id: SilenceId) -> String {
    format!("/silences/{id}")
}
