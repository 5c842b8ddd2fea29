//! One cycle: look at the world, close the gaps, decide, act, tell. Everything that decides is in [`crate::plan`] and
//! [`crate::reconcile`]; here is what touches clocks, the server and batch systems.

mod act;
mod ask;
mod closing;
mod configuration;
mod jobs;
mod kill;
mod learn;
mod look;
mod looks;
mod reload;
mod tell;
mod test;

use crate::credential::Credentials;
use crate::monitor::Monitors;
use crate::plan::plan;
use crate::reconcile::{Answer, Gap, Memory, reconcile};
use crate::world::{Read, World};
use crate::{Config, FactoryError, PilotLaunch, Server, logs};
use ask::Resting;
use batch::{BatchError, BatchSystem, Status, crash_point};
use closing::CLOSE_MAX;
pub(crate) use configuration::Telling;
use jobs::Counting;
use look::Look;
use looks::Looks;
use model::{Command, PilotId, PilotState, SourceInfo, Target, Time, Verb};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use wire::api::{
    BatchReport, BatchUpdate, CommandRequest, DECISIONS_PER_REPORT_MAX, FACTORY_TAKEN, FactoryHeartbeat, PilotSummary,
};

/// The most updates of one report; the server takes a report in one commit.
const UPDATES_MAX: usize = 1000;

/// A pilot without a hello counts as starting for so long; after that it waits in a queue.
const STARTING_MAX: Duration = Duration::from_secs(60);

/// Open batch end points by name.
pub type Batches = BTreeMap<String, Arc<dyn BatchSystem>>;

/// What a factory has between two cycles.
pub struct Cycler {
    pub(crate) config: Config,
    pub(crate) server: Arc<dyn Server>,
    pub(crate) launch: PilotLaunch,
    pub(crate) batches: Batches,
    pub(crate) world: World,
    pub(crate) credentials: Arc<Credentials>,
    memories: BTreeMap<String, Memory>,
    /// Pilots that this process saw before their hello, and when they were announced.
    unborn: BTreeMap<PilotId, Time>,
    told_to_drain: BTreeSet<PilotId>,
    looks: Looks<Look>,
    counting: Counting,
    resting: Resting,
    /// Closed pilots whose logs or traces are still there, by end point.
    closing: BTreeMap<String, BTreeSet<PilotId>>,
    /// Pilots that this process took out of a batch system; how they ended says nothing.
    dismissed: BTreeSet<PilotId>,
    /// End points whose left-over traces were looked for.
    swept: BTreeSet<String>,
    /// End points that have live pilots and are not configured; these are told once.
    abandoned: BTreeSet<String>,
    pub(crate) draining: bool,
    /// Why this process may not be the factory any more: another one is.
    pub(crate) taken: Option<String>,
    pub(crate) started: Time,
    /// Where labels come from, for the heartbeat.
    pub(crate) sources: Vec<SourceInfo>,
    /// None before the factory runs: who only looks tells nobody.
    monitors: Option<Monitors>,
    /// What the server is told of the configuration.
    pub(crate) telling: Telling,
    /// Why the configuration, as it stands now, is not in use.
    pub(crate) trouble: String,
    /// The last heartbeat and its time.
    said: Option<(Time, FactoryHeartbeat)>,
}

impl Cycler {
    /// Opens the batch end points.
    pub fn new(config: Config, server: Arc<dyn Server>, launch: PilotLaunch) -> Result<Cycler, FactoryError> {
        let batches = reload::open(&config, &BTreeMap::new(), None)?;
        Ok(Cycler::on(config, batches, server, launch))
    }

