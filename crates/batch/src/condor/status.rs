//! One status of all pilots: `condor_q`, and the ends of those that it no longer shows.

use super::remove::CONSTRAINT_MAX;
use super::state::End;
use super::{Condor, event_log, queue, state};
use crate::submission::{self, Submission};
use crate::{BatchError, PilotStatus, Status};
use model::{PilotEvent, PilotId};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Pilots whose ends are looked up in one status call; the rest waits for the next one.
const LOOK_UPS_MAX: usize = 5000;
/// Bytes of an event log that are read: the beginning says nothing that counts at the end.
const LOG_MAX: u64 = 64 << 10;
/// Records that `condor_history` looks at, the newest first.
const HISTORY_MAX: &str = "20000";
/// How long a history that did not answer is left alone.
const HISTORY_PAUSE: Duration = Duration::from_secs(600);

impl Condor {
    pub(super) async fn ask_status(&self) -> Result<Status, BatchError> {
        let taken = Instant::now();
        let mut pilots = self.ask_queue(&self.owner.constraint()).await?;
        let submissions = submission::list(&self.place.here)?;
        learn_jobs(&submissions, &pilots);
        self.force_stuck(&submissions, &pilots).await;
        if self.config.is_remote() && pilots.iter().any(|pilot| lacks_output(&submissions, pilot)) {
            self.fetch_output().await;
        }
        let missing = missing(&submissions, &pilots);
        let logs: Vec<PathBuf> = missing.iter().map(Missing::log).collect();
        self.place.fetch_ends(&self.commands, &logs).await?;
        let unexplained = explain(&missing, &mut pilots);
        if !unexplained.is_empty() {
            pilots.extend(self.ask_history(&unexplained).await);
        }
        for pilot in &mut pilots {
            forgive_removed(&submissions, pilot);
        }
        Ok(Status { taken, complete: true, pilots })
    }

    /// All our jobs that fulfil a constraint. An empty answer is believed only when the totals say the same: the
    /// silence of a command that is not HTCondor's must not read as "no pilots".
    pub(super) async fn ask_queue(&self, constraint: &str) -> Result<Vec<PilotStatus>, BatchError> {
        let garbled = |what| BatchError::Garbled { program: "condor_q".to_owned(), what };
        let answer = self.condor_q(constraint, &["-json", "-attributes", queue::ATTRIBUTES]).await?;
        let pilots = queue::parse(&answer, &self.owner).map_err(garbled)?;
        if pilots.is_empty() {
            let totals = self.condor_q(constraint, &["-totals"]).await?;
            match queue::parse_totals(&totals) {
                Some(0) => {}
                Some(jobs) => return Err(garbled(format!("no jobs, and then {jobs} jobs in all"))),
                None => return Err(garbled("it shows no jobs and no totals".to_owned())),
            }
        }
        Ok(pilots)
    }

    async fn condor_q(&self, constraint: &str, how: &[&str]) -> Result<String, BatchError> {
        let words = self.words(constraint, how);
        Ok(self.commands.run("condor_q", &words).await?.success("condor_q")?.out)
    }

    /// Arguments for a command about some of our jobs.
    pub(super) fn words(&self, constraint: &str, how: &[&str]) -> Vec<String> {
        let mut words = self.config.schedd_arguments();
        words.extend(["-constraint", constraint].map(str::to_owned));
        words.extend(how.iter().map(|word| (*word).to_owned()));
        words
    }

    /// Ends that no event log tells, as far as the history reaches back. A schedd without one is no error: then absence
    /// itself has to do.
    async fn ask_history(&self, pilots: &[PilotId]) -> Vec<PilotStatus> {
        if self.history_rests_until().is_some_and(|until| Instant::now() < until) {
            return Vec::new();
        }
        let constraint = self.owner.constraint_on(&pilots[..pilots.len().min(CONSTRAINT_MAX)]);
        let how = ["-json", "-attributes", queue::ATTRIBUTES, "-scanlimit", HISTORY_MAX];
        let said = self.commands.run("condor_history", &self.words(&constraint, &how)).await;
        let said = said.and_then(|answer| answer.success("condor_history")).map_err(|error| error.to_string());
        let ended = said.and_then(|answer| queue::parse_history(&answer.out, &self.owner));
        *self.history_rests_until() = ended.is_err().then(|| Instant::now() + HISTORY_PAUSE);
        ended.unwrap_or_else(|error| {
            tracing::warn!(error, "condor_history does not help; it is left alone for a while");
            Vec::new()
        })
    }

