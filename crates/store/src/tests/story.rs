//! The life of jobs and pilots, told once and run on both engines.

use super::support::{NOW, TestStore, array, hello, lease, on_both, report, single, spec};
use crate::{
    Accepted, CommandFilter, CountScope, Destination, Error, JobFilter, KillRequest, NewJobs, RetryRequest, Scope,
    SubmitCall, Taker,
};
use model::job::AttemptOutcome;
use model::{ErrorClass, IdSet, JobId, JobState, PilotState, Time};
use std::time::Duration;

on_both! {
    life => a_job_from_submit_to_finished;
    failing => failures_use_up_attempts_and_losses_do_not;
    late => late_reports_change_nothing_that_is_over;
    killing => kill_and_retry_of_ranges_and_rows;
    sharing => fair_share_takes_turns;
    sharing_of_groups => a_group_that_runs_much_waits;
    moving => waiting_jobs_move_between_queues;
    listing => listings_page_and_filter;
}

fn after(seconds: u64) -> Time {
    NOW + Duration::from_secs(seconds)
}

fn ids(first: i64, last: i64) -> IdSet {
    IdSet::range(JobId(first), JobId(last))
}

async fn a_job_from_submit_to_finished(mut test: TestStore) {
    test.queue("q").await;
    let mut changes = test.store.changes();
    let call = SubmitCall {
        user: "ann".to_owned(),
        idempotency_key: Some("k".to_owned()),
        jobs: vec![array("ann", "q", 100_000), single("ann", "q")],
        now: NOW,
    };
    let Accepted { submitted, repeated } = test.store.submit(call.clone()).await.unwrap();
    assert!(!repeated);
    let again = Accepted { submitted: submitted.clone(), repeated: true };
    assert_eq!(test.store.submit(call.clone()).await.unwrap(), again);
    let other = SubmitCall { jobs: vec![array("ann", "q", 100_001), single("ann", "q")], ..call };
    assert!(matches!(test.store.submit(other).await, Err(Error::KeyReused)));
    assert!(changes.recv().await.unwrap().has_activated("q") || test.is_sqlite());
    assert_eq!((submitted[0].first, submitted[0].count, submitted[1].first), (JobId(1), 100_000, JobId(100_001)));

    let pilot = test.pilot("q").await;
    let leases = test.lease(pilot, "q", 3, after(1)).await;
    let leased: Vec<(i64, u32, u64)> = leases.jobs.iter().map(|job| (job.id.0, job.attempt, job.index)).collect();
    assert_eq!(leased, [(1, 1, 0), (2, 1, 1), (3, 1, 2)]);
    assert_eq!(leases.specs.len(), 1);
    assert_eq!(leases.specs[0].spec.transformation, "/bin/true");
    assert_eq!(test.store.jobs_of_pilot(pilot).await.unwrap().len(), 3);
    assert_eq!(test.store.pilots_with_jobs().await.unwrap(), [pilot]);

    let mut call = lease(pilot, "q", 1, after(2));
    call.reports = vec![report(JobId(1), 1, JobState::Running), report(JobId(1), 1, JobState::Finished)];
    call.reports[1].stdout = "hello\n".to_owned();
    call.reports[1].usage.wall_ms = 12;
    let leases = test.store.lease_and_report(call.clone()).await.unwrap();
    assert_eq!((leases.refused.len(), leases.jobs[0].id), (0, JobId(4)));
    call.max_slots = 0;
    assert_eq!(test.store.lease_and_report(call).await.unwrap().refused, [], "a repeated report is harmless");

    test.reopen().await;
    let job = test.store.job(JobId(1)).await.unwrap().unwrap();
    assert_eq!(job.summary.state, JobState::Finished);
    assert_eq!((job.summary.exit_code, job.summary.site.as_str()), (Some(0), "q"));
    assert_eq!(job.attempts.len(), 1);
    assert_eq!((job.attempts[0].outcome, job.attempts[0].usage.wall_ms), (AttemptOutcome::Finished, 12));
    assert_eq!((job.attempts[0].stdout_bytes, job.attempts[0].node.as_str()), (6, "node-one"));
    assert_eq!(test.store.last_attempt(JobId(1)).await.unwrap(), Some(1));
    assert_eq!(test.store.last_attempt(JobId(50)).await.unwrap(), Some(0));
    assert_eq!(test.store.last_attempt(JobId(200_000)).await.unwrap(), None);

    let counts = test.store.counts(CountScope::All).await.unwrap();
    let of = |state| counts.of(state);
    assert_eq!((of(JobState::Activated), of(JobState::Sent), of(JobState::Finished)), (99_997, 3, 1));
    assert_eq!(test.store.counts(CountScope::Ids(ids(1, 100_001))).await.unwrap(), counts);
    assert_eq!(test.store.counts(CountScope::Ids(ids(2, 10))).await.unwrap().total(), 9);
    assert_eq!(test.store.counts(CountScope::Ids(ids(90_000, 300_000))).await.unwrap().total(), 10_002);
    assert_eq!(test.store.counts(CountScope::Queue("q".into())).await.unwrap(), counts);
    assert_eq!(test.store.counts(CountScope::User("bob".into())).await.unwrap().total(), 0);
    let demand = test.store.demand(None).await.unwrap();
    assert_eq!((demand[0].activated(), demand[0].running, demand[0].waiting.len()), (99_997, 3, 1));
    let candidates = test.store.candidates(after(3)).await.unwrap();
    assert_eq!((candidates[0].slots, candidates[0].finished_last_hour, candidates[0].waiting), (4, 1, 99_997));
    let summary = test.store.pilot(pilot).await.unwrap().unwrap();
    assert_eq!((summary.jobs_now, summary.jobs_ended, summary.state), (3, 1, PilotState::Running));
}

