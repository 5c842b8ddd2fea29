//! One status of all pilots: `squeue`, and the ends of those that it shows as ended or no longer shows.

use super::ends::{Ended, SACCT_FORMAT, parse_sacct, parse_scontrol};
use super::squeue::Rest;
use super::state::{in_words, meaning};
use super::{Slurm, squeue};
use crate::submission::{self, Submission};
use crate::{BatchError, PilotStatus, Status, exit_class};
use model::{PilotEvent, PilotId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Jobs whose ends are looked up in one status call; the rest waits for the next one.
const LOOK_UPS_MAX: usize = 16;
/// How long accounting is left alone that did not answer, or that there is none of.
const ACCOUNTING_PAUSE: Duration = Duration::from_secs(600);

/// An array and those of its pilots that are not forgotten.
struct Kept {
    array: Submission,
    pilots: BTreeSet<PilotId>,
}

impl Slurm {
    pub(super) async fn ask_status(&self) -> Result<Status, BatchError> {
        let taken = Instant::now();
        let user = self.user();
        let said = self.ask("squeue", &squeue::arguments(&user)).await?;
        let answer = squeue::parse(&said, &self.factory);
        if let Some(line) = &answer.garbled {
            tracing::warn!(line, "squeue printed a row that makes no sense; the answer counts as incomplete");
        }
        let arrays = kept(&self.place.here)?;
        let mut pilots = answer.pilots;
        add_rests(&arrays, &answer.rests, &mut pilots);
        self.add_missing(&arrays, &mut pilots).await;
        self.explain_broken(&arrays, &mut pilots).await;
        for pilot in &mut pilots {
            forgive_removed(&arrays, pilot);
        }
        Ok(Status { taken, complete: answer.garbled.is_none(), pilots })
    }

    /// Pilots whose directory is there but that `squeue` no longer shows: Slurm forgot them, accounting may not have.
    async fn add_missing(&self, arrays: &[Kept], pilots: &mut Vec<PilotStatus>) {
        let shown: BTreeSet<PilotId> = pilots.iter().map(|pilot| pilot.pilot).collect();
        let missing = |kept: &&Kept| kept.pilots.iter().any(|pilot| !shown.contains(pilot));
        let jobs: Vec<String> =
            arrays.iter().filter(missing).filter_map(|kept| kept.array.job()).take(LOOK_UPS_MAX).collect();
        if jobs.is_empty() || self.asked().accounting_rests_until.is_some_and(|until| Instant::now() < until) {
            return;
        }
        let ends = self.ask_accounting(&jobs).await.into_iter().filter(|(pilot, _)| !shown.contains(pilot));
        let of_kept = ends.filter(|(pilot, _)| holder(arrays, *pilot).is_some());
        // Accounting may believe for ever that a job runs whose end it was never told.
        let ended = |status: &PilotStatus| matches!(status.event, Some(PilotEvent::End | PilotEvent::Break));
        pilots.extend(of_kept.map(|(pilot, end)| ended_status(pilot, &end)).filter(ended));
    }

    async fn ask_accounting(&self, jobs: &[String]) -> BTreeMap<PilotId, Ended> {
        let words = ["-X", "-n", "-P", "-o", SACCT_FORMAT, "-j", &jobs.join(",")];
        match self.ask("sacct", &words).await {
            Ok(said) => parse_sacct(&said, &self.factory),
            Err(error) => {
                tracing::info!(%error, "accounting cannot tell how pilots ended; it is left alone for a while");
                self.asked().accounting_rests_until = Some(Instant::now() + ACCOUNTING_PAUSE);
                BTreeMap::new()
            }
        }
    }

    /// Exit codes of those that broke, which `squeue -o` cannot print.
    async fn explain_broken(&self, arrays: &[Kept], pilots: &mut [PilotStatus]) {
        let give_up = Instant::now() + self.commands.timeout;
        let mut jobs: BTreeMap<String, Vec<&mut PilotStatus>> = BTreeMap::new();
        for pilot in pilots.iter_mut().filter(|pilot| pilot.event == Some(PilotEvent::Break)) {
            if let Some((job, _)) = pilot.batch_id.split_once('_').filter(|_| holder(arrays, pilot.pilot).is_some()) {
                jobs.entry(job.to_owned()).or_default().push(pilot);
            }
        }
        for (job, broken) in jobs.into_iter().take(LOOK_UPS_MAX) {
            let said = self.ask("scontrol", &["show", "job", "-o", &job]).await;
            let ends = said.as_deref().map(|said| parse_scontrol(said, &self.factory)).unwrap_or_default();
            for pilot in broken {
                if let Some(end) = ends.get(&pilot.pilot) {
                    *pilot = ended_status(pilot.pilot, end);
                }
            }
            // The words for a fault are worth no more than this; the others are asked about next time.
            if matches!(said, Err(BatchError::TimeOut { .. })) || Instant::now() >= give_up {
                return;
            }
        }
    }

    /// The array task of a pilot, for `scancel`: from our own record, else from the last look at the queue.
    pub(super) fn task_of(&self, arrays: &[Submission], pilot: PilotId) -> Option<String> {
        let array = submission::holder(arrays, pilot);
        if let Some((array, job)) = array.and_then(|array| Some((array, array.job()?))) {
            let index = array.index(pilot);
            return array.pilots().contains(&pilot).then(|| format!("{job}_{index}"));
        }
        self.known.last(pilot).map(|shown| shown.batch_id)
    }
}

fn kept(root: &std::path::Path) -> Result<Vec<Kept>, BatchError> {
    let arrays = submission::list(root)?.into_iter();
    Ok(arrays.map(|array| Kept { pilots: array.pilots().into_iter().collect(), array }).collect())
}

/// The array of a pilot that is not forgotten.
fn holder(arrays: &[Kept], pilot: PilotId) -> Option<&Submission> {
    let kept = arrays.iter().rev().find(|kept| kept.array.first <= pilot)?;
    kept.pilots.contains(&pilot).then_some(&kept.array)
}

/// Tasks that ended together without a row of their own.
fn add_rests(arrays: &[Kept], rests: &[Rest], pilots: &mut Vec<PilotStatus>) {
    let shown: BTreeSet<PilotId> = pilots.iter().map(|pilot| pilot.pilot).collect();
    for rest in rests {
        let Some(kept) = arrays.iter().find(|kept| kept.array.first == rest.first) else { continue };
        let missing = kept.pilots.iter().filter(|pilot| !shown.contains(pilot));
        let ended = |status: &PilotStatus| matches!(status.event, Some(PilotEvent::End | PilotEvent::Break));
        pilots.extend(missing.map(|pilot| rest.status(*pilot)).filter(ended));
    }
}

fn ended_status(pilot: PilotId, ended: &Ended) -> PilotStatus {
    let meaning = meaning(&ended.state, &ended.reason);
    let by_code = ended.exit.filter(|(code, _)| *code > 0 && ended.state == "FAILED").map(|(code, _)| exit_class(code));
    PilotStatus {
        pilot,
        event: meaning.event,
        batch_id: ended.batch_id.clone(),
        native_state: ended.state.clone(),
        flag: meaning.flag,
        error_class: by_code.or(meaning.error_class),
        message: in_words(&ended.state, &ended.reason, ended.exit),
    }
}

/// What we cancelled ourselves ended as wanted.
fn forgive_removed(arrays: &[Kept], pilot: &mut PilotStatus) {
    let cancelled = pilot.event == Some(PilotEvent::Break) && pilot.native_state.starts_with("CANCELLED");
    if cancelled && holder(arrays, pilot.pilot).is_some_and(|array| array.was_removed(pilot.pilot)) {
        pilot.event = Some(PilotEvent::End);
        pilot.error_class = None;
        pilot.message = "removed".to_owned();
    }
}
