//! What is counted, in Prometheus' text format.

mod pilots;

pub use pilots::Facts;

use model::Time;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::sync::Mutex;

/// One route and the class of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabels {
    /// Method and path pattern.
    pub route: String,
    /// The HTTP status.
    pub status: u16,
}

/// One queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct QueueLabels {
    /// Its name.
    pub queue: String,
}

/// One queue and state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StateLabels {
    /// The queue; empty for jobs without one.
    pub queue: String,
    /// The state.
    pub state: &'static str,
}

/// One word: a state, a code, a verb.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WordLabels {
    /// The word.
    pub kind: &'static str,
}

/// Everything the server counts.
pub struct Metrics {
    registry: Mutex<Registry>,
    /// Since when durations of pilots are told: histograms must never shrink while the server runs.
    pub since: Time,
    /// Answered requests.
    pub requests: Family<RouteLabels, Counter>,
    /// Seconds from request to answer, long polls left out.
    pub request_seconds: Histogram,
    /// Seconds of calls that end in a commit.
    pub commit_seconds: Histogram,
    /// Accepted jobs by queue.
    pub jobs_submitted: Family<QueueLabels, Counter>,
    /// Leased jobs by queue.
    pub jobs_leased: Family<QueueLabels, Counter>,
    /// Applied reports by state.
    pub reports: Family<WordLabels, Counter>,
    /// Reports that were not applied.
    pub reports_refused: Counter,
    /// Attempts that were given up.
    pub attempts_lost: Counter,
    /// Jobs that brokerage moved.
    pub jobs_moved: Counter,
    /// Decisions of factories by what came of them.
    pub decisions: Family<WordLabels, Counter>,
    /// Pilots that said hello.
    pub hellos: Counter,
    /// Pilots that were announced.
    pub pilots_announced: Counter,
    /// Refused calls by code.
    pub refusals: Family<WordLabels, Counter>,
    /// Commands by verb.
    pub commands: Family<WordLabels, Counter>,
    /// Orders by kind, and those that were ended.
    pub orders: Family<WordLabels, Counter>,
    /// Duties that failed.
    pub duty_failures: Family<WordLabels, Counter>,
    /// Messages about alarms, by kind of receiver.
    pub alarm_messages: Family<WordLabels, Counter>,
    /// Those that could not be sent.
    pub alarm_message_failures: Family<WordLabels, Counter>,
    /// Datagrams of wrappers by what became of them.
    pub datagrams: Family<WordLabels, Counter>,
    /// Logs of pilots that were deleted, by reason.
    pub pilot_logs_deleted: Family<WordLabels, Counter>,
    /// Logs of pilots that were compressed.
    pub pilot_logs_compressed: Counter,
    /// Bytes of all logs of pilots, where this server keeps them.
    pub pilot_log_bytes: Gauge,
    /// Percent of the object store's file system that are in use, where this server keeps the logs.
    pub objects_disk_used_percent: Gauge,
    /// Jobs by queue and state.
    pub jobs: Family<StateLabels, Gauge>,
    /// Operations that wait for the store's writer.
    pub write_queue: Gauge,
    /// Bytes of the database.
    pub database_bytes: Gauge,
    /// Group commits since the start.
    pub commits: Gauge,
    /// Operations committed since the start.
    pub operations: Gauge,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let seconds = || Histogram::new(exponential_buckets(0.0005, 2.0, 16));
        let metrics = Metrics {
            registry: Mutex::new(Registry::with_prefix("pilotage")),
            since: crate::now(),
            requests: Family::default(),
            request_seconds: seconds(),
            commit_seconds: seconds(),
            jobs_submitted: Family::default(),
            jobs_leased: Family::default(),
            reports: Family::default(),
            reports_refused: Counter::default(),
            attempts_lost: Counter::default(),
            jobs_moved: Counter::default(),
            decisions: Family::default(),
            hellos: Counter::default(),
            pilots_announced: Counter::default(),
            refusals: Family::default(),
            commands: Family::default(),
            orders: Family::default(),
            duty_failures: Family::default(),
            alarm_messages: Family::default(),
            alarm_message_failures: Family::default(),
            datagrams: Family::default(),
            pilot_logs_deleted: Family::default(),
            pilot_logs_compressed: Counter::default(),
            pilot_log_bytes: Gauge::default(),
            objects_disk_used_percent: Gauge::default(),
            jobs: Family::default(),
            write_queue: Gauge::default(),
            database_bytes: Gauge::default(),
            commits: Gauge::default(),
            operations: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&self) {
        let mut registry = crate::hub::locked(&self.registry);
        let r = &mut *registry;
        r.register("requests", "Answered requests by route and status", self.requests.clone());
        r.register(
            "request_seconds",
            "Seconds from request to answer without long polls",
            self.request_seconds.clone(),
        );
        r.register("commit_seconds", "Seconds of calls that end in a commit", self.commit_seconds.clone());
        r.register("jobs_submitted", "Accepted jobs by queue", self.jobs_submitted.clone());
        r.register("jobs_leased", "Leased jobs by queue", self.jobs_leased.clone());
        r.register("reports", "Applied reports by state", self.reports.clone());
        r.register("reports_refused", "Reports that were not applied", self.reports_refused.clone());
        r.register("attempts_lost", "Attempts that were given up", self.attempts_lost.clone());
        r.register("jobs_moved", "Jobs that brokerage moved", self.jobs_moved.clone());
        r.register("decisions", "Decisions of factories by what came of them", self.decisions.clone());
        r.register("pilot_hellos", "Pilots that said hello", self.hellos.clone());
        r.register("pilots_announced", "Pilots that were announced", self.pilots_announced.clone());
        r.register("refusals", "Refused calls by code", self.refusals.clone());
        r.register("commands", "Commands by verb", self.commands.clone());
        r.register("orders", "Orders given by kind, and those that people ended", self.orders.clone());
        r.register("duty_failures", "Failed runs of duties", self.duty_failures.clone());
        r.register("alarm_messages", "Messages about alarms, by kind of receiver", self.alarm_messages.clone());
        r.register(
            "alarm_message_failures",
            "Messages about alarms that could not be sent",
            self.alarm_message_failures.clone(),
        );
        r.register("datagrams", "Datagrams of wrappers by what became of them", self.datagrams.clone());
        r.register("pilot_logs_deleted", "Deleted logs of pilots by reason", self.pilot_logs_deleted.clone());
        r.register("pilot_logs_compressed", "Compressed logs of pilots", self.pilot_logs_compressed.clone());
        r.register(
            "pilot_log_bytes",
            "Bytes of all logs of pilots, 0 on servers without the duty",
            self.pilot_log_bytes.clone(),
        );
        r.register(
            "objects_disk_used_percent",
            "Use of the file system of logs and outputs, 0 on servers without the duty",
            self.objects_disk_used_percent.clone(),
        );
        r.register("jobs", "Jobs by queue and state", self.jobs.clone());
        r.register("store_write_queue", "Operations that wait for the writer", self.write_queue.clone());
        r.register("store_bytes", "Bytes of the database", self.database_bytes.clone());
        r.register("store_commits", "Group commits since the start", self.commits.clone());
        r.register("store_operations", "Operations committed since the start", self.operations.clone());
    }

