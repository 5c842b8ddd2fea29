//! Reports on their way: collected while a call is under way, kept on disk while no server answers.

use super::session::BackOff;
use super::unfinished::Unfinished;
use model::{JobId, JobState};
use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};
use wire::Spool;
use wire::api::{JobReport, REPORTS_MAX};
use wire::spool::Kept;

/// The longest a report waits for others while there is no need to hurry.
const LINGER: Duration = Duration::from_millis(20);
/// Reports that are enough for a call of their own.
const BATCH: usize = 64;

/// All reports that the server has not confirmed and that no call carries now.
pub(super) struct Outbox {
    reports: VecDeque<JobReport>,
    /// Refused together with others: sent one by one to find the bad one.
    suspects: VecDeque<JobReport>,
    oldest: Option<Instant>,
    spool: Spool,
    /// What is in the spool.
    kept: HashSet<Mark>,
    away: Option<Away>,
}

/// What tells one report from another.
type Mark = (JobId, u32, JobState);

fn mark(report: &JobReport) -> Mark {
    (report.job, report.attempt, report.state)
}

struct Away {
    since: Instant,
    try_at: Instant,
    back_off: BackOff,
}

impl Outbox {
    /// Empty.
    pub(super) fn new(spool: Spool) -> Outbox {
        let (reports, suspects, kept) = (VecDeque::new(), VecDeque::new(), HashSet::new());
        Outbox { reports, suspects, oldest: None, spool, kept, away: None }
    }

    /// Adds one.
    pub(super) fn push(&mut self, report: JobReport) {
        self.reports.push_back(report);
        self.oldest.get_or_insert_with(Instant::now);
        if self.away.is_some() {
            self.keep();
        }
    }

    /// Nothing left to deliver.
    pub(super) fn is_empty(&self) -> bool {
        self.reports.is_empty() && self.suspects.is_empty()
    }

    /// Whether no server answers at present.
    pub(super) fn is_away(&self) -> bool {
        self.away.is_some()
    }

    /// Whether a call may be made now; while no server answers only now and then.
    pub(super) fn may_call(&self, now: Instant) -> bool {
        self.away.as_ref().is_none_or(|away| now >= away.try_at)
    }

    /// Whether reports should go now; `hurry` when somebody waits for what the call brings back.
    pub(super) fn is_due(&self, now: Instant, hurry: bool) -> bool {
        if self.is_empty() || !self.may_call(now) {
            return false;
        }
        let waited = self.oldest.is_some_and(|oldest| now >= oldest + LINGER);
        hurry || waited || !self.suspects.is_empty() || self.reports.len() >= BATCH
    }

    /// When to look again although nothing happens.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        match &self.away {
            Some(away) => Some(away.try_at),
            None => self.oldest.map(|oldest| oldest + LINGER),
        }
    }

    /// Takes what the next call carries.
    pub(super) fn take(&mut self) -> Vec<JobReport> {
        if let Some(suspect) = self.suspects.pop_front() {
            return vec![suspect];
        }
        let taken: Vec<JobReport> = self.reports.drain(..self.reports.len().min(REPORTS_MAX)).collect();
        self.oldest = (!self.reports.is_empty()).then(Instant::now);
        taken
    }

    /// The server answered a call.
    pub(super) fn answered(&mut self) {
        if let Some(away) = self.away.take() {
            tracing::info!("the server answers again after {} s", away.since.elapsed().as_secs());
        }
    }

    /// The server took what a call carried; no other carries any.
    pub(super) fn delivered(&mut self) {
        if self.is_empty() && !self.kept.is_empty() {
            self.kept.clear();
            if let Err(error) = self.spool.clear() {
                tracing::warn!("failed to remove the spool {}: {error}", self.spool.path().display());
            }
        }
    }

    /// No call carries these any more; nothing is known of what the server did with them.
    pub(super) fn put_back(&mut self, carried: Vec<JobReport>) {
        for report in carried.into_iter().rev() {
            self.reports.push_front(report);
        }
        if !self.reports.is_empty() {
            self.oldest.get_or_insert_with(Instant::now);
        }
    }

    /// No server took it: everything goes to disk and is offered later.
    pub(super) fn not_delivered(&mut self, carried: Vec<JobReport>, error: &wire::Error) {
        let now = Instant::now();
        self.put_back(carried);
        match &mut self.away {
            Some(away) => away.try_at = now + away.back_off.next(),
            None => {
                tracing::warn!("failed to {error}; jobs go on, reports are kept in {}", self.spool.path().display());
                let mut back_off = BackOff::new();
                self.away = Some(Away { since: now, try_at: now + back_off.next(), back_off });
            }
        }
        self.keep();
    }

    /// The server refused a call because of what it carried.
    pub(super) fn refused(&mut self, carried: Vec<JobReport>, error: &wire::Error) {
        self.answered();
        match <[JobReport; 1]>::try_from(carried) {
            Ok([report]) => {
                tracing::error!(job = %report.job, attempt = report.attempt, "the server refuses a report: {error}");
                self.delivered();
            }
            Err(many) => self.suspects.extend(many),
        }
    }

    /// Writes what is not yet in the spool.
    fn keep(&mut self) {
        if let Err(error) = self.keep_all() {
            tracing::warn!("failed to write the spool {}: {error}", self.spool.path().display());
        }
    }

    /// Puts all reports on disk that are not there yet; how many are there now.
    pub(super) fn keep_all(&mut self) -> io::Result<usize> {
        let all = self.suspects.iter().chain(&self.reports);
        let fresh = all.filter(|report| !self.kept.contains(&mark(report)));
        let fresh = fresh.map(|report| Kept { report: report.clone(), files: Vec::new() }).collect::<Vec<_>>();
        self.spool.append(&fresh)?;
        self.kept.extend(fresh.iter().map(|kept| mark(&kept.report)));
        Ok(self.kept.len())
    }

    /// Puts the result of an attempt on disk together with its outputs, if it is not there yet.
    pub(super) fn keep_result(&mut self, work: &mut Unfinished) -> Result<(), String> {
        if self.kept.contains(&mark(&work.report)) {
            return Ok(());
        }
        let kept = work.keep(&mut self.spool)?;
        self.spool.append(std::slice::from_ref(&kept)).map_err(|error| error.to_string())?;
        self.kept.insert(mark(&kept.report));
        Ok(())
    }

    /// Where reports are kept.
    pub(super) fn spool_path(&self) -> &Path {
        self.spool.path()
    }
}
