//! Events: each writes its log line and bumps its metric in one place.

use crate::config::{LogKeeping, Watermark};
use crate::metrics::{Metrics, QueueLabels, WordLabels};
use crate::pilot_log::status::Pressure;
use model::{JobState, Order, PilotId, RefusedReport, Submitted};
use store::LostAttempt;

/// Jobs were accepted.
pub struct JobsSubmitted<'a> {
    /// Who submitted them.
    pub user: &'a str,
    /// What became of each submission.
    pub submitted: &'a [Submitted],
}

/// A pilot took jobs.
pub struct JobsLeased<'a> {
    /// The pilot.
    pub pilot: PilotId,
    /// Its queue.
    pub queue: &'a str,
    /// How many.
    pub jobs: usize,
}

/// Reports were applied.
pub struct ReportsApplied {
    /// The states that they told.
    pub states: Vec<JobState>,
}

/// A report was not applied.
pub struct ReportRefused<'a> {
    /// The pilot.
    pub pilot: PilotId,
    /// Which and why.
    pub refused: &'a RefusedReport,
}

/// Attempts were given up.
pub struct AttemptsLost<'a> {
    /// Which.
    pub lost: &'a [LostAttempt],
    /// Why.
    pub reason: &'a str,
}

/// A pilot said hello.
pub struct PilotGreeted<'a> {
    /// The pilot.
    pub pilot: PilotId,
    /// How often it started.
    pub incarnation: u32,
    /// Its node.
    pub node: &'a str,
    /// Its queue.
    pub queue: &'a str,
}

/// Pilots were announced.
pub struct PilotsAnnounced<'a> {
    /// The factory.
    pub factory: &'a str,
    /// The label.
    pub label: &'a str,
    /// Id of the first.
    pub first: PilotId,
    /// How many.
    pub count: u32,
}

/// Somebody gave a command.
pub struct CommandGiven<'a> {
    /// What.
    pub verb: &'static str,
    /// To whom.
    pub target: String,
    /// Who.
    pub issuer: &'a str,
}

/// Somebody gave an order, or ended one.
pub struct OrderChanged<'a> {
    /// The order as it is now.
    pub order: &'a Order,
}

/// Brokerage moved jobs.
pub struct JobsMoved<'a> {
    /// From where; empty for defined jobs.
    pub from: &'a str,
    /// To where; empty when they become defined.
    pub to: &'a str,
    /// How many.
    pub jobs: u64,
}

/// Logs of pilots were compressed and deleted by age.
#[derive(Clone, Debug, Default)]
pub struct LogsKept {
    /// Deleted ones.
    pub deleted: u64,
    /// Compressed ones.
    pub compressed: u64,
    /// Bytes that those had.
    pub compressed_bytes: u64,
}

/// There was too little room for logs of pilots.
pub struct RoomMade<'a> {
    /// What went.
    pub pressure: &'a Pressure,
    /// When and how far room is made.
    pub config: &'a LogKeeping,
}

/// A receiver was told of alarms, or could not be.
pub struct AlarmsTold<'a> {
    /// The receiver.
    pub receiver: &'a str,
    /// By what it is told.
    pub kind: &'static str,
    /// Of how many.
    pub notices: usize,
    /// Why it was not.
    pub failure: Option<&'a str>,
}

/// A duty failed; it is tried again.
pub struct DutyFailed<'a> {
    /// Which.
    pub duty: &'static str,
    /// Why.
    pub error: &'a dyn std::fmt::Display,
}

impl JobsSubmitted<'_> {
    /// Writes it down.
    pub fn emit(self, metrics: &Metrics) {
        for one in self.submitted {
            tracing::debug!(
                user = self.user,
                first = one.first.0,
                count = one.count,
                queue = one.queue,
                "jobs submitted"
            );
            metrics.jobs_submitted.get_or_create(&QueueLabels { queue: one.queue.clone() }).inc_by(one.count);
        }
    }
}

impl JobsLeased<'_> {
    /// Writes it down.
    pub fn emit(self, metrics: &Metrics) {
        tracing::debug!(pilot = self.pilot.0, queue = self.queue, jobs = self.jobs, "jobs leased");
        metrics.jobs_leased.get_or_create(&QueueLabels { queue: self.queue.to_owned() }).inc_by(self.jobs as u64);
    }
}

impl ReportsApplied {
    /// Counts them; the changes are logged where they have consequences.
    pub fn emit(self, metrics: &Metrics) {
        for state in self.states {
            metrics.reports.get_or_create(&WordLabels { kind: state.as_str() }).inc();
        }
    }
}

impl ReportRefused<'_> {
    /// Writes it down.
    pub fn emit(self, metrics: &Metrics) {
        let RefusedReport { job, attempt, reason, .. } = self.refused;
        tracing::info!(pilot = self.pilot.0, job = job.0, attempt, reason, "report refused");
        metrics.reports_refused.inc();
    }
}

