//! What is looked at in the server.

use super::Finding;
use crate::cli::args::ServerChoice;
use crate::cli::now;
use crate::config::{Connection, Environment, ServerFrom};
use crate::output::{ago, duration, plural};
use crate::up::reach;
use model::{PilotState, QueueStatus, Time};
use std::collections::BTreeSet;
use std::time::Duration;
use wire::api::{FactoryQuery, FactorySummary, JobQuery, PilotQuery, QueueSummary};
use wire::client::Call;
use wire::{Client, Error};

/// Clocks that differ by more than this make times hard to read.
const CLOCK_WARN: Duration = Duration::from_secs(5);
/// Clocks that differ by more than this break tokens and certificates.
const CLOCK_FAIL: Duration = Duration::from_secs(300);
/// A factory that is silent for so many cycles is not well.
const SILENT_CYCLES: u32 = 5;
/// The batch system whose pilots run on the factory's machine.
const LOCAL: &str = "local";

/// All of it; without a server only that there is none.
pub async fn look(choice: &ServerChoice) -> Vec<Finding> {
    let connection = match Connection::find(choice, &Environment::of_process()) {
        Ok(connection) => connection,
        Err(error) => return vec![Finding::warn("server", format!("{error:#}; `pilotage up` starts one"))],
    };
    let client = match connection.client() {
        Ok(client) => client,
        Err(error) => return vec![Finding::fail("server", format!("{error:#}"))],
    };
    let mut findings = vec![reached(&client, &connection).await];
    if findings[0].verdict == super::Verdict::Fail {
        return findings;
    }
    findings.push(clock(&client).await);
    match identity(&client).await {
        Err(finding) => findings.push(finding),
        Ok(finding) => {
            findings.push(finding);
            let found = inside(&client, &connection).await;
            findings.extend(found.unwrap_or_else(|error| vec![Finding::fail("server", error.to_string())]));
        }
    }
    findings
}

async fn reached(client: &Client, connection: &Connection) -> Finding {
    match client.ready().await {
        Ok(()) => Finding::ok("server", format!("{} is ready (named by {})", client.url(), connection.from)),
        Err(error) => Finding::fail("server", format!("failed to {error} (named by {})", connection.from)),
    }
}

/// Compares this machine's clock with the `Date` of an answer, which has whole seconds.
async fn clock(client: &Client) -> Finding {
    let Ok(answer) = client.send(Call::get_outside("/healthz")).await else {
        return Finding::warn("clock", "the server did not tell its time");
    };
    let date = answer.header("date").and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    let Some(theirs) = date.map(|date| Time::from(date.timestamp())) else {
        return Finding::warn("clock", "the server did not tell its time");
    };
    let ours = now();
    let apart = ours.since(theirs).max(theirs.since(ours)).saturating_sub(Duration::from_secs(1));
    match apart {
        apart if apart <= CLOCK_WARN => Finding::ok("clock", "agrees with the server's"),
        apart if apart <= CLOCK_FAIL => Finding::warn("clock", off_by(apart)),
        apart => Finding::fail("clock", off_by(apart)),
    }
}

fn off_by(apart: Duration) -> String {
    format!("differs from the server's by {}; keep both in time by NTP", duration(apart))
}

async fn identity(client: &Client) -> Result<Finding, Finding> {
    match client.whoami().await {
        Ok(who) => {
            let group = if who.group.is_empty() { String::new() } else { format!(" of group {}", who.group) };
            Ok(Finding::ok("identity", format!("{}{group}, role {}", who.user, who.role)))
        }
        Err(error) => {
            Err(Finding::fail("identity", format!("{error}; set PILOTAGE_TOKEN to a token of `pilotage token create`")))
        }
    }
}

async fn inside(client: &Client, connection: &Connection) -> Result<Vec<Finding>, Error> {
    let queues = client.queues().await?.queues;
    let factories = client.factories(&FactoryQuery::default()).await?.factories;
    let faults = PilotQuery { state: Some(PilotState::Fault), limit: Some(1), ..PilotQuery::default() };
    let fault = client.pilots(&faults).await?.pilots.into_iter().next();
    let stuck = JobQuery { state: Some(model::JobState::Defined), limit: Some(1), ..JobQuery::default() };
    let stuck = client.jobs(&stuck).await?.jobs.into_iter().next();
    let mut findings = vec![queues_found(&queues)];
    findings.extend(factories_found(&factories, now()));
    findings.extend(reach_found(connection, &client.url(), &factories));
    findings.extend(fault.map(|pilot| {
        let when = ago(now(), pilot.ended.unwrap_or(pilot.announced));
        Finding::warn(
            "pilots",
            format!("the last fault was pilot {} of label {}, {when}: {}", pilot.id, pilot.label, pilot.message),
        )
    }));
    findings.extend(stuck.map(|job| Finding::warn("jobs", format!("job {} fits no queue: {}", job.id, job.message))));
    Ok(findings)
}

fn queues_found(queues: &[QueueSummary]) -> Finding {
    let online = queues.iter().filter(|summary| summary.queue.status == QueueStatus::Online).count() as u64;
    match (queues.len(), online) {
        (0, _) => Finding::warn("queues", "there are none: `pilotage queues define NAME` makes one"),
        (_, 0) => Finding::warn("queues", "none is online: `pilotage queues set NAME online`"),
        (all, online) => Finding::ok("queues", format!("{}, {online} online", plural(all as u64, "queue"))),
    }
}

fn factories_found(factories: &[FactorySummary], now: Time) -> Vec<Finding> {
    if factories.is_empty() {
        return vec![Finding::warn("factories", "none has called yet: nobody submits pilots")];
    }
    factories.iter().flat_map(|factory| factory_found(factory, now)).collect()
}

/// A server's directory tells the URL that its own factory gives to pilots; a URL that was typed tells nothing of them.
fn reach_found(connection: &Connection, url: &str, factories: &[FactorySummary]) -> Option<Finding> {
    if matches!(connection.from, ServerFrom::Option | ServerFrom::Variable) {
        return None;
    }
    let labels = factories.iter().flat_map(|factory| &factory.said.labels);
    let elsewhere: BTreeSet<&str> =
        labels.filter(|label| label.system != LOCAL).map(|label| label.batch.as_str()).collect();
    reach::of_names(url, &elsewhere.into_iter().collect::<Vec<_>>()).map(|what| Finding::warn("pilots", what))
}

fn factory_found(factory: &FactorySummary, now: Time) -> Vec<Finding> {
    let limit =
        Duration::from_secs(u64::from(factory.said.cycle_s.max(1) * SILENT_CYCLES)).max(Duration::from_secs(60));
    let heard = format!("{}, heard {}", factory.name, ago(now, factory.last_heard));
    let mut findings = if now.since(factory.last_heard) > limit {
        vec![Finding::warn("factory", format!("{heard}: does it still run?"))]
    } else {
        vec![Finding::ok("factory", heard)]
    };
    let troubled = factory.said.labels.iter().filter(|label| !label.trouble.is_empty());
    findings.extend(troubled.map(|label| Finding::fail("label", format!("{}: {}", label.name, label.trouble))));
    findings
}
