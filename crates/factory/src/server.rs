//! What the factory asks of its server: a narrow view of the API client, so that a grid can be simulated without one.

use crate::past::ENDED_MAX;
use async_trait::async_trait;
use model::{Command, CommandId, Decision, Demand, Order, PilotId};
use std::collections::BTreeMap;
use std::path::Path;
use wire::Error;
use wire::api::{
    AnnounceRequest, Announced, BatchReport, CommandOutcome, CommandRequest, ConfigurationOutline,
    ConfigurationSections, DecisionReport, FactoryHeartbeat, OrderQuery, PAGE_MAX, PilotPage, PilotQuery, PilotSummary,
    QueueSummary,
};

/// The calls of `/pilotage/v1/` that a factory makes.
#[async_trait]
pub trait Server: Send + Sync {
    /// `PUT /factories/NAME`.
    async fn heartbeat(&self, factory: &str, said: &FactoryHeartbeat) -> Result<(), Error>;
    /// `PUT /factories/NAME/configuration`: the sections that the server does not know yet.
    async fn outline_configuration(&self, factory: &str, outline: &ConfigurationOutline) -> Result<Vec<String>, Error>;
    /// `PUT /factories/NAME/configuration/sections`.
    async fn tell_sections(&self, factory: &str, sections: &ConfigurationSections) -> Result<(), Error>;
    /// `GET /pilots?factory=NAME&live=true`, all pages.
    async fn live_pilots(&self, factory: &str) -> Result<Vec<PilotSummary>, Error>;
    /// `GET /demand`, all queues.
    async fn demand(&self) -> Result<Vec<Demand>, Error>;
    /// `GET /pilots?label=NAME`: the newest pilots of a label that ended, at most [`ENDED_MAX`].
    async fn ended_pilots(&self, factory: &str, label: &str) -> Result<Vec<PilotSummary>, Error>;
    /// `GET /factories/NAME/pilots`: how many pilots of each label ended, over its whole life.
    async fn ended_counts(&self, factory: &str) -> Result<BTreeMap<String, u64>, Error>;
    /// `GET /queues`.
    async fn queues(&self) -> Result<Vec<QueueSummary>, Error>;
    /// `GET /orders?factory=NAME&in_force=true`.
    async fn orders(&self, factory: &str) -> Result<Vec<Order>, Error>;
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

    async fn outline_configuration(&self, factory: &str, outline: &ConfigurationOutline) -> Result<Vec<String>, Error> {
        Ok(wire::Client::outline_configuration(self, factory, outline).await?.wanted)
    }

    async fn tell_sections(&self, factory: &str, sections: &ConfigurationSections) -> Result<(), Error> {
        wire::Client::tell_sections(self, factory, sections).await
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
            let page = none_yet(self.pilots(&query).await)?;
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

    async fn ended_pilots(&self, factory: &str, label: &str) -> Result<Vec<PilotSummary>, Error> {
        let query = PilotQuery {
            factory: Some(factory.to_owned()),
            label: Some(label.to_owned()),
            limit: Some((ENDED_MAX as u32).min(PAGE_MAX)),
            ..PilotQuery::default()
        };
        let page = none_yet(self.pilots(&query).await)?;
        Ok(page.pilots.into_iter().filter(|pilot| pilot.state.is_final()).collect())
    }

    async fn ended_counts(&self, factory: &str) -> Result<BTreeMap<String, u64>, Error> {
        let mut ended: BTreeMap<String, u64> = BTreeMap::new();
        for label in self.factory_pilots(factory).await?.labels {
            let gone = label.pilots.into_iter().filter(|(state, _)| state.is_final()).map(|(_, pilots)| pilots);
            *ended.entry(label.label).or_default() += gone.sum::<u64>();
        }
        Ok(ended)
    }

    async fn queues(&self) -> Result<Vec<QueueSummary>, Error> {
        Ok(wire::Client::queues(self).await?.queues)
    }

    async fn orders(&self, factory: &str) -> Result<Vec<Order>, Error> {
        let query = OrderQuery { factory: Some(factory.to_owned()), in_force: Some(true), ..OrderQuery::default() };
        match wire::Client::orders(self, &query).await {
            Ok(page) => Ok(page.orders),
            // A server of an earlier version gives none, and one that has not heard of this factory has none for it.
            Err(error) if matches!(error.code(), Some("unknown-path" | "unknown-factory")) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
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

/// A factory and its labels are unknown until the first heartbeat; they have no pilot then.
fn none_yet(answer: Result<PilotPage, Error>) -> Result<PilotPage, Error> {
    match answer {
        Err(error) if matches!(error.code(), Some("unknown-factory" | "unknown-label")) => {
            Ok(PilotPage { pilots: Vec::new(), next: None })
        }
        answer => answer,
    }
}
