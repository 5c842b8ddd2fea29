//! Two servers on one PostgreSQL database.

use crate::alarms::listener::Listener;
use crate::alarms::{end_pilots, quick, until_open};
use crate::harness::*;
use model::alarm::{AlarmEvent, AlarmEventKind};
use model::{AlarmId, JobState, PilotEvent, QueueRecord};
use server::{Config, Destination};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;
use wire::api::*;

/// Some evaluations of alarms.
const TURNS: Duration = Duration::from_millis(500);

/// A database of its own on the server that the tests are given; dropped at the end.
struct Database {
    server: String,
    name: String,
}

impl Database {
    async fn create() -> Database {
        let server = std::env::var("PILOTAGE_TEST_POSTGRES")
            .expect("PILOTAGE_TEST_POSTGRES must name a PostgreSQL server; `cargo xtask test` starts one");
        let database = Database { name: format!("pilotage_{}", fresh_key()), server };
        database.run(&format!("CREATE DATABASE {}", database.name)).await;
        database
    }

    fn url(&self) -> String {
        let (before, _) = self.server.rsplit_once('/').expect("a URL with a database");
        format!("{before}/{}", self.name)
    }

    async fn drop(self) {
        self.run(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }

    async fn run(&self, statement: &str) {
        let psql = Command::new("psql").args(["--no-psqlrc", "--quiet", "-c", statement, &self.server]).output().await;
        let out = psql.expect("psql, which comes with PostgreSQL, runs");
        assert!(out.status.success(), "{statement}: {}", String::from_utf8_lossy(&out.stderr));
    }
}

async fn server_on(database: &Database, objects: &Path) -> Stage {
    server_with(database, objects, |_| {}).await
}

async fn server_with(database: &Database, objects: &Path, change: impl FnOnce(&mut Config)) -> Stage {
    let dir = TempDir::new().unwrap();
    let mut config = config(&dir);
    change(&mut config);
    config.database = Some(database.url());
    config.objects = Some(objects.to_owned());
    config.lease = Duration::from_secs(2);
    Stage::start(config, dir).await
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_a_job_survives_the_end_of_either_server() {
    let database = Database::create().await;
    let objects = TempDir::new().unwrap();
    let (one, two) = (server_on(&database, objects.path()).await, server_on(&database, objects.path()).await);
    one.admin.put_queue(&QueueRecord::named("q")).await.unwrap();
    let pilot = one.pilot(1).await;
    let waiting = tokio::spawn({
        let (client, id, request) = (two.admin.with_token(&pilot.hello.token), pilot.id, pilot.lease_request(1, 20));
        async move { client.lease(id, &request).await.unwrap() }
    });
    let id = one.submit(job("shared")).await;
    let held = waiting.await.unwrap().jobs.remove(0);
    assert_eq!(held.id, id, "a job submitted to one server wakes a pilot at the other");
    one.close().await;
    let client = two.admin.with_token(&pilot.hello.token);
    let beat = HeartbeatRequest { jobs: vec![(held.id, held.attempt)], idle_slots: 0 };
    let until = std::time::Instant::now() + Duration::from_secs(4);
    while std::time::Instant::now() < until {
        assert!(client.heartbeat(pilot.id, &beat).await.unwrap().stop.is_empty());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let report = ReportRequest { reports: vec![finished(&held)] };
    assert!(client.report(pilot.id, &report).await.unwrap().refused.is_empty());
    assert_eq!(two.state_of(id).await, JobState::Finished);
    two.close().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_each_alarm_is_told_once_by_two_servers_and_by_the_one_that_is_left() {
    let database = Database::create().await;
    let (objects, listener) = (TempDir::new().unwrap(), Listener::start().await);
    let server = async || {
        let to = Destination::Webhook { url: listener.url("/"), secret_file: None };
        server_with(&database, objects.path(), quick(to)).await
    };
    let (one, two) = (server().await, server().await);
    one.admin.put_queue(&QueueRecord::named("q")).await.unwrap();
    end_pilots(&two, 10, PilotEvent::Break).await;
    let opened = listener.next().await;
    assert_eq!(opened.body["notices"][0]["occasion"], "opened");
    for stage in [&one, &two] {
        let seen = until_open(stage, 1).await[0].alarm.seen;
        eventually("the next turns", async || until_open(stage, 1).await[0].alarm.seen.since(seen) > TURNS).await;
    }
    let (left, told) = (two, listener.accepted());
    one.close().await;
    assert_eq!(told, 1, "both look, one tells");
    end_pilots(&left, 20, PilotEvent::End).await;
    let over = listener.next().await;
    assert_eq!(over.body["notices"][0]["occasion"], "cleared");
    until_open(&left, 0).await;
    let history = async || left.admin.alarm(AlarmId(1)).await.unwrap().events;
    let kind = |kind| move |event: &AlarmEvent| event.kind == kind;
    eventually("both are in the history", async || {
        history().await.into_iter().filter(kind(AlarmEventKind::Told)).count() == 2
    })
    .await;
    assert_eq!(history().await.into_iter().filter(kind(AlarmEventKind::Opened)).count(), 1);
    assert_eq!(listener.accepted(), 2);
    left.close().await;
    database.drop().await;
}