async fn failures_use_up_attempts_and_losses_do_not(test: TestStore) {
    test.queue("q").await;
    let mut jobs = single("ann", "q");
    jobs.spec.max_attempts = 2;
    test.submit(jobs).await;
    let pilot = test.pilot("q").await;
    assert_eq!(test.store.pilot(pilot).await.unwrap().unwrap().first_job, None);
    let job = JobId(1);
    for attempt in 1..=3 {
        let now = after(u64::from(attempt) * 2000);
        assert_eq!(test.lease(pilot, "q", 1, now).await.jobs.len(), 1);
        let lost = test.store.lose_pilots(vec![pilot], ErrorClass::Lost, "gone".into(), now).await.unwrap();
        assert_eq!((lost[0].attempt, lost[0].requeued), (attempt, true));
        assert_eq!(test.state(job).await, JobState::Activated);
    }
    // A back-off of 5 s, 10 s, 20 s: not at once, but after it.
    assert_eq!(test.lease(pilot, "q", 1, after(6001)).await.jobs.len(), 0);
    let due = test.store.activate_due(after(6001)).await.unwrap();
    assert_eq!(due, Some(after(6020)));
    assert_eq!(test.store.activate_due(after(6020)).await.unwrap(), None);
    let leased = test.lease(pilot, "q", 1, after(6021)).await;
    assert_eq!(leased.jobs[0].attempt, 4);
    test.report(pilot, report(job, 4, JobState::Failed), after(6022)).await;
    assert_eq!(test.state(job).await, JobState::Activated);
    assert_eq!(test.lease(pilot, "q", 1, after(9000)).await.jobs[0].attempt, 5);
    test.report(pilot, report(job, 5, JobState::Failed), after(9001)).await;
    let detail = test.store.job(job).await.unwrap().unwrap();
    assert_eq!((detail.summary.state, detail.summary.error_class), (JobState::Failed, Some(ErrorClass::Payload)));
    let outcomes: Vec<AttemptOutcome> = detail.attempts.iter().map(|attempt| attempt.outcome).collect();
    use AttemptOutcome::{Failed, Lost};
    assert_eq!(outcomes, [Lost, Lost, Lost, Failed, Failed]);
    test.counters_agree(1).await;

    // Infrastructure has a bound of its own.
    test.submit(single("ann", "q")).await;
    for attempt in 1..=20u32 {
        let now = after(20_000 + u64::from(attempt) * 1000);
        assert_eq!(test.lease(pilot, "q", 1, now).await.jobs.len(), 1);
        let lost = test.store.lose_attempts(pilot, vec![(JobId(2), attempt)], "gone".into(), now).await.unwrap();
        assert_eq!(lost[0].requeued, attempt < 20);
    }
    assert_eq!(test.state(JobId(2)).await, JobState::Failed);
    test.counters_agree(2).await;
    let summary = test.store.pilot(pilot).await.unwrap().unwrap();
    assert_eq!((summary.jobs_now, summary.first_job), (0, Some(after(2000))));
}