    fn history_rests_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.history_rests_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the output of all ended jobs from a remote schedd.
    async fn fetch_output(&self) {
        let constraint = format!("{} && JobStatus == 4", self.owner.constraint());
        let said = self.commands.run("condor_transfer_data", &self.words(&constraint, &[])).await;
        if let Err(error) = said.and_then(|answer| answer.success("condor_transfer_data")) {
            tracing::warn!(%error, "could not fetch the output of ended pilots");
        }
    }
}

/// An ended pilot at a remote schedd whose output was not fetched yet.
fn lacks_output(submissions: &[Submission], pilot: &PilotStatus) -> bool {
    let holder = submission::holder(submissions, pilot.pilot).filter(|_| has_ended(pilot));
    holder.is_some_and(|submission| !submission.file(&format!("{}.log", pilot.batch_id)).exists())
}

fn has_ended(pilot: &PilotStatus) -> bool {
    matches!(pilot.event, Some(PilotEvent::End | PilotEvent::Break))
}

/// Numbers that a factory did not come to write down before it died.
fn learn_jobs(submissions: &[Submission], pilots: &[PilotStatus]) {
    for submission in submissions.iter().filter(|submission| submission.job().is_none()) {
        let mut own = pilots.iter().filter(|pilot| submission::holder(submissions, pilot.pilot) == Some(submission));
        if let Some((cluster, _)) = own.find_map(|pilot| pilot.batch_id.split_once('.')) {
            submission.record_job(cluster);
        }
    }
}

/// Pilots of which files are kept and that the queue does not show: their ids there and their event logs.
struct Missing<'a> {
    pilot: PilotId,
    batch_id: String,
    submission: &'a Submission,
}

impl Missing<'_> {
    fn log(&self) -> PathBuf {
        self.submission.file(&format!("{}.log", self.batch_id))
    }
}

fn missing<'a>(submissions: &'a [Submission], pilots: &[PilotStatus]) -> Vec<Missing<'a>> {
    let shown: BTreeSet<PilotId> = pilots.iter().map(|pilot| pilot.pilot).collect();
    let mut found = Vec::new();
    for submission in submissions {
        let Some(cluster) = submission.job() else { continue };
        let kept = submission.pilots().into_iter().filter(|pilot| !shown.contains(pilot));
        found.extend(kept.map(|pilot| {
            let batch_id = format!("{cluster}.{}", submission.index(pilot));
            Missing { pilot, batch_id, submission }
        }));
    }
    found.truncate(LOOK_UPS_MAX);
    found
}

/// Adds those whose event logs tell their ends; answers the others.
fn explain(missing: &[Missing<'_>], pilots: &mut Vec<PilotStatus>) -> Vec<PilotId> {
    let mut unexplained = Vec::new();
    for one @ Missing { pilot, batch_id, submission } in missing {
        let log = tail(&one.log()).unwrap_or_default();
        match event_log::end(&log) {
            Some(end) => pilots.push(state::ended(*pilot, batch_id.clone(), &end)),
            // Its log is with a remote schedd.
            None if submission.was_removed(*pilot) => {
                let removed = End::Removed { reason: String::new(), has_run: false, held: None };
                pilots.push(state::ended(*pilot, batch_id.clone(), &removed));
            }
            None => unexplained.push(*pilot),
        }
    }
    unexplained
}

fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_MAX)))?;
    let mut bytes = Vec::new();
    file.take(LOG_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What we removed ourselves ended as wanted.
fn forgive_removed(submissions: &[Submission], pilot: &mut PilotStatus) {
    let removed = pilot.event == Some(PilotEvent::Break) && pilot.native_state == "Removed";
    if removed && submission::holder(submissions, pilot.pilot).is_some_and(|one| one.was_removed(pilot.pilot)) {
        pilot.event = Some(PilotEvent::End);
        pilot.error_class = None;
        pilot.message = "removed".to_owned();
    }
}
