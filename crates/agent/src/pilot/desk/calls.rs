//! The calls of the server: when to make which, and what their answers mean.

use super::Desk;
use super::refusal::{Meaning, meaning};
use crate::frame::JobKey;
use crate::pilot::event::{Event, Line, Sender};
use crate::pilot::report;
use crate::pilot::session::{BackOff, Session};
use model::{Command, CommandId, CommandState, ErrorClass, JobId, Target, Verb};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::{AbortHandle, JoinSet};
use wire::api::{
    CommandOutcome, ExitRequest, Heartbeat, HeartbeatRequest, JobReport, LEASE_SLOTS_MAX, LeaseRequest, Leased,
    RefusedReport,
};

/// How long the last call may take.
const GOODBYE: Duration = Duration::from_secs(5);

/// What is under way.
#[derive(Default)]
pub(super) struct Calls {
    /// The call that carries reports.
    refill: Option<Arc<LeaseRequest>>,
    /// Slots that the long poll asks jobs for.
    poll: Option<(u32, AbortHandle)>,
    /// The next long poll must wait until then.
    poll_after: Option<Instant>,
    heartbeat: bool,
    heartbeat_at: Option<Instant>,
    /// The last heartbeat did not reach the server, and that was said.
    unheard: bool,
    /// The token was refused; a new one is being fetched.
    renewing: bool,
}

impl Calls {
    pub(super) fn is_refilling(&self) -> bool {
        self.refill.is_some()
    }

    /// The reports that were under way when all calls ended.
    pub(super) fn take_carried(&mut self) -> Vec<JobReport> {
        self.refill.take().map_or_else(Vec::new, |request| Arc::unwrap_or_clone(request).reports)
    }

    fn asked(&self) -> u32 {
        self.refill.as_ref().map_or(0, |request| request.max_slots) + self.poll.as_ref().map_or(0, |(asked, _)| *asked)
    }

    /// Nothing under way could bring a job any more.
    pub(super) fn is_quiet(&self) -> bool {
        self.refill.is_none() && self.poll.is_none()
    }

    /// Gives up waiting for jobs.
    pub(super) fn stop_polling(&mut self) {
        if let Some((_, task)) = self.poll.take() {
            task.abort();
        }
    }
}

impl Desk {
    /// Slots' worth of jobs that could be used beyond those in hand and asked for.
    fn want(&self) -> u32 {
        if !self.life.takes_jobs() {
            return 0;
        }
        let slots = u32::try_from(self.hand.slots.len()).unwrap_or(u32::MAX);
        let target = slots + self.prefetch();
        target.saturating_sub(self.hand.load() + self.calls.asked()).min(LEASE_SLOTS_MAX)
    }

    /// Jobs to have at hand beyond the slots.
    fn prefetch(&self) -> u32 {
        match self.hand.stands_still(Instant::now()) {
            true => 0,
            false => self.estimate.prefetch(u32::try_from(self.hand.slots.len()).unwrap_or(u32::MAX)),
        }
    }

    /// Sends reports and asks for jobs, as far as it is time to.
    pub(super) fn call_server(&mut self) {
        let now = Instant::now();
        let want = self.want();
        if self.calls.refill.is_none() && self.outbox.is_due(now, self.is_hungry(want)) {
            return self.refill(want);
        }
        let may_wait = self.outbox.is_empty() && self.outbox.may_call(now);
        let rested = self.calls.poll_after.is_none_or(|after| now >= after);
        if want > 0 && may_wait && rested && self.calls.is_quiet() && !self.calls.renewing {
            self.poll(want);
        }
    }

    /// Somebody waits for what a call brings: a slot has nothing to do, or half of what should be at hand is missing.
    fn is_hungry(&self, want: u32) -> bool {
        let ended = !self.life.takes_jobs() || self.hand.idle_slots() > 0;
        ended || (want > 0 && want * 2 >= self.prefetch())
    }

    fn refill(&mut self, want: u32) {
        let reports = self.outbox.take();
        let request = Arc::new(self.request(want, 0, reports));
        self.calls.refill = Some(Arc::clone(&request));
        self.lease(Line::Refill, request);
    }

    fn poll(&mut self, want: u32) {
        let wait_s = self.life.poll_wait_s(self.session.hello.long_poll_s, self.hand.is_empty());
        let task = self.lease(Line::Poll, Arc::new(self.request(want, wait_s, Vec::new())));
        self.calls.poll = Some((want, task));
    }

