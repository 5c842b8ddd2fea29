//! A server in memory: keeps pilots by the model's own transitions, and can fail or hang at any call.

use async_trait::async_trait;
use factory::Server;
use model::{
    Command, CommandId, CommandState, Decision, Demand, JobCounts, JobId, Order, PilotEvent, PilotFlag, PilotId,
    PilotState, QueueRecord, Shape, Target, Time, Verb, demand::WaitingShape,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;
use wire::Error;
use wire::api::*;

#[derive(Clone, Default)]
pub struct FakeServer {
    state: Arc<Mutex<State>>,
    nudge: Arc<Notify>,
}

#[derive(Default)]
pub struct State {
    pub pilots: BTreeMap<PilotId, PilotSummary>,
    pub waiting: u64,
    pub idle_slots: u64,
    pub queues: Vec<QueueRecord>,
    pub orders: Vec<Order>,
    pub decisions: Vec<Decision>,
    /// Jobs whose reports came from spools.
    pub delivered: Vec<JobId>,
    pub logs: BTreeMap<(PilotId, String), String>,
    pub heartbeats: Vec<FactoryHeartbeat>,
    /// Outlines of configurations, and the sections that were told.
    pub outlines: Vec<ConfigurationOutline>,
    pub sections: BTreeMap<String, model::ConfigSection>,
    /// Sections by call.
    pub section_calls: Vec<usize>,
    /// It is of a version that knows of no configurations.
    pub knows_no_configuration: bool,
    pub commands: Vec<Command>,
    pub outcomes: Vec<(CommandId, CommandOutcome)>,
    /// No call is answered.
    pub down: bool,
    /// How long each call takes.
    pub delay: Duration,
    /// Calls that take effect and then never answer, as when the factory dies at that moment.
    pub hangs_after: BTreeSet<&'static str>,
    /// Calls that never take effect.
    pub hangs_before: BTreeSet<&'static str>,
    /// Calls that no server answers.
    pub unanswered: BTreeSet<&'static str>,
}

pub fn now() -> Time {
    jiff::Timestamp::now().into()
}

pub fn command_of(id: i64, verb: Verb, arguments: &[&str]) -> Command {
    Command {
        id: CommandId(id),
        target: Target::Factory("f1".into()),
        verb,
        arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
        issuer: "test".into(),
        time: now(),
        expires: now() + Duration::from_secs(60),
        state: CommandState::Queued,
        note: String::new(),
        sent: None,
    }
}

impl FakeServer {
    pub fn with_queue(name: &str) -> FakeServer {
        let server = FakeServer::default();
        server.lock().queues.push(QueueRecord::named(name));
        server
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Jobs wait from now on, and the long poll says so.
    pub fn activate(&self, jobs: u64) {
        self.lock().waiting = jobs;
        self.nudge.notify_waiters();
    }

    pub fn give(&self, verb: Verb) {
        self.give_with(verb, &[]);
    }

    pub fn give_with(&self, verb: Verb, arguments: &[&str]) {
        let mut state = self.lock();
        let id = state.commands.len() as i64 + 1;
        state.commands.push(command_of(id, verb, arguments));
        self.nudge.notify_waiters();
    }

    /// As when the answer that carried commands, or what became of them, was lost.
    pub fn offer_again(&self) {
        self.lock().commands.iter_mut().for_each(|command| command.state = CommandState::Queued);
        self.nudge.notify_waiters();
    }

    /// As a pilot's own first call would.
    pub fn hello(&self, pilot: PilotId) {
        let mut state = self.lock();
        let row = state.pilots.get_mut(&pilot).unwrap();
        row.state = row.state.next(PilotEvent::Run).unwrap();
        row.started = Some(now());
        row.last_heard = Some(now());
    }

    pub fn states(&self) -> Vec<PilotState> {
        self.lock().pilots.values().map(|pilot| pilot.state).collect()
    }

    async fn gate<T>(&self, call: &'static str, effect: impl FnOnce(&mut State) -> T) -> Result<T, Error> {
        let delay = self.lock().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if self.lock().down || self.lock().unanswered.contains(call) {
            return Err(Error::Unavailable { url: "fake".into(), reason: "switched off".into(), answered: false });
        }
        if self.lock().hangs_before.contains(call) {
            return std::future::pending().await;
        }
        let answer = effect(&mut self.lock());
        if self.lock().hangs_after.contains(call) {
            return std::future::pending().await;
        }
        Ok(answer)
    }
}

impl State {
    fn announce(&mut self, request: &AnnounceRequest) -> Announced {
        let first = self.pilots.keys().next_back().map_or(1, |id| id.0 + 1);
        if let Some(test) = request.test
            && let Some(command) = self.commands.iter_mut().find(|command| command.id == test)
        {
            command.sent = Some(PilotId(first));
        }
        for id in (first..).take(request.count as usize).map(PilotId) {
            self.pilots.insert(id, announced(id, request));
        }
        let secrets = (0..request.count).map(|index| format!("secret-{first}-{index}")).collect();
        Announced { first: PilotId(first), secrets }
    }

    fn apply(&mut self, update: &BatchUpdate) {
        let Some(row) = self.pilots.get_mut(&update.pilot) else { return };
        let Ok(next) = row.state.next(update.event) else { return };
        row.state = next;
        row.ended = next.is_final().then(now);
        row.batch_id.clone_from(&update.batch_id);
        row.native_state.clone_from(&update.native_state);
        row.flag = update.flag;
        row.error_class = update.error_class;
        row.message.clone_from(&update.message);
    }
}

fn summary(queue: QueueRecord) -> QueueSummary {
    QueueSummary {
        queue,
        jobs: JobCounts::default(),
        pilots: BTreeMap::new(),
        idle_slots: 0,
        status_set: None,
        written: None,
    }
}

fn announced(id: PilotId, request: &AnnounceRequest) -> PilotSummary {
    PilotSummary {
        id,
        factory: request.factory.clone(),
        label: request.label.clone(),
        queue: request.queue.clone(),
        site: request.queue.clone(),
        batch: request.batch.clone(),
        batch_id: String::new(),
        native_state: String::new(),
        state: PilotState::Announced,
        flag: None,
        incarnation: 0,
        node: String::new(),
        slots: 0,
        jobs_now: 0,
        jobs_ended: 0,
        announced: now(),
        started: None,
        first_job: None,
        last_heard: None,
        ended: None,
        error_class: None,
        message: String::new(),
        test: request.test,
        reported: false,
    }
}

/// What a server of an earlier version says of a call that it does not know.
fn unknown_path() -> Error {
    let problem = serde_json::json!({"type": "about:blank", "title": "not found", "status": 404, "code": "unknown-path",
        "detail": "there is nothing here"});
    Error::Refused { call: "PUT".into(), problem: serde_json::from_value(problem).unwrap() }
}

#[async_trait]
impl Server for FakeServer {
    async fn heartbeat(&self, _: &str, said: &FactoryHeartbeat) -> Result<(), Error> {
        self.gate("heartbeat", |state| state.heartbeats.push(said.clone())).await
    }

    async fn outline_configuration(&self, _: &str, outline: &ConfigurationOutline) -> Result<Vec<String>, Error> {
        let wanted = |state: &mut State| {
            state.outlines.push(outline.clone());
            state.sections.retain(|name, _| outline.sections.contains_key(name));
            let known = |name: &str| state.sections.get(name).map(|section| &section.digest);
            let news = outline.sections.iter().filter(|(name, digest)| known(name) != Some(digest));
            (state.knows_no_configuration, news.map(|(name, _)| name.clone()).collect())
        };
        match self.gate("configuration", wanted).await? {
            (true, _) => Err(unknown_path()),
            (false, wanted) => Ok(wanted),
        }
    }

    async fn tell_sections(&self, _: &str, told: &ConfigurationSections) -> Result<(), Error> {
        let take = |state: &mut State| {
            assert_eq!(state.outlines.last().map(|outline| &outline.digest), Some(&told.digest));
            state.section_calls.push(told.sections.len());
            state.sections.extend(told.sections.iter().map(|section| (section.name.clone(), section.clone())));
        };
        self.gate("sections", take).await
    }

    async fn live_pilots(&self, factory: &str) -> Result<Vec<PilotSummary>, Error> {
        let live = |state: &mut State| {
            let pilots = state.pilots.values();
            pilots.filter(|pilot| pilot.factory == factory && !pilot.state.is_final()).cloned().collect()
        };
        self.gate("pilots", live).await
    }

    async fn demand(&self) -> Result<Vec<Demand>, Error> {
        let demand = |state: &mut State| {
            let shape = Shape { cores: 1, ..Shape::default() };
            let waiting = vec![WaitingShape { shape, jobs: state.waiting }];
            vec![Demand { queue: "q".into(), waiting, idle_slots: state.idle_slots, ..Demand::default() }]
        };
        self.gate("demand", demand).await
    }

    async fn ended_pilots(&self, factory: &str, label: &str) -> Result<Vec<PilotSummary>, Error> {
        let ended = |state: &mut State| {
            let of_label = state.pilots.values().rev().filter(|pilot| pilot.factory == factory && pilot.label == label);
            of_label.filter(|pilot| pilot.state.is_final()).cloned().collect()
        };
        self.gate("ended_pilots", ended).await
    }

    async fn ended_counts(&self, factory: &str) -> Result<BTreeMap<String, u64>, Error> {
        let count = |state: &mut State| {
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            let ended = state.pilots.values().filter(|pilot| pilot.factory == factory && pilot.state.is_final());
            ended.for_each(|pilot| *counts.entry(pilot.label.clone()).or_default() += 1);
            counts
        };
        self.gate("ended_counts", count).await
    }

    async fn queues(&self) -> Result<Vec<QueueSummary>, Error> {
        self.gate("queues", |state| state.queues.iter().cloned().map(summary).collect()).await
    }

    async fn orders(&self, _: &str) -> Result<Vec<Order>, Error> {
        self.gate("orders", |state| state.orders.clone()).await
    }

    async fn announce(&self, request: &AnnounceRequest) -> Result<Announced, Error> {
        self.gate("announce", |state| state.announce(request)).await
    }

    async fn report(&self, report: &BatchReport) -> Result<(), Error> {
        self.gate("report", |state| report.updates.iter().for_each(|update| state.apply(update))).await
    }

    async fn decide(&self, decisions: Vec<Decision>) -> Result<(), Error> {
        assert!(decisions.len() <= DECISIONS_PER_REPORT_MAX, "{} decisions", decisions.len());
        self.gate("decide", |state| state.decisions.extend(decisions)).await
    }

    async fn command(&self, request: &CommandRequest) -> Result<(), Error> {
        let retire = |state: &mut State| {
            if let (Target::Pilot(pilot), Verb::Drain) = (&request.target, request.verb)
                && let Some(row) = state.pilots.get_mut(pilot)
            {
                row.flag = Some(PilotFlag::Retiring);
            }
        };
        self.gate("command", retire).await
    }

    async fn commands(&self, _: &str, wait_s: u32) -> Result<Vec<Command>, Error> {
        let nudged = self.nudge.notified();
        tokio::pin!(nudged);
        nudged.as_mut().enable();
        if self.lock().commands.iter().all(|command| command.state != CommandState::Queued) {
            let _ = tokio::time::timeout(Duration::from_secs(wait_s.into()), nudged).await;
        }
        let take = |state: &mut State| {
            let mut taken = Vec::new();
            for command in state.commands.iter_mut().filter(|command| command.state == CommandState::Queued) {
                command.state = CommandState::Delivered;
                taken.push(command.clone());
            }
            taken
        };
        self.gate("commands", take).await
    }

    async fn outcome(&self, command: CommandId, outcome: &CommandOutcome) -> Result<(), Error> {
        self.gate("outcome", |state| state.outcomes.push((command, outcome.clone()))).await
    }

    async fn deliver(&self, _: PilotId, spool: &Path) -> Result<usize, Error> {
        let kept = wire::spool::read(spool).unwrap();
        let take = |state: &mut State| state.delivered.extend(kept.iter().map(|one| one.report.job));
        self.gate("deliver", take).await?;
        std::fs::remove_dir_all(spool).unwrap();
        Ok(kept.len())
    }

    async fn push_log(&self, pilot: PilotId, stream: &str, content: Vec<u8>) -> Result<(), Error> {
        let text = String::from_utf8_lossy(&content).into_owned();
        self.gate("push_log", |state| drop(state.logs.insert((pilot, stream.to_owned()), text))).await
    }
}
