//! What happens to single jobs.

use super::Desk;
use crate::frame::{Ended, JobKey, ToRunner};
use crate::pilot::event::Event;
use crate::pilot::finish::Finish;
use crate::pilot::follow::Follow;
use crate::pilot::hand::Place;
use crate::pilot::report;
use crate::pilot::staging::{self, StageIn};
use crate::pilot::unfinished::{Shared, Unfinished};
use model::{ErrorClass, JobState, Time};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wire::api::JobReport;

/// Jobs that wait longer than this behind others are given back for other pilots.
const GIVE_BACK_AFTER: Duration = Duration::from_secs(3);

impl Desk {
    /// Gives ready jobs to slots.
    pub(super) fn assign(&mut self) {
        for (slot, key) in self.hand.assign(self.estimate.depth(), staging::is_staged) {
            self.stage_in(slot, key);
        }
    }

    fn stage_in(&mut self, slot: usize, key: JobKey) {
        let Some(held) = self.hand.get_mut(key) else { return };
        let spec = Arc::clone(&held.spec);
        let cancel = CancellationToken::new();
        held.staging = Some(cancel.clone());
        let report = held.job.report(JobState::Starting);
        if !spec.inputs.is_empty() {
            self.outbox.push(report);
        }
        let stage_in = StageIn { key, dir: self.hand.slots[slot].dir.join("work"), cancel };
        let sender = self.sender.clone();
        self.tasks.spawn(async move {
            let result = stage_in.run(&spec).await;
            let _ = sender.send(Event::Staged(slot, key, result)).await;
        });
    }

    /// Its inputs are there, or not; nothing writes to the scratch directory any more.
    pub(super) fn staged(&mut self, slot: usize, key: JobKey, result: Result<(), String>) {
        self.hand.slots[slot].staging = None;
        let waits = self.hand.get_mut(key).is_some_and(|held| held.place == Place::Staging(slot));
        match result {
            Ok(()) if waits => return self.hand.start(slot, key, true),
            Err(words) if waits => self.never_started(key, ErrorClass::StageIn, &words),
            // It was ended meanwhile.
            _ => {}
        }
        self.release_slot_of(key);
    }

    /// Ends the record of a job that no process was started for.
    pub(super) fn never_started(&mut self, key: JobKey, class: ErrorClass, words: &str) {
        if let Some(held) = self.hand.remove(key)
            && !held.silent
        {
            self.outbox.push(report::failure(&held.job, class, words));
        }
    }

    /// It runs for a while.
    pub(super) fn started(&mut self, key: JobKey, started: Time) {
        let Some(held) = self.hand.get_mut(key) else { return };
        held.started = true;
        let silent = held.silent;
        let report = JobReport { started: Some(started), ..held.job.report(JobState::Running) };
        let wants_follow = held.follow.is_some();
        if !silent {
            self.outbox.push(report);
        }
        if wants_follow {
            self.tell_runner_of(key, &ToRunner::Follow(key));
        }
    }

    /// Its process tree is gone.
    pub(super) fn ended(&mut self, slot: usize, mut ended: Ended) {
        let key = ended.key;
        if self.life.is_terminated() && ended.is_from_outside() {
            ended.class = Some(ErrorClass::Evicted);
            ended.message.insert_str(0, "the batch system told the pilot to go (TERM) and ended its payload: ");
        }
        self.hand.job_ended(slot, key);
        if ended.wall_us > 0 {
            self.estimate.learn(ended.wall_us);
        }
        let slot_dir = self.hand.slots[slot].dir.clone();
        let Some(held) = self.hand.get_mut(key) else { return };
        let (mut report, mut logs) = report::final_report(&held.job, ended);
        if held.follow.is_some() {
            report::as_logs(&mut report, &mut logs);
        }
        let outputs = report.state == JobState::Finished && !held.spec.outputs.is_empty();
        let simple = !outputs && logs.iter().all(Option::is_none) && held.follow.is_none();
        if simple || held.silent {
            return self.finished(key, report);
        }
        if outputs {
            self.outbox.push(held.job.report(JobState::Transferring));
        }
        let work = Shared::new(Unfinished::new(held.job.clone(), report, slot_dir, &held.spec.outputs, logs));
        held.place = Place::Finishing;
        held.unfinished = Some(work.clone());
        let (session, events, follow) = (Arc::clone(&self.session), self.sender.clone(), held.follow.take());
        self.tasks.spawn(Finish { session, events, work, follow }.run());
    }

