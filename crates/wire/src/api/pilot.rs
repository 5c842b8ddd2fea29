//! `/pilots`: announce, batch states, hello, lease, report, heartbeat, exit, list.

pub use model::{BatchUpdate, EndedPilots, JobReport, PilotFlag, PilotSummary, RefusedReport};
use model::{
    CommandId, ErrorClass, FailedCheck, JobId, JobSpec, JobState, NodeProfile, Offer, PilotId, PilotState, Shape,
    SubmissionId, Time,
};
use serde::{Deserialize, Serialize};

/// `POST /pilots/announce`, by a factory before it submits.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnounceRequest {
    /// The factory.
    pub factory: String,
    /// Its label.
    pub label: String,
    /// The queue the pilots will serve.
    pub queue: String,
    /// Name of the batch end point.
    pub batch: String,
    /// How many, at most [`super::ANNOUNCE_MAX`].
    pub count: u32,
    /// The command that sends it as a test of its label; then it is one. A command sends one pilot, whoever asks again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<CommandId>,
}

/// The pilots that may be submitted now.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Announced {
    /// Id of the first; ids are consecutive.
    pub first: PilotId,
    /// One secret per pilot, in the order of ids. Goes to the pilot in a file of mode 0600, nowhere else.
    pub secrets: Vec<String>,
}

/// `POST /pilots/batch`, by a factory after each status call: only what changed.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchReport {
    /// The factory.
    pub factory: String,
    /// The changes.
    pub updates: Vec<BatchUpdate>,
}

/// `POST /pilots/{id}/hello`, by a pilot when it starts; the only call that carries the secret. Idempotent per
/// (secret, instance); another instance with the same secret opens a new incarnation (a requeued batch job).
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HelloRequest {
    /// From the announcement.
    pub secret: String,
    /// Made by the pilot process at start, random.
    pub instance: String,
    /// The pilot's version.
    pub version: String,
    /// The worker node.
    pub node: String,
    /// Jobs it can run at once.
    pub slots: u32,
    /// All it offers together: cores, memory, and seconds it will live (0: no end).
    pub shape: Shape,
    /// The batch system's own id as seen in its environment; may be empty.
    #[serde(default)]
    pub batch_id: String,
    /// The pilot's clock when it sent this.
    pub clock: Time,
    /// What the node is and has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<NodeProfile>,
    /// What the node lacks. With anything in it the pilot takes no jobs: it is exiting, and ends with the error class
    /// `node`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedCheck>,
}

/// What the pilot needs to know.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Hello {
    /// Bearer token for all further calls; kept in memory only.
    pub token: String,
    /// 1 for the first start of this pilot.
    pub incarnation: u32,
    /// The queue it serves.
    pub queue: String,
    /// The queue's site.
    pub site: String,
    /// Seconds after the last heartbeat after which its jobs count as lost.
    pub lease_s: f64,
    /// Seconds between heartbeats.
    pub heartbeat_s: f64,
    /// Longest long poll in seconds.
    pub long_poll_s: u32,
}

/// `POST /pilots/{id}/lease`: reports, and asks for jobs in the same round trip.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaseRequest {
    /// Jobs are wanted while the slots that they need fit into this many, 0 to [`super::LEASE_SLOTS_MAX`]; at most
    /// [`super::LEASE_MAX`] jobs are given. A single job that needs more, though not more than all slots, is given when it
    /// was overtaken by others for some minutes.
    pub max_slots: u32,
    /// All slots, free or not, and what they have together.
    pub offer: Offer,
    /// Slots without any job right now; shown as idle while the call waits.
    pub idle_slots: u32,
    /// Wait up to this many seconds for a job. With reports inside the answer comes at once.
    #[serde(default)]
    pub wait_s: u32,
    /// What happened since the last call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<JobReport>,
}

/// One job for the pilot.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LeasedJob {
    /// The job.
    pub id: JobId,
    /// The attempt that this lease is.
    pub attempt: u32,
    /// Index in its submission.
    pub index: u64,
    /// Which entry of [`Leased::specs`].
    pub submission: SubmissionId,
    /// MAC over job and attempt; comes back with reports and uploads.
    pub token: String,
}

impl LeasedJob {
    /// A report that the job is in this state, and nothing else.
    pub fn report(&self, state: JobState) -> JobReport {
        JobReport::new(self.id, self.attempt, &self.token, state)
    }
}