    /// All metrics as a Markdown table, for the documentation.
    pub fn reference() -> Result<String, std::fmt::Error> {
        let metrics = Metrics::default();
        metrics.touch();
        let text = metrics.encoded()? + &pilots::touched()?;
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        let helps = text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split_once(' '));
        let rows = helps.zip(types).map(|((name, help), (_, kind))| {
            let suffix = if kind == "counter" { "_total" } else { "" };
            format!("| `{name}{suffix}` | {kind} | {} |\n", help.trim_end_matches('.'))
        });
        Ok(rows.collect())
    }

    /// Makes one member of each family: a family without members is not written.
    fn touch(&self) {
        let _ = self.requests.get_or_create(&RouteLabels { route: String::new(), status: 0 });
        for family in [&self.jobs_submitted, &self.jobs_leased] {
            let _ = family.get_or_create(&QueueLabels { queue: String::new() });
        }
        for family in [
            &self.reports,
            &self.decisions,
            &self.refusals,
            &self.commands,
            &self.orders,
            &self.duty_failures,
            &self.datagrams,
            &self.pilot_logs_deleted,
            &self.alarm_messages,
            &self.alarm_message_failures,
        ] {
            let _ = family.get_or_create(&WordLabels { kind: "" });
        }
        let _ = self.jobs.get_or_create(&StateLabels { queue: String::new(), state: "" });
    }

    /// What this server counted, as text without a mark at its end.
    fn encoded(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        text::encode_registry(&mut out, &crate::hub::locked(&self.registry))?;
        Ok(out)
    }

    /// Everything as text: what this server counted, and what the store counts.
    pub fn with(&self, facts: &Facts) -> Result<String, std::fmt::Error> {
        let mut out = self.encoded()? + &pilots::encoded(facts)?;
        text::encode_eof(&mut out)?;
        Ok(out)
    }
}
