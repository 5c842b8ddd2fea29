//! One status of all pilots: `squeue`, and the ends of those that it shows as ended or no longer shows.

use super::array::{self, Array};
use super::ends::{Ended, SACCT_FORMAT, parse_sacct, parse_scontrol};
use super::squeue::Rest;
use super::state::{in_words, meaning};
use super::{Slurm, squeue};
use crate::{BatchError, PilotStatus, Status, exit_class};
use model::{PilotEvent, PilotId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Arrays whose ends are looked up in one status call; the rest waits for the next one.
const LOOK_UPS_MAX: usize = 16;

impl Slurm {
    pub(super) async fn ask_status(&self, without_sacct: &mut bool) -> Result<Status, BatchError> {
        let taken = Instant::now();
        let arguments = squeue::arguments(rustix::process::getuid().as_raw(), &self.config.cluster);
        let said = self.commands.run("squeue", &arguments).await?.success("squeue")?;
        let answer = squeue::parse(&said.out, &self.factory);
        if let Some(line) = &answer.garbled {
            tracing::warn!(line, "squeue printed a row that makes no sense; the answer counts as incomplete");
        }
        let arrays = array::list(&self.dir)?;
        let mut pilots = answer.pilots;
        add_rests(&arrays, &answer.rests, &mut pilots);
        self.add_missing(&arrays, &mut pilots, without_sacct).await;
        self.explain_broken(&arrays, &mut pilots).await;
        for pilot in &mut pilots {
            forgive_removed(&arrays, pilot);
        }
        Ok(Status { taken, complete: answer.garbled.is_none(), pilots })
    }

    /// Pilots whose directory is there but that `squeue` no longer shows: Slurm forgot them, accounting may not have.
    async fn add_missing(&self, arrays: &[Array], pilots: &mut Vec<PilotStatus>, without_sacct: &mut bool) {
        let shown: BTreeSet<PilotId> = pilots.iter().map(|pilot| pilot.pilot).collect();
        let mut look_ups = 0;
        for array in arrays {
            let missing: Vec<PilotId> = array.pilots().into_iter().filter(|pilot| !shown.contains(pilot)).collect();
            let Some(job) = array.job().filter(|_| !missing.is_empty()) else { continue };
            look_ups += 1;
            if *without_sacct || look_ups > LOOK_UPS_MAX {
                break;
            }
            let ends = self.ask_sacct(&job, without_sacct).await;
            pilots.extend(missing.iter().filter_map(|pilot| {
                let index = pilot.0 - array.first.0;
                let status = ended_status(*pilot, &job, index, ends.get(&index)?);
                // Accounting may believe for ever that a job runs whose end it was never told.
                matches!(status.event, Some(PilotEvent::End | PilotEvent::Break)).then_some(status)
            }));
        }
    }

    async fn ask_sacct(&self, job: &str, without_sacct: &mut bool) -> BTreeMap<i64, Ended> {
        let mut words: Vec<String> = ["-X", "-n", "-P", "-o", SACCT_FORMAT, "-j", job].map(str::to_owned).to_vec();
        if !self.config.cluster.is_empty() {
            words.push(format!("--clusters={}", self.config.cluster));
        }
        match self.commands.run("sacct", &words).await {
            Ok(answer) if answer.code == 0 => parse_sacct(&answer.out),
            Ok(answer) if answer.err.contains("accounting storage is disabled") => {
                *without_sacct = true;
                BTreeMap::new()
            }
            _ => BTreeMap::new(),
        }
    }

    /// Exit codes of those that broke, which `squeue -o` cannot print.
    async fn explain_broken(&self, arrays: &[Array], pilots: &mut [PilotStatus]) {
        let broken = |pilot: &&PilotStatus| pilot.event == Some(PilotEvent::Break);
        let kept = |pilot: &&PilotStatus| array::holder(arrays, pilot.pilot).is_some_and(|array| array.job().is_some());
        let jobs: BTreeSet<String> = pilots
            .iter()
            .filter(broken)
            .filter(kept)
            .filter_map(|pilot| Some(pilot.batch_id.split_once('_')?.0.to_owned()))
            .take(LOOK_UPS_MAX)
            .collect();
        for job in jobs {
            let words: Vec<String> = ["show", "job", "-o", &job].map(str::to_owned).to_vec();
            let Ok(answer) = self.commands.run("scontrol", &words).await else { continue };
            let ends = parse_scontrol(&answer.out);
            for pilot in pilots.iter_mut().filter(|pilot| pilot.event == Some(PilotEvent::Break)) {
                let Some((of, index)) = pilot.batch_id.split_once('_') else { continue };
                let ended = index.parse().ok().and_then(|index: i64| ends.get(&index));
                if let Some(ended) = ended.filter(|_| of == job) {
                    let index = index.parse().unwrap_or_default();
                    *pilot = ended_status(pilot.pilot, &job, index, ended);
                }
            }
        }
    }

    /// The array task of a pilot, for `scancel`: from our own record, else from a fresh look at the queue.
    pub(super) async fn task_of(&self, arrays: &[Array], pilot: PilotId) -> Option<String> {
        let array = array::holder(arrays, pilot);
        if let Some((array, job)) = array.and_then(|array| Some((array, array.job()?))) {
            let index = pilot.0 - array.first.0;
            return array.pilots().contains(&pilot).then(|| format!("{job}_{index}"));
        }
        let known = self.known.lock().await;
        let status = known.status.as_ref()?;
        status.pilots.iter().find(|shown| shown.pilot == pilot).map(|shown| shown.batch_id.clone())
    }
}

/// Tasks that ended together without a row of their own.
fn add_rests(arrays: &[Array], rests: &[Rest], pilots: &mut Vec<PilotStatus>) {
    let shown: BTreeSet<PilotId> = pilots.iter().map(|pilot| pilot.pilot).collect();
    for rest in rests {
        let Some(array) = arrays.iter().find(|array| array.first == rest.first) else { continue };
        let missing = array.pilots().into_iter().filter(|pilot| !shown.contains(pilot));
        let ended = |status: &PilotStatus| matches!(status.event, Some(PilotEvent::End | PilotEvent::Break));
        pilots.extend(missing.map(|pilot| rest.status(pilot)).filter(ended));
    }
}

fn ended_status(pilot: PilotId, job: &str, index: i64, ended: &Ended) -> PilotStatus {
    let meaning = meaning(&ended.state, &ended.reason);
    let by_code = ended.exit.filter(|(code, _)| *code > 0 && ended.state == "FAILED").map(|(code, _)| exit_class(code));
    PilotStatus {
        pilot,
        event: meaning.event,
        batch_id: format!("{job}_{index}"),
        native_state: ended.state.clone(),
        flag: meaning.flag,
        error_class: by_code.or(meaning.error_class),
        message: in_words(&ended.state, &ended.reason, ended.exit),
    }
}

/// What we cancelled ourselves ended as wanted.
fn forgive_removed(arrays: &[Array], pilot: &mut PilotStatus) {
    let cancelled = pilot.event == Some(PilotEvent::Break) && pilot.native_state.starts_with("CANCELLED");
    if cancelled && array::holder(arrays, pilot.pilot).is_some_and(|array| array.was_removed(pilot.pilot)) {
        pilot.event = Some(PilotEvent::End);
        pilot.error_class = None;
        pilot.message = "removed".to_owned();
    }
}