impl AttemptsLost<'_> {
    /// Writes it down.
    pub fn emit(self, metrics: &Metrics) {
        for LostAttempt { job, attempt, requeued } in self.lost {
            tracing::info!(job = job.0, attempt, requeued, reason = self.reason, "attempt lost");
        }
        metrics.attempts_lost.inc_by(self.lost.len() as u64);
    }
}

impl PilotGreeted<'_> {
    /// Writes it down.
    pub fn emit(self, metrics: &Metrics) {
        let PilotGreeted { pilot, incarnation, node, queue } = self;
        tracing::info!(pilot = pilot.0, incarnation, node, queue, "pilot said hello");
        metrics.hellos.inc();
    }
}

impl PilotsAnnounced<'_> {
    /// Writes it down.
    pub fn emit(self, metrics: &Metrics) {
        let PilotsAnnounced { factory, label, first, count } = self;
        tracing::info!(factory, label, first = first.0, count, "pilots announced");
        metrics.pilots_announced.inc_by(count.into());
    }
}

impl OrderChanged<'_> {
    /// Writes it down; this line is the audit.
    pub fn emit(self, metrics: &Metrics) {
        let Order { id, factory, scope, hold, by, reason, until, ended, .. } = self.order;
        let labels = scope.in_words();
        match ended {
            None => {
                let (hold, until) = (hold.participle(), until.map(|until| until.to_string()));
                tracing::info!(order = id.0, factory, labels, hold, by, until, reason, "order given");
            }
            Some(end) => {
                tracing::info!(order = id.0, factory, labels, by = end.by, reason = end.reason, "order ended");
            }
        }
        let kind = if ended.is_some() { "end" } else { hold.as_str() };
        metrics.orders.get_or_create(&WordLabels { kind }).inc();
    }
}

impl CommandGiven<'_> {
    /// Writes it down; this line is the audit.
    pub fn emit(self, metrics: &Metrics) {
        tracing::info!(verb = self.verb, target = self.target, issuer = self.issuer, "command given");
        metrics.commands.get_or_create(&WordLabels { kind: self.verb }).inc();
    }
}

impl JobsMoved<'_> {
    /// Writes it down.
    pub fn emit(self, metrics: &Metrics) {
        tracing::info!(from = self.from, to = self.to, jobs = self.jobs, "brokerage moved jobs");
        metrics.jobs_moved.inc_by(self.jobs);
    }
}

impl LogsKept {
    /// Writes it down, unless nothing was done.
    pub fn emit(self, metrics: &Metrics) {
        let LogsKept { deleted, compressed, compressed_bytes } = self;
        if deleted + compressed > 0 {
            tracing::info!(deleted, compressed, compressed_bytes, "logs of pilots kept as wanted");
        }
        metrics.pilot_logs_deleted.get_or_create(&WordLabels { kind: "age" }).inc_by(deleted);
        metrics.pilot_logs_compressed.inc_by(compressed);
    }
}

impl RoomMade<'_> {
    /// Writes it down.
    pub fn emit(self, metrics: &Metrics) {
        let Pressure { logs, bytes, day, is_in_vain, .. } = self.pressure;
        let mark = |mark: Option<Watermark>| mark.map(|mark| mark.to_string()).unwrap_or_default();
        let (high, low) = (mark(self.config.high), mark(self.config.low()));
        if *logs > 0 {
            tracing::warn!(logs, bytes, day, high, low, "deleted the oldest logs of pilots to make room");
        }
        if *is_in_vain {
            tracing::error!(high, low, "there is too little room, and no log of a pilot is left that may be deleted");
        }
        metrics.pilot_logs_deleted.get_or_create(&WordLabels { kind: "room" }).inc_by(*logs);
    }
}

impl AlarmsTold<'_> {
    /// Writes it down.
    pub fn emit(self, metrics: &Metrics) {
        let AlarmsTold { receiver, kind, notices, failure } = self;
        let family = match failure {
            None => {
                tracing::info!(receiver, kind, notices, "told of alarms");
                &metrics.alarm_messages
            }
            Some(why) => {
                tracing::warn!(receiver, kind, notices, why, "failed to tell of alarms");
                &metrics.alarm_message_failures
            }
        };
        family.get_or_create(&WordLabels { kind }).inc();
    }
}

impl DutyFailed<'_> {
    /// Writes it down.
    pub fn emit(self, metrics: &Metrics) {
        tracing::warn!(duty = self.duty, error = %self.error, "failed to do a duty");
        metrics.duty_failures.get_or_create(&WordLabels { kind: self.duty }).inc();
    }
}
