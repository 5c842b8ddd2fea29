//! What pages read: always through the API's own functions, so that a page shows nothing that a program cannot get.

mod admin;
mod alarms;
mod counts;

use super::elsewhere::Elsewhere;
use super::frame::Asked;
use super::job::LogPiece;
use super::label::TestRun;
use super::problem::PageError;
use super::queue_row::QueueSituation;
use crate::api::{
    commands, decisions, factories, jobs, log_index, log_read, orders, pilot_lines, pilot_list, pilot_logs, queues,
    told,
};
use crate::extract::{Body, Params, Segments};
use crate::names::leaves;
use crate::pilot_log::status::{self, Status};
use crate::{ApiError, AppState};
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use model::job::{JobCounts, JobDetail, JobSummary, LogStream};
use model::pilot::{PilotSummary, Told};
use model::{
    Decision, Demand, FactorySummary, IdSet, JobId, JobState, Order, Permission, PilotId, SubmissionId, Target, Verb,
};
use std::sync::Arc;
use store::{CountScope, DecisionFilter, LabelCount, Scope};
use wire::api::{
    CommandList, CommandQuery, CommandRequest, DecisionPage, DecisionQuery, FactoryQuery, FailuresQuery, JobPage,
    JobQuery, JobsRequest, LOG_ATTEMPT, LOG_NEXT_OFFSET, LOG_STATE, LogIndex, LogIndexQuery, LogLines, LogLinesQuery,
    LogQuery, OrderPage, OrderQuery, PilotDetail, PilotPage, PilotQuery,
};

/// Rows of the lists on the pages of one thing.
pub const SIDE_ROWS: u32 = 20;
/// Tests of a label that its page shows.
const TESTS_SHOWN: usize = 5;
/// Rows of listings.
pub const ROWS: u32 = 100;
/// Bytes of a log that a page shows.
const LOG_SHOWN: u64 = 64 << 10;
/// Bytes of each log of a pilot that a page shows.
const PILOT_LOG_SHOWN: u64 = 16 << 10;

/// Reads for one request.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub(super) state: &'a AppState,
    pub(super) asked: &'a Asked,
}

pub type Read<T> = Result<T, PageError>;