/// A spec that leased jobs share.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LeasedSpec {
    /// The submission.
    pub submission: SubmissionId,
    /// What to run.
    pub spec: JobSpec,
}

/// Answer of a lease call.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Leased {
    /// Jobs to run; may be empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<LeasedJob>,
    /// Each spec once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub specs: Vec<LeasedSpec>,
    /// Reports that were not applied. Everything else was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedReport>,
    /// The pilot should finish what it has and exit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drain: bool,
}

/// `POST /pilots/{id}/report`: reports without asking for jobs. The answer is a [`Leased`] without jobs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// What happened, at most [`super::REPORTS_MAX`].
    pub reports: Vec<JobReport>,
}

/// The most bytes of an output that travels inside a report; it must also be UTF-8 without NUL.
pub const INLINE_LOG_MAX: usize = 8192;

/// `POST /pilots/{id}/heartbeat`: renews the leases of all its jobs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatRequest {
    /// The jobs it has, running or waiting in it: (job, attempt).
    pub jobs: Vec<(JobId, u32)>,
    /// Slots without a job.
    pub idle_slots: u32,
}

/// Answer of a heartbeat.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Heartbeat {
    /// Attempts that are no longer this pilot's: stop them, report no more.
    #[serde(default)]
    pub stop: Vec<(JobId, u32)>,
    /// The pilot should finish what it has and exit.
    #[serde(default)]
    pub drain: bool,
}

/// `POST /pilots/{id}/exit`: nothing more comes from this incarnation.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExitRequest {
    /// Why it ends: `idle`, `life time`, `drained`, `signal TERM`, or an error in words.
    pub reason: String,
    /// Set when it ends because of an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_class: Option<ErrorClass>,
}

/// `GET /pilots?...`
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PilotQuery {
    /// Only this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PilotState>,
    /// Only pilots that are not done or fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<bool>,
    /// Only this queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Only this factory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory: Option<String>,
    /// Only this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Only with this error class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_class: Option<ErrorClass>,
    /// Only those whose last start was on this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Only pilots that have waited, or run, for more than so many seconds, and are not gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_s: Option<u64>,
    /// Where the last page ended: its `next`. Newest pilots come first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Rows wanted, 1 to [`super::PAGE_MAX`]; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of pilots.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PilotPage {
    /// The rows.
    pub pilots: Vec<PilotSummary>,
    /// Cursor of the next page; null on the last.
    pub next: Option<String>,
}

/// `GET /pilots/{id}`
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PilotDetail {
    /// What the list of pilots shows too.
    #[serde(flatten)]
    pub summary: PilotSummary,
    /// Version of the pilot program; empty before its hello.
    #[serde(default)]
    pub version: String,
    /// What it found on its present node; none before its hello.
    #[serde(default)]
    pub profile: Option<NodeProfile>,
}

/// `GET /pilots/ends?...`
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EndsQuery {
    /// Hours to look back, 1 to 720, whole ones; 24 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<u32>,
    /// Only this factory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory: Option<String>,
    /// Only this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Only this queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Only the queues of this site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Only the queues of this region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// How pilots ended.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PilotEnds {
    /// The beginning of the first hour.
    pub since: Time,
    /// By label, state and error class, the most frequent first.
    pub ends: Vec<EndedPilots>,
}

/// `GET /pilots/search?...`
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// What a line of a log has in it, whatever its case.
    pub text: String,
    /// Only this log: `out`, `err` or `log`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only pilots in this state; `fault` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PilotState>,
    /// Only pilots that ended at most so many hours ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<u32>,
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
}

/// A page of a search. It may have no hit and yet a `next`: the work for one page is bounded.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SearchPage {
    /// The hits, newest pilots first.
    pub hits: Vec<SearchHit>,
    /// Pilots whose logs were looked at.
    pub looked: u64,
    /// Cursor of the next page; null on the last.
    pub next: Option<String>,
}

/// A log that has the text in it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SearchHit {
    /// Whose it is.
    pub pilot: PilotSummary,
    /// `out`, `err` or `log`.
    pub kind: String,
    /// Lines with the text, within the last MiB of the log.
    pub lines: u64,
    /// The last of them.
    pub line: String,
}