async fn late_reports_change_nothing_that_is_over(test: TestStore) {
    test.queue("q").await;
    test.submit(array("ann", "q", 3)).await;
    let pilot = test.pilot("q").await;
    let other = test.pilot("q").await;
    assert_eq!(test.lease(pilot, "q", 3, after(1)).await.jobs.len(), 3);
    test.store.lose_pilots(vec![pilot], ErrorClass::Lost, "gone".into(), after(2)).await.unwrap();

    // No newer attempt was sent: the late report counts.
    assert_eq!(test.report(pilot, report(JobId(1), 1, JobState::Finished), after(3)).await, []);
    assert_eq!(test.state(JobId(1)).await, JobState::Finished);
    let refused = test.report(pilot, report(JobId(2), 1, JobState::Running), after(3)).await;
    assert!(refused[0].stop, "the process of a lost attempt is to be stopped");

    // A newer one was sent: it is only recorded.
    let leased = test.lease(other, "q", 3, after(100)).await;
    assert_eq!(leased.jobs.iter().map(|job| (job.id.0, job.attempt)).collect::<Vec<_>>(), [(2, 2), (3, 2)]);
    let refused = test.report(pilot, report(JobId(2), 1, JobState::Finished), after(101)).await;
    assert_eq!((refused[0].stop, refused[0].reason.as_str()), (true, "attempt 2 was sent meanwhile"));
    assert_eq!(test.state(JobId(2)).await, JobState::Sent);
    let detail = test.store.job(JobId(2)).await.unwrap().unwrap();
    assert_eq!(detail.attempts[0].outcome, AttemptOutcome::Finished);
    test.report(other, report(JobId(2), 2, JobState::Failed), after(102)).await;
    assert_eq!(test.state(JobId(2)).await, JobState::Failed);
    let refused = test.report(other, report(JobId(2), 2, JobState::Finished), after(103)).await;
    assert!(refused[0].stop);
    assert_eq!(test.state(JobId(2)).await, JobState::Failed);
    assert!(test.report(other, report(JobId(9), 1, JobState::Finished), after(103)).await[0].stop);
    test.counters_agree(3).await;

    // A pilot that starts again has lost what it held.
    test.store.hello(hello(other, "two")).await.unwrap();
    assert_eq!(test.state(JobId(3)).await, JobState::Activated);
    assert!(test.lease(other, "q", 1, after(200)).await.drain, "the older incarnation gets nothing");
}

async fn kill_and_retry_of_ranges_and_rows(test: TestStore) {
    test.queue("q").await;
    test.submit(array("ann", "q", 1000)).await;
    test.submit(single("bob", "q")).await;
    let pilot = test.pilot("q").await;
    test.lease(pilot, "q", 3, after(1)).await;
    test.report(pilot, report(JobId(1), 1, JobState::Finished), after(2)).await;
    let kill = |ids, scope| KillRequest { ids, scope, issuer: "ann".to_owned(), now: after(3) };

    let refused = test.store.kill(kill(ids(500, 1001), Scope::User("ann".into()))).await;
    assert!(matches!(refused, Err(Error::Forbidden { what }) if what == "job 1001"));
    let done = test.store.kill(kill(ids(2, 500), Scope::User("ann".into()))).await.unwrap();
    assert_eq!((done.cancelled, done.signalled, done.ended_before, done.unknown), (498, 1, 0, 0));
    let take =
        async |now| test.store.take_commands(Taker::Pilot(pilot), now, Duration::from_secs(15)).await.unwrap().commands;
    let commands = take(after(3)).await;
    assert_eq!(commands.len(), 1);
    assert_eq!(commands[0].verb.as_str(), "kill");
    assert!(take(after(4)).await.is_empty());
    assert_eq!(test.store.commands(CommandFilter::default(), None, 10).await.unwrap().rows.len(), 1);
    test.counters_agree(1001).await;

    // The pilot's last word completes the record and changes no state.
    let mut last = report(JobId(2), 1, JobState::Failed);
    last.error_class = Some(ErrorClass::Killed);
    last.signal = Some(15);
    assert_eq!(test.report(pilot, last, after(4)).await, []);
    let job = test.store.job(JobId(2)).await.unwrap().unwrap();
    assert_eq!((job.summary.state, job.attempts[0].signal), (JobState::Cancelled, Some(15)));

    let again = test.store.kill(kill(ids(1, 2000), Scope::All)).await.unwrap();
    assert_eq!((again.cancelled, again.signalled, again.ended_before, again.unknown), (500, 1, 500, 999));
    let retried = test
        .store
        .retry(RetryRequest { ids: ids(1, 100), scope: Scope::User("ann".into()), now: after(5) })
        .await
        .unwrap();
    assert_eq!((retried.retried, retried.left_alone, retried.unknown), (99, 1, 0));
    test.counters_agree(1001).await;
    let leased = test.lease(pilot, "q", 200, after(6)).await;
    assert_eq!(leased.jobs.len(), 99);
    assert!(leased.jobs.iter().any(|job| job.id == JobId(2) && job.attempt == 2));
    test.counters_agree(1001).await;
}