    fn request(&self, max_slots: u32, wait_s: u32, reports: Vec<JobReport>) -> LeaseRequest {
        let (mut offer, idle_slots) = (self.hand.offer(), self.hand.idle_slots());
        offer.whole.wall_time_s = self.life.left_s();
        LeaseRequest { max_slots, offer, idle_slots, wait_s, reports }
    }

    fn lease(&mut self, line: Line, request: Arc<LeaseRequest>) -> AbortHandle {
        let (session, sender) = (Arc::clone(&self.session), self.sender.clone());
        self.tasks.spawn(async move {
            let answer = session.client().lease(session.pilot, &request).await;
            let _ = sender.send(Event::Leased { line, request, answer }).await;
        })
    }

    /// An answer to a lease call.
    pub(super) fn leased(&mut self, line: Line, request: Arc<LeaseRequest>, answer: Result<Leased, wire::Error>) {
        match line {
            Line::Refill => self.calls.refill = None,
            Line::Poll => self.calls.poll = None,
        }
        match answer {
            Ok(leased) => {
                self.outbox.answered();
                if line == Line::Refill {
                    self.outbox.delivered();
                }
                if line == Line::Poll && leased.jobs.is_empty() {
                    self.life.nothing_to_do(self.hand.is_empty());
                }
                self.take_in(leased);
            }
            Err(error) => self.lease_failed(Arc::unwrap_or_clone(request).reports, &error),
        }
    }

    fn take_in(&mut self, leased: Leased) {
        for refused in leased.refused {
            self.report_refused(&refused);
        }
        if !leased.jobs.is_empty() {
            self.life.busy();
        }
        for orphan in self.hand.take_in(leased.jobs, leased.specs) {
            tracing::error!(job = %orphan.id, "was leased without its record");
            self.outbox.push(report::failure(&orphan, ErrorClass::Internal, "was leased without its record"));
        }
        if leased.drain {
            self.drain("drained");
        }
    }

    fn report_refused(&mut self, refused: &RefusedReport) {
        tracing::warn!(job = %refused.job, attempt = refused.attempt, "a report was not applied: {}", refused.reason);
        if refused.stop {
            self.stop_silently(JobKey { job: refused.job, attempt: refused.attempt });
        }
    }

    fn lease_failed(&mut self, carried: Vec<JobReport>, error: &wire::Error) {
        match meaning(error) {
            Meaning::Away => self.outbox.not_delivered(carried, error),
            Meaning::Stranger => {
                self.outbox.not_delivered(carried, error);
                self.renew_token();
            }
            Meaning::CastOut => {
                self.outbox.put_back(carried);
                self.cast_out(error);
            }
            Meaning::Refused if carried.is_empty() => {
                tracing::error!("failed to {error}");
                self.calls.poll_after = Some(Instant::now() + Duration::from_secs(5));
            }
            Meaning::Refused => self.outbox.refused(carried, error),
        }
    }

    /// The server does not know this pilot any more: what it runs is nobody's.
    fn cast_out(&mut self, error: &wire::Error) {
        tracing::error!("the server has done with this pilot: {error}");
        self.life.cast_out(error.to_string());
        self.calls.stop_polling();
        for key in self.hand.keys() {
            self.stop_silently(key);
        }
    }

    fn renew_token(&mut self) {
        if std::mem::replace(&mut self.calls.renewing, true) {
            return;
        }
        let (session, sender) = (Arc::clone(&self.session), self.sender.clone());
        self.tasks.spawn(async move {
            let answer = session.renew().await;
            let _ = sender.send(Event::Renewed(answer)).await;
        });
    }

    /// A new token came, or not. A hello that the server refuses is final, whatever its reason.
    pub(super) fn renewed(&mut self, answer: Result<(), wire::Error>) {
        self.calls.renewing = false;
        match answer {
            Ok(()) => {}
            Err(error) if error.is_temporary() || error.is_foreign() => self.unheard(&error),
            Err(error) => self.cast_out(&error),
        }
    }

    /// Renews the leases when it is time.
    pub(super) fn heartbeat_if_due(&mut self, now: Instant) {
        let interval = Duration::from_secs_f64(self.session.hello.heartbeat_s.clamp(0.1, 3600.0));
        let due = self.calls.heartbeat_at.is_none_or(|at| now >= at);
        if !due || self.calls.heartbeat || self.life.is_cast_out() {
            return;
        }
        self.calls.heartbeat_at = Some(now + interval);
        self.calls.heartbeat = true;
        let jobs = self.hand.keys().into_iter().map(|key| (key.job, key.attempt)).collect();
        let request = HeartbeatRequest { jobs, idle_slots: self.hand.idle_slots() };
        let (session, sender) = (Arc::clone(&self.session), self.sender.clone());
        self.tasks.spawn(async move {
            let answer = session.client().heartbeat(session.pilot, &request).await;
            let _ = sender.send(Event::Heartbeat(answer)).await;
        });
    }

