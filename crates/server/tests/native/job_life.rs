//! Jobs from submit to their end.

use crate::harness::*;
use model::job::FileTransfer;
use model::{ErrorClass, JobState, Placement, QueueRecord, QueueStatus};
use model::{JobId, JobReport, JobSpec};
use std::time::{Duration, Instant};
use wire::api::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_to_finished_and_everything_about_it_is_told() {
    let stage = Stage::open().await;
    let id = stage.submit(job("first")).await;
    assert_eq!(stage.state_of(id).await, JobState::Activated);
    let pilot = stage.pilot(1).await;
    let leased = pilot.lease(1, 10).await;
    let (one, spec) = (leased.jobs[0].clone(), &leased.specs[0].spec);
    assert_eq!((one.id, one.attempt, spec.name.as_str()), (id, 1, "first"));
    assert_eq!(stage.state_of(id).await, JobState::Sent);
    for state in [JobState::Starting, JobState::Running, JobState::Transferring] {
        assert!(pilot.report(vec![one.report(state)]).await.refused.is_empty());
        assert_eq!(stage.state_of(id).await, state);
    }
    let report = JobReport { stdout: "hello\n".into(), ..finished(&one) };
    assert!(pilot.report(vec![report.clone()]).await.refused.is_empty());
    assert!(pilot.report(vec![report]).await.refused.is_empty(), "a repeated report is harmless");
    let detail = stage.admin.job(id).await.unwrap();
    assert_eq!((detail.summary.state, detail.summary.exit_code), (JobState::Finished, Some(0)));
    assert_eq!((detail.summary.user.as_str(), detail.summary.pilot), ("ada", Some(pilot.id)));
    assert_eq!((detail.attempts.len(), detail.attempts[0].outcome), (1, AttemptOutcome::Finished));
    let log = stage.admin.log(id, LogStream::Stdout, &LogQuery::default()).await.unwrap();
    assert_eq!((&log.bytes[..], log.is_complete, log.attempt), (&b"hello\n"[..], true, 1));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_attempt_is_tried_again_until_none_is_left_and_retry_begins_anew() {
    let stage = Stage::open().await;
    let id = stage.submit(JobSpec { max_attempts: 2, ..job("fails") }).await;
    let pilot = stage.pilot(1).await;
    for attempt in [1, 2] {
        let one = pilot.lease_one().await;
        assert_eq!(one.attempt, attempt);
        pilot.report(vec![failed(&one, 3)]).await;
    }
    let detail = stage.admin.job(id).await.unwrap();
    assert_eq!((detail.summary.state, detail.summary.exit_code), (JobState::Failed, Some(3)));
    assert_eq!(detail.summary.error_class, Some(ErrorClass::Payload));
    assert_eq!(detail.attempts.len(), 2);
    assert_eq!(stage.admin.retry(&id.to_string()).await.unwrap().retried, 1);
    let one = pilot.lease_one().await;
    assert_eq!(one.attempt, 3);
    pilot.report(vec![finished(&one)]).await;
    stage.until_state(id, JobState::Finished).await;
    stage.close().await;
}

/// A page links what is listed.
#[tokio::test(flavor = "multi_thread")]
async fn the_outputs_that_are_listed_can_be_read() {
    let stage = Stage::open().await;
    let outputs = ["first", "second"].map(|name| FileTransfer { name: name.into(), url: String::new() }).to_vec();
    let id = stage.submit(JobSpec { max_attempts: 2, outputs, ..job("makes") }).await;
    let pilot = stage.pilot(1).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    for name in ["first", "second"] {
        let one = pilot.lease_one().await;
        pilot.client.put_output(&one, name, file.path()).await.unwrap();
        pilot.report(vec![failed(&one, 3)]).await;
    }
    let listed = stage.admin.job(id).await.unwrap().outputs;
    assert_eq!(listed, ["second"]);
    for name in listed {
        stage.admin.output(id, &name).await.unwrap();
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_array_is_listed_counted_leased_and_awaited() {
    let stage = Stage::open().await;
    let array = stage.submit_array(100).await;
    assert_eq!((array.count, array.array, array.queue.as_str()), (100, true, "q"));
    let ids = format!("{}-{}", array.first, array.first.0 + 99);
    let query = JobQuery { ids: Some(ids.clone()), ..JobQuery::default() };
    assert_eq!(stage.admin.job_counts(&query).await.unwrap().of(JobState::Activated), 100);
    assert_eq!(listed(&stage, 30).await.len(), 100);
    let pilot = stage.pilot(64).await;
    let leased = pilot.lease(64, 0).await;
    assert_eq!((leased.jobs.len(), leased.specs.len()), (64, 1));
    assert!(leased.jobs.iter().all(|job| job.index == (job.id.0 - array.first.0) as u64));
    let reports = leased.jobs.iter().map(finished).collect();
    let request = LeaseRequest { reports, ..pilot.lease_request(64, 0) };
    let rest = pilot.client.lease(pilot.id, &request).await.unwrap();
    assert_eq!(rest.jobs.len(), 36);
    let waiting = tokio::spawn({
        let (client, ids) = (stage.admin.clone(), Some(ids));
        async move { client.wait(&WaitQuery { ids, wait_s: 20 }).await }
    });
    pilot.report(rest.jobs.iter().map(finished).collect()).await;
    let counts = waiting.await.unwrap().unwrap();
    assert_eq!((counts.of(JobState::Finished), counts.open()), (100, 0));
    assert_eq!(counts.0.len(), JobState::ALL.len(), "every state is present");
    stage.close().await;
}

/// All ids that the pages of the listing show.
async fn listed(stage: &Stage, limit: u32) -> Vec<JobId> {
    let (mut ids, mut cursor) = (Vec::new(), None);
    loop {
        let query = JobQuery { cursor, limit: Some(limit), ..JobQuery::default() };
        let page = stage.admin.jobs(&query).await.unwrap();
        ids.extend(page.jobs.iter().map(|job| job.id));
        cursor = page.next;
        if cursor.is_none() {
            assert!(ids.is_sorted_by(|a, b| a > b), "newest first, none twice");
            return ids;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_submission_gets_the_first_answer_again() {
    let stage = Stage::open().await;
    let request = SubmitRequest { spec: job("once"), array: Some(5) };
    let first = stage.admin.submit(&request, "key").await.unwrap();
    let again = stage.admin.submit(&request, "key").await.unwrap();
    assert_eq!(first, again);
    assert_eq!(stage.admin.job_counts(&JobQuery::default()).await.unwrap().total(), 5);
    let other = stage.client("bob", "", model::Role::User).await;
    assert_ne!(other.submit(&request, "key").await.unwrap().first, first.first, "a key is its user's own");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk_is_all_or_nothing() {
    let stage = Stage::open().await;
    let one = |spec| SubmitRequest { spec, array: None };
    let bad = JobSpec { cores: 0, ..job("bad") };
    let jobs = vec![one(job("a")), one(bad)];
    let error = stage.admin.submit_bulk(&BulkSubmitRequest { jobs }, &fresh_key()).await.unwrap_err();
    assert!(
        matches!(&error, wire::Error::Refused { problem, .. } if problem.field.as_deref() == Some("jobs[1].cores"))
    );
    assert_eq!(stage.admin.job_counts(&JobQuery::default()).await.unwrap().total(), 0);
    let jobs = vec![one(job("a")), one(job("b"))];
    let accepted = stage.admin.submit_bulk(&BulkSubmitRequest { jobs }, &fresh_key()).await.unwrap().submitted;
    assert_eq!(accepted.len(), 2);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_array_of_a_million_is_killed_at_once() {
    let stage = Stage::open().await;
    let began = Instant::now();
    let array = stage.submit_array(1_000_000).await;
    let ids = format!("{}-{}", array.first, array.first.0 + 999_999);
    let killed = stage.admin.kill(&ids).await.unwrap();
    assert_eq!((killed.cancelled, killed.signalled, killed.unknown), (1_000_000, 0, 0));
    assert_eq!(stage.admin.job_counts(&JobQuery::default()).await.unwrap().of(JobState::Cancelled), 1_000_000);
    assert!(began.elapsed() < Duration::from_secs(5), "took {:?}", began.elapsed());
    assert!(stage.pilot(1).await.lease(1, 0).await.jobs.is_empty());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_is_killed_through_its_pilot() {
    let stage = Stage::open().await;
    let id = stage.submit(job("long")).await;
    let pilot = stage.pilot(1).await;
    let one = pilot.lease_one().await;
    let polling = tokio::spawn({
        let (client, pilot) = (pilot.client.clone(), pilot.id);
        async move { client.pilot_commands(pilot, 20).await }
    });
    let killed = stage.admin.kill(&id.to_string()).await.unwrap();
    assert_eq!((killed.cancelled, killed.signalled), (0, 1));
    let commands = polling.await.unwrap().unwrap().commands;
    assert_eq!((commands[0].verb, &commands[0].target), (model::Verb::Kill, &model::Target::Job(id)));
    assert_eq!(stage.state_of(id).await, JobState::Cancelled);
    assert_eq!(pilot.heartbeat(&[&one]).await.stop, [(id, 1)]);
    let late = pilot.report(vec![one.report(JobState::Running)]).await.refused;
    assert!(late[0].stop, "{late:?}");
    assert!(pilot.report(vec![failed(&one, 143)]).await.refused.is_empty(), "its last report completes the record");
    let summary = stage.admin.job(id).await.unwrap().summary;
    assert_eq!((summary.state, summary.exit_code), (JobState::Cancelled, Some(143)));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fits_nowhere_waits_with_its_reason_until_a_queue_comes() {
    let stage = Stage::open().await;
    let spec = JobSpec { placement: Placement::Tags(vec!["gpu".into()]), ..job("picky") };
    let submitted = stage.admin.submit(&SubmitRequest { spec, array: None }, &fresh_key()).await.unwrap();
    assert_eq!((submitted.state, submitted.queue.as_str()), (JobState::Defined, ""));
    assert_eq!(submitted.reason, "no queue carries the tags gpu");
    let queue = QueueRecord { tags: ["gpu".to_owned()].into(), ..QueueRecord::named("g") };
    stage.admin.put_queue(&queue).await.unwrap();
    stage.until_state(submitted.first, JobState::Activated).await;
    assert_eq!(stage.admin.job(submitted.first).await.unwrap().summary.queue, "g");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_failures_and_what_pilots_have_are_listed() {
    let stage = Stage::open().await;
    let mut ids = Vec::new();
    for name in ["early", "late", "good", "held", "waits"] {
        ids.push(stage.submit(JobSpec { max_attempts: 1, ..job(name) }).await);
    }
    let pilot = stage.pilot(4).await;
    let held = pilot.lease(4, 10).await.jobs;
    let first = failed(&held[1], 1);
    let after = first.ended.map(|at| at + Duration::from_millis(1));
    pilot.report(vec![first, finished(&held[2])]).await;
    pilot.report(vec![JobReport { ended: after, ..failed(&held[0], 1) }]).await;
    let failures = stage.admin.send(wire::client::Call::get("/jobs/failures?limit=2")).await.unwrap();
    let failures: JobPage = serde_json::from_slice(&failures.body).unwrap();
    assert_eq!(failures.jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [ids[0], ids[1]], "by their end");
    let query = JobQuery { with_pilot: Some(true), ..JobQuery::default() };
    let of_pilot = JobQuery { pilot: Some(pilot.id), ..query.clone() };
    for query in [&query, &of_pilot] {
        let listed = stage.admin.jobs(query).await.unwrap().jobs;
        assert_eq!(listed.iter().map(|job| job.id).collect::<Vec<_>>(), [ids[3]]);
    }
    assert_eq!(stage.admin.job_counts(&query).await.unwrap().total(), 1);
    let error = stage.admin.log(ids[0], LogStream::Stdout, &LogQuery { attempt: Some(7), ..LogQuery::default() }).await;
    let error = error.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(422), Some("unknown-attempt")));
    assert_eq!(error.to_string(), format!("job {} has no attempt 7; it has had 1", ids[0]));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_leave_a_queue_that_goes_offline() {
    let stage = Stage::open().await;
    let array = stage.submit_array(50).await;
    stage.admin.put_queue(&QueueRecord::named("other")).await.unwrap();
    let offline = SetQueueStatus { status: QueueStatus::Offline, reason: "broken".into() };
    stage.admin.set_queue_status("q", &offline).await.unwrap();
    let queue = async || stage.admin.job(array.first).await.unwrap().summary.queue;
    eventually("the array is in the other queue", async || queue().await == "other").await;
    let other = JobQuery { queue: Some("other".into()), ..JobQuery::default() };
    assert_eq!(stage.admin.job_counts(&other).await.unwrap().of(JobState::Activated), 50);
    stage.close().await;
}
