//! What the factory asks of its server: a narrow view of the API client, so that a grid can be simulated without one.

use async_trait::async_trait;
use model::{Command, CommandId, Decision, Demand, PilotId, QueueRecord};
use std::path::Path;
use wire::Error;
use wire::api::{
    AnnounceRequest, Announced, BatchReport, CommandOutcome, CommandRequest, DecisionReport, FactoryHeartbeat,
    PAGE_MAX, PilotQuery, PilotSummary,
};

/// The calls of `/pilotage/v1/` that a factory makes.
#[async_trait]
pub trait Server: Send + Sync {
    /// `PUT /factories/NAME`.
    async fn heartbeat(&self, factory: &str, said: &FactoryHeartbeat) -> Result<(), Error>;
    /// `GET /pilots?factory=NAME&live=true`, all pages.
    async fn live_pilots(&self, factory: &str) -> Result<Vec<PilotSummary>, Error>;
    /// `GET /demand`, all queues.
    async fn demand(&self) -> Result<Vec<Demand>, Error>;
    /// `GET /queues`.
    async fn queues(&self) -> Result<Vec<QueueRecord>, Error>;
    /// `POST /pilots/announce`.
    async fn announce(&self, request: &AnnounceRequest) -> Result<Announced, Error>;
    /// `POST /pilots/batch`.
    async fn report(&self, report: &BatchReport) -> Result<(), Error>;
    /// `POST /decisions`.
    async fn decide(&self, decisions: Vec<Decision>) -> Result<(), Error>;
    /// `POST /commands`.
    async fn command(&self, request: &CommandRequest) -> Result<(), Error>;
    /// `GET /factories/NAME/commands?wait_s=N`. Answers early, with an empty list, when the demand of a queue that one of
    /// the factory's labels serves has risen.
    async fn commands(&self, factory: &str, wait_s: u32) -> Result<Vec<Command>, Error>;
    /// `POST /commands/ID/outcome`.
    async fn outcome(&self, command: CommandId, outcome: &CommandOutcome) -> Result<(), Error>;
    /// Delivers the spool that a pilot left: `PUT /jobs/...` and `POST /pilots/ID/report`; how many reports were in it.
    async fn deliver(&self, pilot: PilotId, spool: &Path) -> Result<usize, Error>;
    /// `PUT /pilots/ID/logs/STREAM`, `out`, `err` or `log`.
    async fn push_log(&self, pilot: PilotId, stream: &str, content: Vec<u8>) -> Result<(), Error>;
}

#[async_trait]
impl Server for wire::Client {
    async fn heartbeat(&self, factory: &str, said: &FactoryHeartbeat) -> Result<(), Error> {
        self.factory_heartbeat(factory, said).await
    }

    async fn live_pilots(&self, factory: &str) -> Result<Vec<PilotSummary>, Error> {
        let mut all = Vec::new();
        let mut query = PilotQuery {
            factory: Some(factory.to_owned()),
            live: Some(true),
            limit: Some(PAGE_MAX),
            ..PilotQuery::default()
        };
        loop {
            let page = self.pilots(&query).await?;
            all.extend(page.pilots);
            match page.next {
                Some(cursor) => query.cursor = Some(cursor),
                None => return Ok(all),
            }
        }
    }

    async fn demand(&self) -> Result<Vec<Demand>, Error> {
        Ok(wire::Client::demand(self).await?.demand)
    }

    async fn queues(&self) -> Result<Vec<QueueRecord>, Error> {
        Ok(wire::Client::queues(self).await?.queues.into_iter().map(|summary| summary.queue).collect())
    }

    async fn announce(&self, request: &AnnounceRequest) -> Result<Announced, Error> {
        wire::Client::announce(self, request).await
    }

    async fn report(&self, report: &BatchReport) -> Result<(), Error> {
        self.report_batch(report).await
    }

    async fn decide(&self, decisions: Vec<Decision>) -> Result<(), Error> {
        self.report_decisions(&DecisionReport { decisions }).await
    }

    async fn command(&self, request: &CommandRequest) -> Result<(), Error> {
        wire::Client::command(self, request).await.map(drop)
    }

    async fn commands(&self, factory: &str, wait_s: u32) -> Result<Vec<Command>, Error> {
        Ok(self.factory_commands(factory, wait_s).await?.commands)
    }

    async fn outcome(&self, command: CommandId, outcome: &CommandOutcome) -> Result<(), Error> {
        self.command_outcome(command, outcome).await
    }

    async fn deliver(&self, pilot: PilotId, spool: &Path) -> Result<usize, Error> {
        wire::spool::deliver(self, pilot, spool).await
    }

    async fn push_log(&self, pilot: PilotId, stream: &str, content: Vec<u8>) -> Result<(), Error> {
        self.put_pilot_log(pilot, stream, content.into()).await
    }
}
