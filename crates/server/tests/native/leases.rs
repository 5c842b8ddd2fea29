//! Leases: what is lost, what comes late, who is woken.

use crate::harness::*;
use model::{CommandState, JobState, PilotState, QueueRecord, Target, Verb};
use std::time::{Duration, Instant};
use wire::api::*;

const SHORT: Duration = Duration::from_millis(600);

async fn short_leases() -> Stage {
    Stage::with(|config| {
        config.lease = SHORT;
        config.heartbeat = SHORT / 6;
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_pilot_loses_its_job_and_its_late_report_counts_only_before_the_next_attempt() {
    let stage = short_leases().await;
    let (early, late) = (stage.submit(job("early")).await, stage.submit(job("late")).await);
    let silent = stage.pilot(2).await;
    let held = silent.lease(2, 10).await.jobs;
    for id in [early, late] {
        stage.until_state(id, JobState::Activated).await;
    }
    let of = |id| held.iter().find(|job| job.id == id).unwrap();
    assert!(silent.report(vec![finished(of(early))]).await.refused.is_empty());
    assert_eq!(stage.state_of(early).await, JobState::Finished);
    let next = stage.pilot(1).await;
    let second = next.lease_one().await;
    assert_eq!((second.id, second.attempt), (late, 2));
    let refused = silent.report(vec![of(late).report(JobState::Running)]).await.refused;
    assert!(refused[0].stop, "{refused:?}");
    silent.report(vec![failed(of(late), 7)]).await;
    assert_eq!(stage.state_of(late).await, JobState::Sent, "a newer attempt was sent: only recorded");
    next.report(vec![finished(&second)]).await;
    let detail = stage.admin.job(late).await.unwrap();
    assert_eq!((detail.summary.state, detail.summary.exit_code), (JobState::Finished, Some(0)));
    let attempts: Vec<_> = detail.attempts.iter().map(|one| (one.attempt, one.exit_code)).collect();
    assert_eq!(attempts, [(1, Some(7)), (2, Some(0))]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_keep_jobs_and_a_restart_of_the_server_gives_full_leases() {
    let lease = SHORT * 3;
    let short = |config: &mut server::Config| config.lease = lease;
    let stage = Stage::with(short).await;
    let (kept, lost) = (stage.submit(job("kept")).await, stage.submit(job("lost")).await);
    let (pilot, silent) = (stage.pilot(1).await, stage.pilot(1).await);
    let one = pilot.lease_one().await;
    let until = Instant::now() + lease * 2;
    while Instant::now() < until {
        assert!(pilot.heartbeat(&[&one]).await.stop.is_empty());
        tokio::time::sleep(SHORT / 6).await;
    }
    silent.lease_one().await;
    let stopped = stage.stop().await;
    // Long enough for every lease of before to run out.
    tokio::time::sleep(lease + SHORT).await;
    let began = Instant::now();
    let stage = stopped.start(short).await;
    let client = stage.admin.with_token(&pilot.hello.token);
    let alive = HeartbeatRequest { jobs: vec![(one.id, one.attempt)], ..HeartbeatRequest::default() };
    let is_lost = async || {
        assert!(client.heartbeat(pilot.id, &alive).await.unwrap().stop.is_empty());
        stage.state_of(lost).await == JobState::Activated
    };
    eventually("the silent pilot has lost its job", is_lost).await;
    assert!(began.elapsed() >= lease, "its lease was not given its full length again");
    assert_eq!((stage.state_of(kept).await, stage.admin.job(kept).await.unwrap().attempts.len()), (JobState::Sent, 1));
    let reports = vec![finished(&one)];
    let answer = client.report(pilot.id, &ReportRequest { reports }).await.unwrap();
    assert!(answer.refused.is_empty(), "the token and the lease outlive the server: {:?}", answer.refused);
    assert_eq!(stage.state_of(kept).await, JobState::Finished);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_lease_answer_was_lost_is_given_back() {
    let stage = short_leases().await;
    let id = stage.submit(job("lost answer")).await;
    let pilot = stage.pilot(1).await;
    let first = pilot.lease_one().await;
    let given_back = async || {
        pilot.heartbeat(&[]).await;
        stage.state_of(id).await == JobState::Activated
    };
    eventually("the job is activated again", given_back).await;
    let second = pilot.lease_one().await;
    assert_eq!((second.id, second.attempt), (first.id, 2));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_lease_is_answered_as_soon_as_a_job_comes() {
    let stage = Stage::open().await;
    let pilot = stage.pilot(1).await;
    let mut best = Duration::MAX;
    for _ in 0..10 {
        let waiting = tokio::spawn({
            let (client, id, request) = (pilot.client.clone(), pilot.id, pilot.lease_request(1, 20));
            async move { (client.lease(id, &request).await.unwrap(), Instant::now()) }
        });
        eventually("the pilot counts as idle", async || idle(&stage).await == 1).await;
        let began = Instant::now();
        let id = stage.submit(job("quick")).await;
        let (leased, answered) = waiting.await.unwrap();
        assert_eq!(leased.jobs[0].id, id);
        pilot.report(vec![finished(&leased.jobs[0])]).await;
        best = best.min(answered - began);
    }
    assert!(best < Duration::from_millis(50), "the quickest of ten took {best:?}");
    stage.close().await;
}

async fn idle(stage: &Stage) -> u64 {
    stage.admin.demand().await.unwrap().demand.iter().find(|demand| demand.queue == "q").map_or(0, |d| d.idle_slots)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_array_wakes_all_waiting_pilots() {
    let stage = Stage::open().await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let pilot = stage.pilot(1).await;
        calls.spawn(async move { pilot.lease(1, 20).await.jobs.len() });
    }
    eventually("twenty slots are idle", async || idle(&stage).await == 20).await;
    stage.submit_array(20).await;
    let began = Instant::now();
    while let Some(jobs) = calls.join_next().await {
        assert_eq!(jobs.unwrap(), 1);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "nobody waits for the end of its poll");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_does_not_fit_the_first_pilot_wakes_the_next() {
    let stage = Stage::open().await;
    let (small, large) = (stage.pilot(1).await, stage.pilot(8).await);
    let poll = |pilot: &Pilot, slots| {
        let request = pilot.lease_request(slots, 20);
        let (client, id) = (pilot.client.clone(), pilot.id);
        tokio::spawn(async move { client.lease(id, &request).await.unwrap().jobs.len() })
    };
    let first = poll(&small, 1);
    eventually("the small pilot waits", async || idle(&stage).await == 1).await;
    let second = poll(&large, 8);
    eventually("both wait", async || idle(&stage).await == 9).await;
    stage.submit(model::JobSpec { cores: 8, ..job("large") }).await;
    assert_eq!(second.await.unwrap(), 1);
    stage.submit(job("small")).await;
    assert_eq!(first.await.unwrap(), 1);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_instance_takes_over_and_the_first_is_told() {
    let stage = Stage::open().await;
    let id = stage.submit(job("moved")).await;
    let (pilot, secret) = stage.announce().await;
    let first = stage.greet(pilot, secret.clone(), "one", 1).await.unwrap();
    let again = stage.greet(pilot, secret.clone(), "one", 1).await.unwrap();
    assert_eq!((again.hello.incarnation, &again.hello.token), (1, &first.hello.token), "hello is idempotent");
    let held = first.lease_one().await;
    let second = stage.greet(pilot, secret, "two", 1).await.unwrap();
    assert_eq!(second.hello.incarnation, 2);
    stage.until_state(id, JobState::Activated).await;
    let error = first.client.report(pilot, &ReportRequest { reports: vec![finished(&held)] }).await.unwrap_err();
    assert_eq!(error.code(), Some("superseded"), "{error}");
    assert_eq!(second.lease_one().await.attempt, 2);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_pilot_is_told_everywhere_and_exits() {
    let stage = Stage::open().await;
    let pilot = stage.pilot(1).await;
    let request =
        CommandRequest { target: Target::Pilot(pilot.id), verb: Verb::Drain, arguments: Vec::new(), expires_s: None };
    let given = stage.admin.command(&request).await.unwrap();
    let taken = pilot.client.pilot_commands(pilot.id, 10).await.unwrap().commands;
    assert_eq!((taken[0].id, taken[0].verb, taken[0].issuer.as_str()), (given.id, Verb::Drain, "ada"));
    let done = CommandOutcome { state: CommandState::Done, note: String::new() };
    pilot.client.command_outcome(given.id, &done).await.unwrap();
    stage.submit(job("not for it")).await;
    let leased = pilot.lease(1, 0).await;
    assert!(leased.drain && leased.jobs.is_empty());
    assert!(pilot.heartbeat(&[]).await.drain);
    let exit = ExitRequest { reason: "drained".into(), error_class: None };
    pilot.client.exit(pilot.id, &exit).await.unwrap();
    assert_eq!(stage.admin.pilot(pilot.id).await.unwrap().summary.state, PilotState::Exiting);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factory_takes_its_commands_and_says_what_became_of_them() {
    let stage = Stage::open().await;
    stage.factory.factory_heartbeat("f", &heartbeat()).await.unwrap();
    let polling = tokio::spawn({
        let factory = stage.factory.clone();
        async move { factory.factory_commands("f", 20).await.unwrap().commands }
    });
    let target = Target::Factory("f".into());
    let request = CommandRequest { target, verb: Verb::Cycle, arguments: Vec::new(), expires_s: None };
    let given = stage.admin.command(&request).await.unwrap();
    assert_eq!(polling.await.unwrap()[0].id, given.id);
    let refused = CommandOutcome { state: CommandState::Refused, note: "busy".into() };
    stage.factory.command_outcome(given.id, &refused).await.unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_and_batch_states_are_kept() {
    let stage = Stage::open().await;
    stage.admin.put_queue(&QueueRecord::named("q")).await.unwrap();
    let (pilot, _) = stage.announce().await;
    let update = |event, word: &str| BatchUpdate {
        pilot,
        event,
        batch_id: "9_1".into(),
        native_state: word.into(),
        flag: None,
        error_class: None,
        message: String::new(),
    };
    let updates = vec![update(model::PilotEvent::Submit, ""), update(model::PilotEvent::Queue, "PENDING")];
    stage.factory.report_batch(&BatchReport { factory: "f".into(), updates }).await.unwrap();
    let record = stage.admin.pilot(pilot).await.unwrap().summary;
    assert_eq!((record.state, record.batch_id.as_str()), (PilotState::Pending, "9_1"));
    assert_eq!(record.native_state, "PENDING");
    stage.factory.put_pilot_log(pilot, "out", "hi".into()).await.unwrap();
    assert_eq!(&stage.admin.pilot_log(pilot, "out").await.unwrap()[..], b"hi");
    let day: String = record.announced.to_string().chars().take(10).collect();
    let by_path = wire::client::Call::get_outside(&format!("/logs/f/{day}/l/9_1.out"));
    assert_eq!(&stage.admin.send(by_path).await.unwrap().body[..], b"hi");
    stage.close().await;
}
