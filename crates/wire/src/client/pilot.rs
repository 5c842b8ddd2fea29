//! Calls of `/pilots`.

use super::{Call, Client, Error};
use crate::api::*;
use bytes::Bytes;
use jiff::fmt::rfc2822;
use model::{Command, CommandId, PilotId, Time};

impl Client {
    /// Announces pilots before they are submitted.
    pub async fn announce(&self, request: &AnnounceRequest) -> Result<Announced, Error> {
        self.send(Call::post("/pilots/announce").json(request)).await?.json()
    }

    /// Tells what a batch system says about pilots.
    pub async fn report_batch(&self, report: &BatchReport) -> Result<(), Error> {
        self.send(Call::post("/pilots/batch").json(report).repeatable()).await.map(drop)
    }

    /// A pilot's first call.
    pub async fn hello(&self, pilot: PilotId, request: &HelloRequest) -> Result<Hello, Error> {
        self.send(Call::post(&format!("/pilots/{pilot}/hello")).json(request).repeatable()).await?.json()
    }

    /// Reports, and asks for jobs.
    pub async fn lease(&self, pilot: PilotId, request: &LeaseRequest) -> Result<Leased, Error> {
        self.send(Call::post(&format!("/pilots/{pilot}/lease")).json(request).waiting(request.wait_s)).await?.json()
    }

    /// Reports without asking for jobs: of the pilot itself, or by its factory of what it left behind.
    pub async fn report(&self, pilot: PilotId, request: &ReportRequest) -> Result<Leased, Error> {
        self.send(Call::post(&format!("/pilots/{pilot}/report")).json(request).repeatable()).await?.json()
    }

    /// Renews the leases of all jobs of a pilot.
    pub async fn heartbeat(&self, pilot: PilotId, request: &HeartbeatRequest) -> Result<Heartbeat, Error> {
        self.send(Call::post(&format!("/pilots/{pilot}/heartbeat")).json(request).repeatable()).await?.json()
    }

    /// A pilot's last call.
    pub async fn exit(&self, pilot: PilotId, request: &ExitRequest) -> Result<(), Error> {
        self.send(Call::post(&format!("/pilots/{pilot}/exit")).json(request).repeatable()).await.map(drop)
    }

    /// Commands for a pilot or for its jobs; waits for one.
    pub async fn pilot_commands(&self, pilot: PilotId, wait_s: u32) -> Result<CommandList, Error> {
        let call = Call::get(&format!("/pilots/{pilot}/commands")).query(&CommandPoll { wait_s });
        self.send(call.waiting(wait_s)).await?.json()
    }

    /// Gives a command.
    pub async fn command(&self, request: &CommandRequest) -> Result<Command, Error> {
        self.send(Call::post("/commands").json(request)).await?.json()
    }

    /// Commands, the newest page first, and on each the oldest first.
    pub async fn commands(&self, query: &CommandQuery) -> Result<CommandList, Error> {
        self.send(Call::get("/commands").query(query)).await?.json()
    }

    /// Tells what became of a command.
    pub async fn command_outcome(&self, id: CommandId, outcome: &CommandOutcome) -> Result<(), Error> {
        self.send(Call::post(&format!("/commands/{id}/outcome")).json(outcome).repeatable()).await.map(drop)
    }

    /// One page of pilots.
    pub async fn pilots(&self, query: &PilotQuery) -> Result<PilotPage, Error> {
        self.send(Call::get("/pilots").query(query)).await?.json()
    }

    /// How pilots ended in the last hours.
    pub async fn pilot_ends(&self, query: &EndsQuery) -> Result<PilotEnds, Error> {
        self.send(Call::get("/pilots/ends").query(query)).await?.json()
    }

    /// When pilots broke in the last hours, and why.
    pub async fn pilot_error_history(&self, query: &EndsQuery) -> Result<ErrorHistory, Error> {
        self.send(Call::get("/pilots/errors/history").query(query)).await?.json()
    }

    /// Why pilots broke in the last hours.
    pub async fn pilot_errors(&self, query: &EndsQuery) -> Result<PilotErrors, Error> {
        self.send(Call::get("/pilots/errors").query(query)).await?.json()
    }

    /// What the cores of pilots were used for that ended in the last hours.
    pub async fn pilot_core_time(&self, query: &EndsQuery) -> Result<PilotCoreTime, Error> {
        self.send(Call::get("/pilots/core-time").query(query)).await?.json()
    }

    /// When they were used for what.
    pub async fn pilot_core_time_history(&self, query: &EndsQuery) -> Result<CoreTimeHistory, Error> {
        self.send(Call::get("/pilots/core-time/history").query(query)).await?.json()
    }

    /// Worker nodes and what happened there.
    pub async fn nodes(&self, query: &NodeQuery) -> Result<NodeList, Error> {
        self.send(Call::get("/nodes").query(query)).await?.json()
    }

    /// What has this text as its id, its name or a part of one.
    pub async fn find(&self, text: &str) -> Result<Found, Error> {
        self.send(Call::get("/find").query(&FindQuery { q: text.to_owned() })).await?.json()
    }

    /// What happened to pilots, and how many there were.
    pub async fn pilot_history(&self, query: &HistoryQuery) -> Result<PilotHistory, Error> {
        self.send(Call::get("/pilots/history").query(query)).await?.json()
    }

    /// One page of a search in the logs of pilots.
    pub async fn search_pilots(&self, query: &SearchQuery) -> Result<SearchPage, Error> {
        self.send(Call::get("/pilots/search").query(query)).await?.json()
    }

    /// What was said about pilots.
    pub async fn told(&self, query: &ToldQuery) -> Result<ToldPage, Error> {
        self.send(Call::get("/pilots/events").query(query).waiting(query.wait_s)).await?.json()
    }

    /// All that was said about one pilot.
    pub async fn told_of(&self, id: PilotId) -> Result<ToldOfPilot, Error> {
        self.send(Call::get(&format!("/pilots/{id}/events"))).await?.json()
    }

    /// One pilot.
    pub async fn pilot(&self, id: PilotId) -> Result<PilotDetail, Error> {
        self.send(Call::get(&format!("/pilots/{id}"))).await?.json()
    }

    /// The time by the server's clock, to a second; none when its answer has none.
    pub async fn clock(&self) -> Result<Option<Time>, Error> {
        let answer = self.send(Call::get_outside("/healthz")).await?;
        let told = answer.header(http::header::DATE.as_str()).and_then(|date| rfc2822::parse(date).ok());
        Ok(told.map(|zoned| zoned.timestamp().into()))
    }

    /// Stores a log of a pilot: `out`, `err` or `log`.
    pub async fn put_pilot_log(&self, id: PilotId, kind: &str, bytes: Bytes) -> Result<(), Error> {
        self.send(Call::put(&format!("/pilots/{id}/logs/{kind}")).bytes(bytes)).await.map(drop)
    }

    /// A stored log of a pilot.
    pub async fn pilot_log(&self, id: PilotId, kind: &str) -> Result<Bytes, Error> {
        Ok(self.send(Call::get(&format!("/pilots/{id}/logs/{kind}"))).await?.body)
    }
}