    /// With batch end points that are open already, by the names that the configuration gives them. They need not be of
    /// the systems that it names.
    pub fn on(config: Config, batches: Batches, server: Arc<dyn Server>, launch: PilotLaunch) -> Cycler {
        let credentials = Arc::new(Credentials::of(&config));
        Cycler {
            config,
            credentials,
            server,
            launch,
            batches,
            world: World::default(),
            memories: BTreeMap::new(),
            unborn: BTreeMap::new(),
            told_to_drain: BTreeSet::new(),
            looks: Looks::default(),
            counting: Counting::default(),
            resting: Resting::default(),
            closing: BTreeMap::new(),
            dismissed: BTreeSet::new(),
            swept: BTreeSet::new(),
            abandoned: BTreeSet::new(),
            draining: false,
            taken: None,
            started: now(),
            sources: Vec::new(),
            monitors: None,
            telling: Telling::default(),
            trouble: String::new(),
            said: None,
        }
    }

    /// Runs one cycle. Whatever fails in it is told to the log and to the decisions; the next cycle starts anew.
    pub async fn cycle(&mut self) {
        self.world.now = now();
        self.world.past.cycle += 1;
        self.look_at_credentials();
        self.heartbeat().await;
        if self.taken.is_some() {
            return;
        }
        let counts = self.ask_for_jobs();
        let answers = self.look_at_batches().await;
        crash_point("looked");
        if let Err(error) = self.look_at_pilots().await {
            tracing::warn!(%error, "could not get the factory's pilots from the server");
            return;
        }
        self.tell_monitors_of_pilots();
        self.warn_of_abandoned();
        let mut gaps = self.reconcile(&answers);
        for (name, gap) in &mut gaps {
            self.deliver_reports(name, gap).await;
            if !gap.ending().is_empty() {
                crash_point("delivered");
            }
            self.close_gap(name, gap).await;
        }
        self.look_at_queues().await;
        self.look_at_jobs(counts).await;
        self.look_at_credentials();
        self.learn_starts();
        self.forget_dismissed();
        self.recall().await;
        if self.draining {
            self.drain_all().await;
        } else if self.world.orders.is_some() {
            self.decide_and_act().await;
        } else {
            tracing::warn!("nothing is decided before the server has told what was ordered");
        }
        self.clean_up(&answers, &gaps).await;
        self.tell_configuration().await;
    }

    /// A factory that was stopped, configured without an end point and started again.
    fn warn_of_abandoned(&mut self) {
        let live = self.world.pilots.iter().flat_map(|read| &read.value).map(|pilot| &pilot.batch);
        let abandoned: BTreeSet<String> = live.filter(|batch| !self.batches.contains_key(*batch)).cloned().collect();
        for batch in abandoned.difference(&self.abandoned) {
            tracing::warn!(
                batch,
                "there are pilots at an end point that is not configured; nobody looks after them until it is"
            );
        }
        self.abandoned = abandoned;
    }

    /// Whether nothing is left of our pilots, as far as is known. Those that no configured end point shows will never be
    /// seen to go.
    pub fn is_empty(&self) -> bool {
        let seen = |pilot: &PilotSummary| self.batches.contains_key(&pilot.batch);
        self.unborn.is_empty() && self.world.pilots.as_ref().is_some_and(|read| !read.value.iter().any(seen))
    }

    /// Whether pilots are on their way, so that the next cycle has something to see soon.
    pub fn is_unsettled(&self) -> bool {
        self.unborn.values().any(|announced| now().since(*announced) < STARTING_MAX)
    }

    /// Cycles that nudges cause say nothing while there is nothing new to say.
    pub(crate) async fn heartbeat(&mut self) {
        let said = self.said();
        let age = self.config.factory.cycle() / 2;
        if self.said.as_ref().is_some_and(|(at, last)| *last == said && self.world.now.since(*at) < age) {
            return;
        }
        let told = FactoryHeartbeat { health: Some(self.health()), ..said.clone() };
        match self.server.heartbeat(&self.config.factory.name, &told).await {
            Ok(()) => self.said = Some((self.world.now, said)),
            Err(error) if error.code() == Some(FACTORY_TAKEN) => self.taken = Some(error.to_string()),
            Err(error) => tracing::warn!(%error, "could not tell the server that the factory is alive"),
        }
    }