    pub(super) fn heartbeat_answered(&mut self, answer: Result<Heartbeat, wire::Error>) {
        self.calls.heartbeat = false;
        match answer {
            Ok(heartbeat) => {
                self.calls.unheard = false;
                for (job, attempt) in heartbeat.stop {
                    self.stop_silently(JobKey { job, attempt });
                }
                if heartbeat.drain {
                    self.drain("drained");
                }
            }
            Err(error) => match meaning(&error) {
                Meaning::Stranger => self.renew_token(),
                Meaning::CastOut => self.cast_out(&error),
                Meaning::Away | Meaning::Refused => self.unheard(&error),
            },
        }
    }

    fn unheard(&mut self, error: &wire::Error) {
        if !std::mem::replace(&mut self.calls.unheard, true) {
            tracing::warn!("failed to send a heartbeat: {error}");
        }
    }

    /// Does what a command says and tells what became of it.
    pub(super) fn obey(&mut self, command: Command) {
        let (state, note) = match (command.verb, &command.target) {
            (Verb::Kill, Target::Job(job)) => self.obey_kill(*job, &command.issuer),
            (Verb::Follow, Target::Job(job)) => self.obey_follow(*job),
            (Verb::Drain, _) => {
                self.drain("drained");
                (CommandState::Accepted, String::new())
            }
            (Verb::Kill, Target::Pilot(_)) => {
                self.drain(&format!("killed by {}", command.issuer));
                self.evict_all(ErrorClass::Evicted, "its pilot was killed");
                (CommandState::Accepted, String::new())
            }
            (verb, _) => (CommandState::Refused, format!("a pilot cannot {}", verb.as_str())),
        };
        self.tell_outcome(command.id, CommandOutcome { state, note });
    }

    fn keys_of(&self, job: JobId) -> Vec<JobKey> {
        self.hand.keys().into_iter().filter(|key| key.job == job).collect()
    }

    fn obey_kill(&mut self, job: JobId, issuer: &str) -> (CommandState, String) {
        let keys = self.keys_of(job);
        if keys.is_empty() {
            return (CommandState::Refused, format!("this pilot does not have job {job}"));
        }
        for key in keys {
            self.end_job(key, ErrorClass::Killed, &format!("killed by {issuer}"));
        }
        (CommandState::Done, String::new())
    }

    fn obey_follow(&mut self, job: JobId) -> (CommandState, String) {
        let keys = self.keys_of(job);
        if keys.is_empty() {
            return (CommandState::Refused, format!("this pilot does not have job {job}"));
        }
        keys.into_iter().for_each(|key| self.follow(key));
        (CommandState::Done, String::new())
    }

    fn tell_outcome(&mut self, id: CommandId, outcome: CommandOutcome) {
        let session = Arc::clone(&self.session);
        self.tasks.spawn(async move {
            if let Err(error) = session.client().command_outcome(id, &outcome).await {
                tracing::warn!(command = %id, "failed to {error}");
            }
        });
    }

    /// The last call; nobody waits long for it.
    pub(super) async fn say_goodbye(&self, reason: &str) {
        if self.outbox.is_away() || self.life.is_cast_out() {
            return;
        }
        let error_class = self.life.fault().map(|_| ErrorClass::Node);
        let request = ExitRequest { reason: reason.to_owned(), error_class };
        let client = self.session.client();
        let said = tokio::time::timeout(GOODBYE, client.exit(self.session.pilot, &request)).await;
        if let Ok(Err(error)) = said {
            tracing::warn!("failed to {error}");
        }
    }
}

/// Waits for commands for ever.
pub(super) fn listen_to_commands(tasks: &mut JoinSet<()>, session: &Arc<Session>, sender: &Sender) {
    let (session, sender) = (Arc::clone(session), sender.clone());
    tasks.spawn(async move {
        let mut back_off = BackOff::new();
        loop {
            match session.client().pilot_commands(session.pilot, session.hello.long_poll_s).await {
                Ok(list) => {
                    back_off = BackOff::new();
                    if !list.commands.is_empty() && sender.send(Event::Commands(list.commands)).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::debug!("failed to {error}");
                    tokio::time::sleep(back_off.next()).await;
                }
            }
        }
    });
}