    /// Nothing is left to do but to report.
    pub(super) fn finished(&mut self, key: JobKey, report: JobReport) {
        let Some(held) = self.hand.remove(key) else { return };
        if !held.silent {
            self.outbox.push(report);
        }
        if staging::is_staged(&held.spec) {
            self.release_slot_of(key);
        }
        self.life.job_ended(self.hand.is_empty());
    }

    fn release_slot_of(&mut self, key: JobKey) {
        for slot in self.hand.slots.iter_mut().filter(|slot| slot.reserved_for == Some(key)) {
            slot.tell(&ToRunner::Release);
        }
    }

    fn tell_runner_of(&mut self, key: JobKey, message: &ToRunner) {
        if let Some(Place::Slot(slot)) = self.hand.get_mut(key).map(|held| held.place) {
            self.hand.slots[slot].tell(message);
        }
    }

    /// Ends a job, wherever it is.
    pub(super) fn end_job(&mut self, key: JobKey, class: ErrorClass, words: &str) {
        let Some(held) = self.hand.get_mut(key) else { return };
        match held.place {
            Place::Ready => self.never_started(key, class, words),
            Place::Staging(_) => {
                // The slot stays reserved until nothing writes to it any more.
                if let Some(staging) = held.staging.take() {
                    staging.cancel();
                }
                self.never_started(key, class, words);
            }
            Place::Slot(_) => self.tell_runner_of(key, &ToRunner::Kill(key, class, words.to_owned())),
            Place::Finishing => {}
        }
    }

    /// Ends a job that the server does not want to hear of any more.
    pub(super) fn stop_silently(&mut self, key: JobKey) {
        if let Some(held) = self.hand.get_mut(key) {
            held.silent = true;
            self.end_job(key, ErrorClass::Killed, "its attempt is over for the server");
        }
    }

    /// Ends all jobs that have not ended by themselves.
    pub(super) fn evict_all(&mut self, class: ErrorClass, words: &str) {
        for key in self.hand.keys() {
            self.end_job(key, class, words);
        }
    }

    /// Somebody reads the output of a job.
    pub(super) fn follow(&mut self, key: JobKey) {
        let Some(held) = self.hand.get_mut(key) else { return };
        held.follow.get_or_insert_with(Follow::wanted).renew();
        if held.started {
            self.tell_runner_of(key, &ToRunner::Follow(key));
        }
    }

    /// The output of a followed job is in files.
    pub(super) fn following(&mut self, slot: usize, key: JobKey) {
        let (session, dir) = (Arc::clone(&self.session), self.hand.slots[slot].dir.clone());
        let Some(held) = self.hand.get_mut(key) else { return };
        let job = held.job.clone();
        if let Some(follow) = &mut held.follow {
            follow.begin(session, job, dir);
        }
    }

    /// Jobs behind a long one go to an idle slot; those that wait too long go back to the server.
    pub(super) fn spread(&mut self, now: Instant) {
        if self.hand.unstarted() == 0 {
            return;
        }
        let waits_long = self.hand.ready().any(|held| now >= held.since + GIVE_BACK_AFTER);
        let stuck = self.hand.stuck_since(now, GIVE_BACK_AFTER);
        if stuck || (self.hand.idle_slots() > 0 && self.hand.has_queued()) {
            self.recall();
        }
        if waits_long {
            // While slots are free, the first is a wide one that waits for more of them.
            self.give_back_after(usize::from(self.hand.idle_slots() > 0));
        }
    }

    /// Takes jobs that were not started back from the runners.
    pub(super) fn recall(&mut self) {
        for slot in self.hand.slots.iter_mut().filter(|slot| slot.jobs.len() > 1) {
            slot.tell(&ToRunner::Recall);
        }
    }

    /// Reports ready jobs as evicted, so that another pilot gets them.
    pub(super) fn give_back(&mut self) {
        self.give_back_after(0);
    }

    fn give_back_after(&mut self, kept: usize) {
        let keys: Vec<JobKey> = self.hand.ready().skip(kept).map(|held| held.key()).collect();
        if !keys.is_empty() {
            tracing::info!(jobs = keys.len(), "gives jobs back that it could not start soon");
        }
        for key in keys {
            self.never_started(key, ErrorClass::Evicted, "given back by its pilot before it started");
        }
    }
}