    /// Each is looked at where it lies: for the heartbeat, and again right before labels decide.
    pub(crate) fn look_at_credentials(&mut self) {
        let views = self.credentials.look(self.world.now);
        for (name, view) in &views {
            view.tell(self.world.credentials.get(name));
        }
        self.world.credentials = views;
    }

    pub(crate) async fn look_at_pilots(&mut self) -> Result<(), wire::Error> {
        let value = self.server.live_pilots(&self.config.factory.name).await?;
        self.world.pilots = Some(Read { value, at: now() });
        Ok(())
    }

    /// What people order holds until they say otherwise: while the server is away, what it said last.
    async fn look_at_orders(&mut self) {
        match self.server.orders(&self.config.factory.name).await {
            Ok(value) => self.world.orders = Some(Read { value, at: now() }),
            Err(error) => tracing::warn!(%error, "could not get the orders from the server"),
        }
    }

    /// After the pilots: one that says hello in between is then counted twice rather than not at all.
    pub(crate) async fn look_at_queues(&mut self) {
        match self.server.queues().await {
            Ok(queues) => {
                let value = queues.into_iter().map(|summary| (summary.queue.name.clone(), summary)).collect();
                self.world.queues = Some(Read { value, at: now() });
            }
            Err(error) => tracing::warn!(%error, "could not get the queues from the server"),
        }
        match self.server.demand().await {
            Ok(demand) => {
                let value = demand.into_iter().map(|demand| (demand.queue.clone(), demand)).collect();
                self.world.demand = Some(Read { value, at: now() });
            }
            Err(error) => tracing::warn!(%error, "could not get the demand from the server"),
        }
        self.look_at_orders().await;
        self.world.now = now();
    }

    fn reconcile(&mut self, answers: &BTreeMap<String, Status>) -> BTreeMap<String, Gap> {
        let mut gaps = BTreeMap::new();
        let records = self.world.pilots.iter().flat_map(|read| &read.value).collect::<Vec<_>>();
        let (section, foreign) = (&self.config.factory, self.config.foreign_labels());
        for (name, status) in answers {
            let Some(batch) = self.batches.get(name) else { continue };
            let taken = self.world.batches.get(name).and_then(|view| view.at).unwrap_or_default();
            let answer = Answer {
                status,
                taken,
                began: self.started,
                settles_within: batch.settles_within(),
                quiet: section.quiet(),
                hello: section.hello(),
                foreign: &foreign,
            };
            let of_batch: Vec<&PilotSummary> = records.iter().filter(|pilot| pilot.batch == *name).copied().collect();
            let memory = self.memories.entry(name.clone()).or_default();
            gaps.insert(name.clone(), reconcile(&of_batch, answer, memory));
        }
        gaps
    }

    /// Before a pilot is told to have ended, which gives its jobs to others: what it could not deliver.
    async fn deliver_reports(&self, name: &str, gap: &mut Gap) {
        if let Some(batch) = self.batches.get(name) {
            let waiting = logs::deliver(&*self.server, &**batch, &gap.ending()).await;
            gap.put_off(&waiting);
            gap.add_words(CLOSE_MAX, |pilot| logs::last_words(&**batch, pilot));
        }
    }

    async fn close_gap(&mut self, name: &str, gap: &Gap) {
        let ends = self.ends_of(gap);
        // What could not be told comes again in the next cycle.
        if self.report(gap.updates.clone()).await {
            if !gap.ending().is_empty() {
                crash_point("ended");
            }
            self.learn_ends(name, ends);
        }
        if let Some(batch) = self.batches.get(name).filter(|_| !gap.remove.is_empty()) {
            tracing::warn!(batch = name, pilots = ?gap.remove, "removing pilots that the server does not know as live");
            log_failure(name, batch.remove(&gap.remove).await);
        }
    }