async fn fair_share_takes_turns(test: TestStore) {
    test.queue("q").await;
    test.submit(array("ann", "q", 1000)).await;
    test.submit(array("bob", "q", 1000)).await;
    let mut big = single("eve", "q");
    big.spec.cores = 64;
    test.submit(big).await;
    let mut urgent = single("ann", "q");
    urgent.spec.priority = 10;
    let urgent = test.submit(urgent).await;
    let pilot = test.pilot("q").await;
    let leased = test.lease(pilot, "q", 10, after(1)).await;
    let of_ann = leased.jobs.iter().filter(|job| job.id.0 <= 1000 || job.id == urgent.first).count();
    assert_eq!((leased.jobs.len(), of_ann), (10, 5));
    assert!(leased.jobs.iter().any(|job| job.id == urgent.first), "priority goes first");
    assert!(leased.jobs.iter().all(|job| job.id.0 != 2001), "64 cores do not fit");

    let mut call = lease(pilot, "q", 4, after(2));
    call.filter.user = Some("bob".to_owned());
    let leased = test.store.lease_and_report(call.clone()).await.unwrap();
    assert!(leased.jobs.iter().all(|job| (1001..=2000).contains(&job.id.0)));
    call.filter.user = None;
    call.filter.source_labels = vec!["managed".to_owned()];
    assert!(test.store.lease_and_report(call).await.unwrap().jobs.is_empty());

    let mut of_task = single("ann", "q");
    of_task.spec.task = model::TaskId(77);
    let of_task = test.submit(of_task).await;
    let mut call = lease(pilot, "q", 4, after(3));
    call.filter.task = Some(model::TaskId(77));
    let leased = test.store.lease_and_report(call).await.unwrap();
    assert_eq!(leased.jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [of_task.first]);
}

async fn a_group_that_runs_much_waits(test: TestStore) {
    test.queue("q").await;
    let pilot = test.pilot("q").await;
    // Physics runs ten jobs of ann, of whom nothing waits.
    test.submit(array("ann", "q", 10)).await;
    assert_eq!(test.lease(pilot, "q", 10, after(1)).await.jobs.len(), 10);
    test.submit(array("bob", "q", 100)).await;
    let mut other = array("eve", "q", 100);
    other.spec.group = "biology".to_owned();
    let other = test.submit(other).await;
    let leased = test.lease(pilot, "q", 6, after(2)).await;
    assert_eq!(leased.jobs.len(), 6);
    assert!(leased.jobs.iter().all(|job| job.submission == other.submission), "{:?}", leased.jobs);
    let leased = test.lease(pilot, "q", 8, after(3)).await;
    let of_biology = leased.jobs.iter().filter(|job| job.submission == other.submission).count();
    assert_eq!((leased.jobs.len(), of_biology), (8, 6), "four to catch up, then by turns");
}

async fn waiting_jobs_move_between_queues(test: TestStore) {
    test.queue("a").await;
    test.queue("b").await;
    let nowhere = NewJobs { queue: None, reason: "there is no queue yet".into(), ..array("ann", "a", 100) };
    let submitted = test.submit(nowhere).await;
    assert_eq!((submitted.state, submitted.reason.as_str()), (JobState::Defined, "there is no queue yet"));
    let waiting = test.store.waiting_ranges(Some(String::new()), None, 10).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].first.0, waiting[0].last.0), (1, 1, 100));
    assert_eq!(waiting[0].spec.user, "ann");

    let to = |queue: &str| Destination::Queue(queue.to_owned());
    assert_eq!(test.store.move_waiting(JobId(11), JobId(20), to("a"), after(1)).await.unwrap(), 10);
    assert_eq!(test.store.move_waiting(JobId(1), JobId(100), to("b"), after(2)).await.unwrap(), 100);
    assert_eq!(test.store.move_waiting(JobId(1), JobId(100), to("b"), after(2)).await.unwrap(), 0);
    let moved =
        test.store.move_waiting(JobId(51), JobId(100), Destination::Nowhere("b is full".into()), after(3)).await;
    assert_eq!(moved.unwrap(), 50);
    test.counters_agree(100).await;
    let counts = test.store.counts_by_queue().await.unwrap();
    assert_eq!((counts["b"].of(JobState::Activated), counts[""].of(JobState::Defined)), (50, 50));
    let kinds = test.store.counts_by_kind().await.unwrap();
    let of = |queue: &str, state| {
        let of_queue = kinds.iter().filter(|(kind, _)| kind.queue == queue && kind.source_label == "user");
        of_queue.map(|(kind, jobs)| u64::from(kind.cores) * jobs.of(state)).sum::<u64>()
    };
    assert_eq!((of("b", JobState::Activated), of("", JobState::Defined)), (50, 50));
    assert_eq!(test.store.job(JobId(60)).await.unwrap().unwrap().summary.message, "b is full");

    // A job that waits for its second attempt moves with its row.
    let pilot = test.pilot("b").await;
    let leased = test.lease(pilot, "b", 1, after(4)).await;
    let job = leased.jobs[0].id;
    test.store.lose_pilots(vec![pilot], ErrorClass::Lost, "gone".into(), after(5)).await.unwrap();
    assert_eq!(test.store.move_waiting(job, job, to("a"), after(6)).await.unwrap(), 1);
    let summary = test.store.job(job).await.unwrap().unwrap().summary;
    assert_eq!((summary.queue.as_str(), summary.state), ("a", JobState::Activated));
    test.counters_agree(100).await;
}