impl<'a> Reader<'a> {
    /// Reads with the rights of who asked.
    pub fn new(state: &'a AppState, asked: &'a Asked) -> Reader<'a> {
        Reader { state, asked }
    }

    /// The error as a page.
    pub fn fail(&self, error: ApiError) -> PageError {
        PageError::for_asked(error, self.asked)
    }

    pub(super) fn told<T>(&self, answer: Result<axum::Json<T>, ApiError>) -> Read<T> {
        answer.map(|axum::Json(value)| value).map_err(|error| self.fail(error))
    }

    pub(super) fn stored<T>(&self, answer: store::Result<T>) -> Read<T> {
        answer.map_err(|error| self.fail(error.into()))
    }

    /// One page of jobs.
    pub async fn jobs(&self, query: JobQuery) -> Read<JobPage> {
        self.told(jobs::list(State(self.state.clone()), self.asked.identity.clone(), Params(query)).await)
    }

    /// The jobs that failed last.
    pub async fn failures(&self, rows: u32) -> Read<Vec<JobSummary>> {
        let query = Params(FailuresQuery { limit: Some(rows) });
        self.told(jobs::failures(State(self.state.clone()), self.asked.identity.clone(), query).await)
            .map(|page| page.jobs)
    }

    /// Jobs by state; none when no counter answers the question.
    pub async fn counts(&self, query: JobQuery) -> Read<Option<JobCounts>> {
        match jobs::count(self.state, query).await {
            Ok(counts) => Ok(Some(counts)),
            Err(error) if error.code == "not-counted" => Ok(None),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Everything about one job.
    pub async fn job(&self, id: JobId) -> Read<JobDetail> {
        self.told(jobs::show(State(self.state.clone()), self.asked.identity.clone(), Segments(id)).await)
    }

    /// How many jobs came with a submission.
    pub async fn submission_size(&self, submission: SubmissionId) -> Read<u64> {
        let counts = self.stored(self.state.store.counts(CountScope::Submission(submission)).await)?;
        Ok(counts.total())
    }

    /// The end of a job's output.
    pub async fn log(&self, id: JobId, stream: LogStream, attempt: Option<u32>) -> Read<LogPiece> {
        let query = LogQuery { attempt, tail: Some(LOG_SHOWN), ..LogQuery::default() };
        let who = self.asked.identity.clone();
        let answer = log_read::read(State(self.state.clone()), who, Segments((id, stream)), Params(query)).await;
        let (parts, body) = answer.map_err(|error| self.fail(error))?.into_parts();
        let bytes = self.collected(body).await?;
        let number = |name: &str| header_text(&parts.headers, name).parse::<u64>().unwrap_or_default();
        let size = number(LOG_NEXT_OFFSET);
        Ok(LogPiece {
            attempt: u32::try_from(number(LOG_ATTEMPT)).unwrap_or_default(),
            offset: size.saturating_sub(bytes.len() as u64),
            bytes,
            size,
            open: header_text(&parts.headers, LOG_STATE) == "open",
        })
    }

    async fn collected(&self, body: axum::body::Body) -> Read<Vec<u8>> {
        let collected = body.collect().await;
        let bytes =
            collected.map_err(|error| self.fail(ApiError::internal(format!("cannot read the log: {error}"))))?;
        Ok(bytes.to_bytes().to_vec())
    }

    /// Whether the viewer may kill and retry the job.
    pub async fn may_manage(&self, job: &JobSummary) -> bool {
        match self.asked.identity.job_scope(self.state).await {
            Ok(Scope::All) => true,
            Ok(Scope::User(user)) => job.user == user,
            Ok(Scope::Group { user, group }) => job.user == user || job.group == group,
            Ok(Scope::Queues { user, queues }) => job.user == user || queues.contains(&job.queue),
            Err(_) => false,
        }
    }

    /// Whether the viewer may give commands to the pilot.
    pub fn may_command(&self, pilot: &PilotSummary) -> bool {
        let who = &self.asked.identity;
        who.require(Permission::CommandPilots).and_then(|()| who.require_site(&pilot.site)).is_ok()
    }

    /// Kills one job.
    pub async fn kill(&self, id: JobId) -> Read<()> {
        let request = JobsRequest { ids: IdSet::of([id]).to_string() };
        let who = self.asked.identity.clone();
        self.told(jobs::kill(State(self.state.clone()), who, Body(request)).await).map(|_| ())
    }

    /// Runs one job again.
    pub async fn retry(&self, id: JobId) -> Read<()> {
        let request = JobsRequest { ids: IdSet::of([id]).to_string() };
        let who = self.asked.identity.clone();
        self.told(jobs::retry(State(self.state.clone()), who, Body(request)).await).map(|_| ())
    }

    /// Tells a pilot to finish and exit.
    pub async fn drain(&self, id: PilotId) -> Read<()> {
        let (target, arguments) = (Target::Pilot(id), Vec::new());
        let request = CommandRequest { target, verb: Verb::Drain, arguments, expires_s: None };
        let who = self.asked.identity.clone();
        self.told(commands::give(State(self.state.clone()), who, Body(request)).await).map(|_| ())
    }

    /// The last decision for each of these queues.
    pub async fn decided(&self, queues: &mut [QueueSituation]) -> Read<()> {
        for queue in queues {
            queue.last = self.last_decision(of_queue(&queue.queue.name)).await?;
        }
        Ok(())
    }

    /// All queues by name with their counts, without decisions.
    pub async fn queues(&self) -> Read<Vec<QueueSituation>> {
        let list = self.told(queues::list(State(self.state.clone()), self.asked.identity.clone()).await)?;
        Ok(list.queues.into_iter().map(|summary| situation(summary, None)).collect())
    }

    /// One queue with its counts.
    pub async fn queue(&self, name: &str) -> Read<QueueSituation> {
        let who = self.asked.identity.clone();
        let summary = queues::show(State(self.state.clone()), who, Segments(name.to_owned())).await;
        Ok(situation(self.told(summary)?, None))
    }

    /// Names of all queues.
    pub async fn queue_names(&self) -> Read<Vec<String>> {
        let queues = self.stored(self.state.store.queues().await)?;
        Ok(queues.into_iter().map(|queue| queue.name).collect())
    }

    /// What waits in a queue, by shape.
    pub async fn demand(&self, queue: &str) -> Read<Demand> {
        Ok(self.demand_of(Some(queue.to_owned())).await?.into_iter().next().unwrap_or_default())
    }

    /// What waits in all queues, by shape.
    pub async fn all_demand(&self) -> Read<Vec<Demand>> {
        self.demand_of(None).await
    }

    async fn demand_of(&self, queue: Option<String>) -> Read<Vec<Demand>> {
        let (query, who) = (queues::DemandQuery { queue }, self.asked.identity.clone());
        Ok(self.told(queues::demand(State(self.state.clone()), who, Params(query)).await)?.demand)
    }

    /// One page of pilots.
    pub async fn pilots(&self, query: PilotQuery) -> Read<PilotPage> {
        self.told(pilot_list::list(State(self.state.clone()), self.asked.identity.clone(), Params(query)).await)
    }

    /// One pilot.
    pub async fn pilot(&self, id: PilotId) -> Read<PilotDetail> {
        self.told(pilot_list::show(State(self.state.clone()), self.asked.identity.clone(), Segments(id)).await)
    }

    /// Logs of a pilot that its factory, one of other software, keeps.
    pub async fn reported_logs(&self, pilot: &PilotSummary) -> Read<Vec<Elsewhere>> {
        let told = self.stored(self.state.store.reported_factory(pilot.factory.clone()).await)?;
        let logs = told.map(|told| told.logs(pilot)).unwrap_or_default().into_iter();
        let title =
            |kind: &str| if kind == "log" { "log of the batch system".to_owned() } else { format!("log {kind}") };
        Ok(logs.map(|(kind, url)| Elsewhere { title: title(kind), url }).collect())
    }

    /// All that was said about a pilot.
    pub async fn told_of(&self, id: PilotId) -> Read<Vec<Told>> {
        let told = told::of_pilot(State(self.state.clone()), self.asked.identity.clone(), Segments(id)).await;
        self.told(told).map(|told| told.events)
    }

    /// The end of one of a pilot's logs; none when it has not arrived.
    pub async fn pilot_log(&self, id: PilotId, kind: &str) -> Read<Option<Vec<u8>>> {
        let part = pilot_logs::PartQuery { tail: Some(PILOT_LOG_SHOWN) };
        let who = self.asked.identity.clone();
        let path = Segments((id, kind.to_owned()));
        match pilot_logs::read(State(self.state.clone()), who, path, Params(part), HeaderMap::new()).await {
            Ok(answer) => self.collected(Response::into_body(answer)).await.map(Some),
            Err(error) if error.status == StatusCode::NOT_FOUND => Ok(None),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Lines of one of a pilot's logs; none when it has not arrived. A live update leaves those alone that are shown, and
    /// so reads none.
    pub async fn pilot_lines(&self, id: PilotId, kind: &str, query: LogLinesQuery) -> Read<Option<LogLines>> {
        if self.asked.fragment {
            return Ok(Some(LogLines::default()));
        }
        let path = Segments((id, kind.to_owned()));
        match pilot_lines::read(State(self.state.clone()), self.asked.identity.clone(), path, Params(query)).await {
            Ok(lines) => Ok(Some(lines.0)),
            Err(error) if error.status == StatusCode::NOT_FOUND => Ok(None),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// What lies in a folder of pilots' logs.
    pub async fn log_index(&self, names: &[String], query: LogIndexQuery) -> Read<LogIndex> {
        let index = log_index::read(self.state, &self.asked.identity, names, query).await;
        index.map_err(|error| self.fail(error))
    }

    /// How logs of pilots are kept at present.
    pub async fn log_status(&self) -> Read<Option<Status>> {
        self.stored(status::read(&self.state.store).await)
    }

    pub(super) async fn all_counts(&self) -> Read<Arc<Vec<LabelCount>>> {
        self.stored(self.state.aggregates.pilot_counts(&self.state.store).await)
    }

    /// Pilots by state that queue, factory and label of the query leave, from counters.
    pub async fn pilot_counts(&self, query: &PilotQuery) -> Read<super::cells::PilotCounts> {
        let mut counts = super::cells::PilotCounts::new();
        for count in self.all_counts().await?.iter() {
            let is_of_label = leaves(&query.factory, &count.factory) && leaves(&query.label, &count.label);
            if is_of_label && leaves(&query.queue, &count.queue) {
                *counts.entry(count.state).or_default() += count.pilots;
            }
        }
        Ok(counts)
    }

    /// All factories but idle ones of other software.
    pub async fn factories(&self) -> Read<Vec<Arc<FactorySummary>>> {
        self.some_factories(FactoryQuery::default()).await
    }

    /// One factory. What pages share of all is a moment old, so that one which is not among them is looked for itself.
    pub async fn factory(&self, name: &str) -> Read<Option<Arc<FactorySummary>>> {
        let shared = self.some_factories(FactoryQuery { idle: Some(true) }).await?;
        if let Some(known) = shared.into_iter().find(|one| one.name == name) {
            return Ok(Some(known));
        }
        let all = self.stored(self.state.store.factories().await)?;
        Ok(all.into_iter().find(|one| one.name == name).map(Arc::new))
    }

    async fn some_factories(&self, query: FactoryQuery) -> Read<Vec<Arc<FactorySummary>>> {
        factories::shown(self.state, &self.asked.identity, query).await.map_err(|error| self.fail(error))
    }

    /// Orders in force, to one factory or to all.
    pub async fn orders(&self, factory: Option<String>) -> Read<Vec<Order>> {
        self.stored(self.state.store.orders_in_force(factory, self.asked.now).await)
    }

    /// One page of all orders that are kept.
    pub async fn order_history(&self, query: OrderQuery) -> Read<OrderPage> {
        self.told(orders::list(State(self.state.clone()), self.asked.identity.clone(), Params(query)).await)
    }

    /// One page of commands, newest first.
    pub async fn commands(&self, query: CommandQuery) -> Read<CommandList> {
        let list = commands::list(State(self.state.clone()), self.asked.identity.clone(), Params(query)).await;
        let mut list = self.told(list)?;
        list.commands.reverse();
        Ok(list)
    }

    /// The last tests of a label, newest first, with the pilots that they sent.
    pub async fn tests(&self, factory: &str, label: &str) -> Read<Vec<TestRun>> {
        let query =
            CommandQuery { factory: Some(factory.to_owned()), verb: Some(Verb::Test), ..CommandQuery::default() };
        let given = self.commands(query).await?.commands.into_iter();
        let mut tests = Vec::new();
        for command in given.filter(|command| command.arguments == [label]).take(TESTS_SHOWN) {
            let pilot = match command.sent {
                Some(pilot) => self.stored(self.state.store.pilot(pilot).await)?,
                None => None,
            };
            tests.push(TestRun { command, pilot });
        }
        Ok(tests)
    }

    /// The site of a queue; empty when there is no such queue.
    pub async fn site_of(&self, queue: String) -> Read<String> {
        Ok(self.stored(self.state.store.queue(queue).await)?.map(|queue| queue.site).unwrap_or_default())
    }

    /// One page of decisions.
    pub async fn decisions(&self, query: DecisionQuery) -> Read<DecisionPage> {
        self.told(decisions::list(State(self.state.clone()), self.asked.identity.clone(), Params(query)).await)
    }

    /// The newest decision that the query leaves.
    pub async fn last_decision(&self, query: DecisionQuery) -> Read<Option<Decision>> {
        let DecisionQuery { factory, label, queue, .. } = query;
        let filter = DecisionFilter { factory, label, queue };
        Ok(self.stored(self.state.store.decisions(filter, None, 1).await)?.rows.into_iter().next())
    }
}

/// Decisions for one queue.
pub fn of_queue(queue: &str) -> DecisionQuery {
    DecisionQuery { queue: Some(queue.to_owned()), ..DecisionQuery::default() }
}

/// Jobs in one state.
pub fn in_state(state: JobState, limit: u32) -> JobQuery {
    JobQuery { state: Some(state), limit: Some(limit), ..JobQuery::default() }
}

fn situation(summary: wire::api::QueueSummary, last: Option<Decision>) -> QueueSituation {
    QueueSituation {
        queue: summary.queue,
        jobs: summary.jobs,
        pilots: summary.pilots,
        idle_slots: summary.idle_slots,
        status_set: summary.status_set,
        last,
    }
}

fn header_text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