    /// Tells the server, and applies the same to what we know, so that this cycle already decides with it.
    async fn report(&mut self, updates: Vec<BatchUpdate>) -> bool {
        // First: an end that the server knows comes in no later cycle.
        if let (Some(monitors), Some(read)) = (&self.monitors, &self.world.pilots) {
            monitors.report(&self.config, &read.value, &updates);
        }
        for chunk in updates.chunks(UPDATES_MAX) {
            let report = BatchReport { factory: self.config.factory.name.clone(), updates: chunk.to_vec() };
            if let Err(error) = self.server.report(&report).await {
                tracing::warn!(%error, updates = chunk.len(), "could not report the state of pilots");
                return false;
            }
        }
        if let Some(read) = &mut self.world.pilots {
            apply(&mut read.value, &updates);
        }
        true
    }

    async fn decide_and_act(&mut self) {
        self.ask_programs(None).await;
        let mut plans = plan(&self.config, &mut self.world);
        crash_point("planned");
        for plan in &mut plans {
            self.act(plan).await;
        }
        let decisions = plans.into_iter().map(|plan| plan.decision).collect::<Vec<_>>();
        if let Some(monitors) = &self.monitors {
            monitors.decided(&decisions);
        }
        for chunk in decisions.chunks(DECISIONS_PER_REPORT_MAX) {
            if let Err(error) = self.server.decide(chunk.to_vec()).await {
                tracing::warn!(%error, "could not store the decisions");
            }
        }
        crash_point("decided");
    }

    async fn drain_all(&mut self) {
        let pilots: Vec<PilotSummary> = self.world.pilots.iter().flat_map(|read| read.value.clone()).collect();
        let waiting = |pilot: &&PilotSummary| pilot.state.is_pending() && pilot.state != PilotState::Announced;
        for (name, batch) in &self.batches {
            let mine = pilots.iter().filter(|pilot| pilot.batch == *name).filter(waiting);
            let ids: Vec<PilotId> = mine.map(|pilot| pilot.id).collect();
            if !ids.is_empty() {
                log_failure(name, batch.remove(&ids).await);
                self.dismissed.extend(ids);
            }
        }
        for pilot in pilots.iter().filter(|pilot| pilot.state == PilotState::Running) {
            self.tell_to_drain(pilot.id).await;
        }
    }

    async fn tell_to_drain(&mut self, pilot: PilotId) {
        if self.told_to_drain.contains(&pilot) {
            return;
        }
        let target = Target::Pilot(pilot);
        let request = CommandRequest { target, verb: Verb::Drain, arguments: Vec::new(), expires_s: None };
        match self.server.command(&request).await {
            Ok(()) => drop(self.told_to_drain.insert(pilot)),
            Err(error) => tracing::warn!(%pilot, %error, "could not tell a pilot to finish"),
        }
    }

    /// Obeys a command, and says what became of it.
    pub fn obey(&mut self, command: &Command) -> Result<String, String> {
        match command.verb {
            Verb::Cycle => Ok("a cycle runs".to_owned()),
            Verb::Forgive => self.world.past.nodes.forgive(&command.arguments),
            Verb::Drain => {
                self.draining = true;
                Ok("drains".to_owned())
            }
            other => Err(format!("a factory does not know '{}'", other.as_str())),
        }
    }
}

fn apply(pilots: &mut Vec<PilotSummary>, updates: &[BatchUpdate]) {
    let updates: BTreeMap<PilotId, &BatchUpdate> = updates.iter().map(|update| (update.pilot, update)).collect();
    for pilot in pilots.iter_mut() {
        if let Some(update) = updates.get(&pilot.id) {
            pilot.state = pilot.state.next(update.event).unwrap_or(pilot.state);
            pilot.flag = update.flag;
        }
    }
    pilots.retain(|pilot| !pilot.state.is_final());
}

fn log_failure(batch: &str, result: Result<(), BatchError>) {
    if let Err(error) = result {
        tracing::warn!(batch, %error, "could not remove pilots");
    }
}

pub(crate) fn now() -> Time {
    jiff::Timestamp::now().into()
}