async fn listings_page_and_filter(test: TestStore) {
    test.queue("q").await;
    test.submit(array("ann", "q", 50)).await;
    let mut named = single("bob", "q");
    named.spec.name = "render".to_owned();
    for _ in 0..5 {
        test.submit(named.clone()).await;
    }
    test.submit(NewJobs { queue: None, reason: "no".into(), ..NewJobs { spec: spec("eve"), ..single("eve", "q") } })
        .await;
    let pilot = test.pilot("q").await;
    test.lease(pilot, "q", 10, after(1)).await;
    test.report(pilot, report(JobId(1), 1, JobState::Finished), after(2)).await;
    test.report(pilot, report(JobId(2), 1, JobState::Failed), after(2)).await;

    let listed = |filter: JobFilter| walk(&test, filter, 7);
    let everything = listed(JobFilter::default()).await;
    assert_eq!(everything, (1..=56).rev().collect::<Vec<_>>());
    let state = |state| JobFilter { state: Some(state), ..JobFilter::default() };
    assert_eq!(listed(state(JobState::Finished)).await, [1]);
    assert_eq!(listed(state(JobState::Failed)).await, [2]);
    assert_eq!(listed(state(JobState::Defined)).await, [56]);
    assert_eq!(listed(state(JobState::Closed)).await, [0i64; 0]);
    assert_eq!(listed(state(JobState::Sent)).await.len(), 8);
    assert_eq!(listed(state(JobState::Activated)).await.len(), 45);
    let of = |user: &str| JobFilter { user: Some(user.into()), ..JobFilter::default() };
    assert_eq!(listed(of("bob")).await, [55, 54, 53, 52, 51]);
    assert_eq!(listed(of("nobody")).await, [0i64; 0]);
    assert_eq!(listed(JobFilter { name: Some("render".into()), ..JobFilter::default() }).await.len(), 5);
    assert_eq!(listed(JobFilter { site: Some("q".into()), ..JobFilter::default() }).await.len(), 55);
    assert_eq!(listed(JobFilter { site: Some("x".into()), ..JobFilter::default() }).await, [0i64; 0]);
    assert_eq!(listed(JobFilter { pilot: Some(pilot), ..JobFilter::default() }).await.len(), 10);
    let failed = JobFilter { error_class: Some(ErrorClass::Payload), ..JobFilter::default() };
    assert_eq!(listed(failed).await, [2]);
    let some: IdSet = "3-5,40,52-53,99".parse().unwrap();
    assert_eq!(listed(JobFilter { ids: Some(some.clone()), ..JobFilter::default() }).await, [53, 52, 40, 5, 4, 3]);
    let both = JobFilter { ids: Some(some), name: Some("render".into()), ..JobFilter::default() };
    assert_eq!(listed(both).await, [53, 52]);
    let submission = JobFilter { submission: Some(model::SubmissionId(1)), ..JobFilter::default() };
    assert_eq!(listed(submission).await.len(), 50);
}

/// All ids of a listing, page by page.
async fn walk(test: &TestStore, filter: JobFilter, limit: u32) -> Vec<i64> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = test.store.jobs(filter.clone(), cursor, limit).await.unwrap();
        assert!(page.rows.len() <= limit as usize);
        all.extend(page.rows.iter().map(|job| job.id.0));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return all,
        }
    }
}
