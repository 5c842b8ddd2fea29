//! What is remembered beside jobs: pilots, queues, factories, decisions, commands, tokens, logs.

use super::support::{NOW, TestStore, array, hello, on_both, report, single, written};
use crate::{
    Announcement, CommandFilter, DecisionFilter, Error, JobOutput, LogAppend, LogFrom, LogName, NewCommand,
    NewTokenRow, PilotEnd, PilotFilter, QueueOrigin, Removable, Taken, Taker,
};
use model::job::LogStream;
use model::{
    BatchUpdate, CommandState, Decision, DecisionId, ErrorClass, FactoryHeartbeat, JobId, JobState, PilotEvent,
    PilotFlag, PilotId, PilotState, QueueRecord, QueueStatus, Role, StatusChange, Step, Target, Time, Verb,
};
use std::collections::BTreeMap;
use std::time::Duration;

on_both! {
    pilots => pilots_live_and_end;
    greeting => hello_is_idempotent_and_guarded;
    queues => queues_are_kept;
    decisions => equal_decisions_are_folded;
    commands => commands_reach_their_target_once;
    silent_targets => commands_that_are_never_answered_fail_and_are_pruned;
    tokens => tokens_are_found_by_hash;
    single_values => values_and_duties;
    logs => logs_grow_and_move;
    chatty_logs => logs_of_many_chunks_are_read_whole;
}

fn after(seconds: u64) -> Time {
    NOW + Duration::from_secs(seconds)
}

fn update(pilot: i64, event: PilotEvent) -> BatchUpdate {
    BatchUpdate {
        pilot: PilotId(pilot),
        event,
        batch_id: String::new(),
        native_state: String::new(),
        flag: None,
        error_class: None,
        message: String::new(),
    }
}

fn announcement(count: u8) -> Announcement {
    Announcement {
        factory: "fab".into(),
        label: "lab".into(),
        queue: "q".into(),
        batch: "local".into(),
        test: None,
        secret_hashes: (0..count).map(|_| [7; 32]).collect(),
        now: NOW,
    }
}

async fn count_of(test: &TestStore, state: PilotState) -> u64 {
    let counts = test.store.pilot_counts().await.unwrap();
    counts.iter().filter(|count| count.state == state).map(|count| count.pilots).sum()
}

async fn pilots_live_and_end(test: TestStore) {
    test.queue("q").await;
    assert_eq!(test.store.announce(announcement(5)).await.unwrap(), PilotId(1));
    assert_eq!(test.store.announce(announcement(1)).await.unwrap(), PilotId(6));
    let mut held = update(2, PilotEvent::Queue);
    held.flag = Some(PilotFlag::Held);
    held.batch_id = "77_2".into();
    held.native_state = "PENDING".into();
    let updates = vec![
        update(1, PilotEvent::Submit),
        held,
        update(99, PilotEvent::Run),
        update(3, PilotEvent::Break),
        update(3, PilotEvent::Run),
        update(4, PilotEvent::Run),
    ];
    let refused = test.store.batch_updates("fab".into(), updates, after(1)).await.unwrap();
    assert_eq!(refused.iter().map(|refusal| refusal.pilot.0).collect::<Vec<_>>(), [99, 3]);
    let foreign = test.store.batch_updates("other".into(), vec![update(1, PilotEvent::End)], after(1)).await.unwrap();
    assert_eq!(foreign.len(), 1);
    let second = test.store.pilot(PilotId(2)).await.unwrap().unwrap();
    assert_eq!((second.flag, second.batch_id.as_str(), second.site.as_str()), (Some(PilotFlag::Held), "77_2", "q"));
    let third = test.store.pilot(PilotId(3)).await.unwrap().unwrap();
    assert_eq!((third.state, third.error_class), (PilotState::Fault, Some(ErrorClass::Batch)));
    assert_eq!(third.message, "a pilot that is fault cannot Run");

    let live: Vec<i64> = test.store.live_pilots(Some("fab".into())).await.unwrap().iter().map(|p| p.id.0).collect();
    assert_eq!(live, [1, 2, 4, 5, 6]);
    assert_eq!((count_of(&test, PilotState::Announced).await, count_of(&test, PilotState::Fault).await), (2, 1));
    let page = test.store.pilots(PilotFilter { live: true, ..PilotFilter::default() }, None, 2).await.unwrap();
    assert_eq!((page.rows[0].id.0, page.rows[1].id.0, page.next), (6, 5, Some(5)));
    let of_factory = PilotFilter { live: true, factory: Some("fab".into()), ..PilotFilter::default() };
    let running = PilotFilter { state: Some(PilotState::Running), ..of_factory.clone() };
    let nobody = PilotFilter { factory: Some("other".into()), ..of_factory.clone() };
    let cases = [
        (of_factory.clone(), Some(5), vec![4, 2], Some(2)),
        (of_factory, Some(2), vec![1], None),
        (running.clone(), None, vec![4], None),
        (PilotFilter { factory: None, ..running }, None, vec![4], None),
        (nobody, None, vec![], None),
    ];
    for (filter, below, ids, next) in cases {
        let page = test.store.pilots(filter, below, 2).await.unwrap();
        assert_eq!((page.rows.iter().map(|pilot| pilot.id.0).collect::<Vec<_>>(), page.next), (ids, next));
    }
    let page = test.store.pilots(PilotFilter { label: Some("lab".into()), ..PilotFilter::default() }, Some(3), 5).await;
    assert_eq!(page.unwrap().rows.iter().map(|pilot| pilot.id.0).collect::<Vec<_>>(), [2, 1]);
    let fault = PilotFilter { state: Some(PilotState::Fault), queue: Some("q".into()), ..PilotFilter::default() };
    assert_eq!(test.store.pilots(fault, None, 5).await.unwrap().rows.len(), 1);

    // A batch system that puts a running pilot back into its queue takes its jobs away.
    test.submit(array("ann", "q", 4)).await;
    test.store.hello(hello(PilotId(4), "one")).await.unwrap();
    test.lease(PilotId(4), "q", 2, after(2)).await;
    test.store.batch_updates("fab".into(), vec![update(4, PilotEvent::Queue)], after(3)).await.unwrap();
    assert_eq!(test.state(JobId(1)).await, JobState::Activated);
    test.store.hello(hello(PilotId(4), "two")).await.unwrap();
    test.store.flush_heard(BTreeMap::from([(PilotId(4), after(9)), (PilotId(5), after(8))])).await.unwrap();
    test.store.flush_heard(BTreeMap::from([(PilotId(4), after(7))])).await.unwrap();
    let fourth = test.store.pilot(PilotId(4)).await.unwrap().unwrap();
    assert_eq!((fourth.incarnation, fourth.last_heard, fourth.jobs_now), (2, Some(after(9)), 0));

    let mut call = super::support::lease(PilotId(4), "q", 1, after(10));
    call.incarnation = 2;
    assert_eq!(test.store.lease_and_report(call.clone()).await.unwrap().jobs.len(), 1);
    test.store.flag_pilot(PilotId(4), Some(PilotFlag::Retiring), String::new(), NOW).await.unwrap();
    assert!(test.store.lease_and_report(call).await.unwrap().drain);
    let end = PilotEnd { pilot: PilotId(4), error_class: None, message: "drained".into(), now: after(11) };
    test.store.pilot_exits(end.clone(), 1).await.unwrap();
    assert_eq!(test.store.pilot(PilotId(4)).await.unwrap().unwrap().state, PilotState::Running, "an old incarnation");
    test.store.pilot_exits(end.clone(), 2).await.unwrap();
    assert_eq!(test.store.jobs_of_pilot(PilotId(4)).await.unwrap(), []);
    test.store.close_pilot(end.clone()).await.unwrap();
    test.store.close_pilot(end).await.unwrap();
    let fourth = test.store.pilot(PilotId(4)).await.unwrap().unwrap();
    assert_eq!((fourth.state, fourth.flag, fourth.message.as_str()), (PilotState::Done, None, "drained"));
    let slots: u64 =
        test.store.pilot_counts().await.unwrap().iter().filter(|c| !c.state.is_final()).map(|c| c.slots).sum();
    assert_eq!(slots, 0);
    test.counters_agree(4).await;
}

async fn hello_is_idempotent_and_guarded(test: TestStore) {
    test.queue("q").await;
    test.store.announce(announcement(1)).await.unwrap();
    let first = test.store.hello(hello(PilotId(1), "one")).await.unwrap();
    assert_eq!((first.incarnation, first.queue.as_str(), first.site.as_str()), (1, "q", "q"));
    assert_eq!(test.store.hello(hello(PilotId(1), "one")).await.unwrap(), first);
    assert_eq!(test.store.hello(hello(PilotId(1), "two")).await.unwrap().incarnation, 2);
    let mut wrong = hello(PilotId(1), "one");
    wrong.secret_hash = [8; 32];
    assert!(matches!(test.store.hello(wrong).await, Err(Error::NotFound { .. })));
    assert!(matches!(test.store.hello(hello(PilotId(2), "one")).await, Err(Error::NotFound { .. })));
    let end = PilotEnd { pilot: PilotId(1), error_class: Some(ErrorClass::Node), message: "bad".into(), now: after(1) };
    test.store.close_pilot(end).await.unwrap();
    assert!(matches!(test.store.hello(hello(PilotId(1), "three")).await, Err(Error::Conflict(_))));
}

async fn queues_are_kept(test: TestStore) {
    let mut queue = QueueRecord::named("a");
    queue.tags = ["gpu".to_owned()].into();
    queue.max_memory_mib = 4096;
    assert!(test.store.put_queue(queue.clone(), written(NOW)).await.unwrap());
    assert!(!test.store.put_queue(queue.clone(), written(NOW)).await.unwrap());
    assert_eq!(test.store.queue("a".into()).await.unwrap(), Some(queue.clone()));
    let origin = |status_set: Option<StatusChange>, at| QueueOrigin { status_set, written: Some(written(at)) };
    assert_eq!(test.store.queue_origins().await.unwrap(), [("a".to_owned(), origin(None, NOW))].into());
    let change = StatusChange { by: "ann".into(), at: NOW, reason: "new nodes".into() };
    test.store.set_queue_status("a".into(), QueueStatus::Test, change.clone()).await.unwrap();
    queue.max_cores = 8;
    assert!(test.store.put_queue(queue.clone(), written(after(9))).await.unwrap());
    let changed = origin(Some(change.clone()), after(9));
    assert_eq!(test.store.queue_origins().await.unwrap(), [("a".to_owned(), changed.clone())].into());
    queue.status = QueueStatus::Test;
    assert_eq!(test.store.queues().await.unwrap(), [queue]);
    test.queue("b").await;
    test.queue("c").await;
    let after_a = test.store.queues_after("a".into(), 1).await.unwrap();
    assert_eq!(after_a, [(QueueRecord::named("b"), origin(None, NOW))]);
    assert_eq!(test.store.queues_after(String::new(), 1).await.unwrap()[0].1, changed);
    assert_eq!(test.store.count_queues().await.unwrap(), 3);
    let unknown = test.store.set_queue_status("d".into(), QueueStatus::Test, change).await;
    assert!(matches!(unknown, Err(Error::NotFound { what }) if what == "queue d"));

    let said = FactoryHeartbeat {
        version: "1".into(),
        host: "h".into(),
        pid: 1,
        started: NOW,
        cycle_s: 30,
        labels: Vec::new(),
        nodes: Vec::new(),
        draining: false,
        sources: Vec::new(),
        monitors: Vec::new(),
        credentials: Vec::new(),
        trouble: String::new(),
        health: None,
    };
    test.store.factory_says("fab".into(), said.clone(), NOW).await.unwrap();
    test.store.factory_says("fab".into(), said.clone(), after(9)).await.unwrap();
    let factories = test.store.factories().await.unwrap();
    assert_eq!((factories.len(), factories[0].last_heard, &factories[0].said), (1, after(9), &said));
    let elsewhere = FactoryHeartbeat { host: "other".into(), ..said.clone() };
    let by = test.store.factory_says("fab".into(), elsewhere.clone(), after(10)).await.unwrap();
    assert_eq!(by.map(|by| (by.said, by.last_heard)), Some((said, after(9))));
    assert_eq!(test.store.factory_says("fab".into(), elsewhere, after(200)).await.unwrap(), None);
}

fn decision(label: &str, number: i64, seconds: u64) -> Decision {
    Decision {
        id: DecisionId(0),
        time: after(seconds),
        last_time: after(seconds),
        times: 1,
        factory: "fab".into(),
        label: label.into(),
        queue: "q".into(),
        facts: Vec::new(),
        number,
        steps: vec![Step {
            plugin: "Ready".into(),
            input: 0,
            output: number,
            message: format!("Ready:ready={number}"),
        }],
        announced: 0,
        accepted: 0,
        error: String::new(),
    }
}

async fn equal_decisions_are_folded(test: TestStore) {
    for seconds in 0..5 {
        test.store
            .add_decisions(vec![decision("a", 0, seconds), decision("b", seconds as i64, seconds)])
            .await
            .unwrap();
    }
    let of = |label: &str| DecisionFilter { label: Some(label.into()), ..DecisionFilter::default() };
    let a = test.store.decisions(of("a"), None, 10).await.unwrap().rows;
    assert_eq!((a.len(), a[0].times, a[0].time, a[0].last_time), (1, 5, NOW, after(4)));
    let b = test.store.decisions(of("b"), None, 3).await.unwrap();
    assert_eq!(b.rows.iter().map(|decision| decision.number).collect::<Vec<_>>(), [4, 3, 2]);
    let rest = test.store.decisions(of("b"), b.next, 3).await.unwrap();
    assert_eq!((rest.rows.len(), rest.next), (2, None));
    let all = DecisionFilter { queue: Some("q".into()), factory: Some("fab".into()), label: None };
    assert_eq!(test.store.decisions(all, None, 100).await.unwrap().rows.len(), 6);
}

fn command(target: Target, verb: Verb) -> NewCommand {
    NewCommand { target, verb, arguments: Vec::new(), issuer: "ann".into(), expires: after(60), now: NOW }
}

async fn commands_reach_their_target_once(test: TestStore) {
    test.queue("q").await;
    test.submit(single("ann", "q")).await;
    let pilot = test.pilot("q").await;
    let mut changes = test.store.changes();
    let follow = command(Target::Job(JobId(1)), Verb::Follow);
    assert!(matches!(test.store.command(follow.clone()).await, Err(Error::Conflict(_))));
    test.lease(pilot, "q", 1, after(1)).await;
    let id = test.store.command(follow.clone()).await.unwrap();
    assert_eq!(test.store.command(follow).await.unwrap(), id, "a repeated command is renewed");
    let cycle = test.store.command(command(Target::Factory("fab".into()), Verb::Cycle)).await.unwrap();
    let told = async {
        loop {
            if changes.recv().await.unwrap().commands_factory("fab") {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), told).await.unwrap();

    let take = |taker, now| test.store.take_commands(taker, now, Duration::from_secs(15));
    let taken = take(Taker::Pilot(pilot), after(2)).await.unwrap();
    assert_eq!(taken.commands.iter().map(|command| command.id).collect::<Vec<_>>(), [id]);
    assert_eq!(
        take(Taker::Pilot(pilot), after(3)).await.unwrap(),
        Taken { again: Some(after(17)), ..Taken::default() }
    );
    assert_eq!(take(Taker::Pilot(pilot), after(17)).await.unwrap().commands, taken.commands, "the answer may be lost");
    assert_eq!(take(Taker::Factory("x".into()), after(2)).await.unwrap(), Taken::default());
    let done = |taker, state| test.store.command_outcome(taker, id, state, "ok".into());
    assert!(matches!(done(Taker::Factory("fab".into()), CommandState::Done).await, Err(Error::NotFound { .. })));
    done(Taker::Pilot(pilot), CommandState::Done).await.unwrap();
    assert_eq!(take(Taker::Pilot(pilot), after(50)).await.unwrap(), Taken::default());
    assert!(matches!(done(Taker::Pilot(pilot), CommandState::Failed).await, Err(Error::Conflict(_))));
    assert_eq!(test.store.expire_commands(after(61)).await.unwrap(), 1);
    let failed = CommandFilter { target: None, verb: None, state: Some(CommandState::Failed) };
    assert_eq!(test.store.commands(failed, None, 10).await.unwrap().rows[0].id, cycle);
    let of_job = CommandFilter { target: Some(Target::Job(JobId(1))), ..CommandFilter::default() };
    assert_eq!(test.store.commands(of_job, None, 10).await.unwrap().rows[0].note, "ok");
}

async fn commands_that_are_never_answered_fail_and_are_pruned(test: TestStore) {
    let fab = || Target::Factory("fab".into());
    for verb in [Verb::Cycle, Verb::Drain] {
        test.store.command(command(fab(), verb)).await.unwrap();
    }
    let taker = Taker::Factory("fab".into());
    let taken = test.store.take_commands(taker.clone(), after(1), Duration::from_secs(15)).await.unwrap().commands;
    let accepted = test.store.command_outcome(taker.clone(), taken[1].id, CommandState::Accepted, String::new());
    accepted.await.unwrap();
    assert_eq!(test.store.expire_commands(after(61)).await.unwrap(), 0, "its outcome may be on the way");
    assert_eq!(test.store.expire_commands(after(121)).await.unwrap(), 1);
    let newest = test.store.commands(CommandFilter::default(), None, 10).await.unwrap().rows;
    let states: Vec<_> = newest.iter().map(|command| command.state).collect();
    assert_eq!(states, [CommandState::Accepted, CommandState::Failed]);
    assert_eq!(newest[1].note, "it was taken and its outcome never told");
    let week = Duration::from_secs(7 * 86_400);
    assert_eq!(test.store.prune(after(59) + week, week).await.unwrap()[&Removable::Commands], 0);
    let gone = test.store.prune(after(61) + week, week).await.unwrap();
    assert_eq!(gone[&Removable::Commands], 2, "also those whose end nobody told");
}

async fn tokens_are_found_by_hash(test: TestStore) {
    let row = |hash: u8, expires| NewTokenRow {
        hash: [hash; 32],
        user: "ann".into(),
        group: "physics".into(),
        role: Role::SiteAdmin,
        sites: vec!["here".into()],
        note: "test".into(),
        expires,
        now: NOW,
    };
    let first = test.store.add_token(row(1, None)).await.unwrap().unwrap();
    test.store.add_token(row(2, Some(after(10)))).await.unwrap();
    let owner = test.store.token_owner([1; 32]).await.unwrap().unwrap();
    assert_eq!((owner.user.as_str(), owner.role, owner.sites), ("ann", Role::SiteAdmin, vec!["here".to_owned()]));
    assert_eq!(test.store.token_owner([3; 32]).await.unwrap(), None);
    assert_eq!(test.store.tokens(after(1)).await.unwrap().len(), 2);
    assert_eq!(test.store.tokens(after(11)).await.unwrap().len(), 1);
    let last_used = async || test.store.tokens(after(1)).await.unwrap()[0].last_used;
    assert_eq!(last_used().await, None);
    test.store.tokens_used([(first, after(5)), (99, after(5))].into()).await.unwrap();
    test.store.tokens_used([(first, after(2))].into()).await.unwrap();
    assert_eq!(last_used().await, Some(after(5)), "another server may tell it late");
    assert!(test.store.revoke_token(first).await.unwrap());
    assert!(!test.store.revoke_token(first).await.unwrap());
    assert_eq!(test.store.add_token(row(1, None)).await.unwrap(), None, "a revoked token stays revoked");
    assert_eq!(test.store.token_owner([1; 32]).await.unwrap(), None);
}

async fn values_and_duties(test: TestStore) {
    assert_eq!(test.store.meta("key").await.unwrap(), None);
    assert_eq!(test.store.meta_or("key", vec![1]).await.unwrap(), [1]);
    assert_eq!(test.store.meta_or("key", vec![2]).await.unwrap(), [1]);
    test.store.set_meta("key", vec![3]).await.unwrap();
    assert_eq!(test.store.meta("key").await.unwrap(), Some(vec![3]));
    assert!(test.store.try_duty("reaper", Duration::from_secs(10)).await.unwrap());
    assert!(test.store.try_duty("reaper", Duration::from_secs(10)).await.unwrap());
    test.store.release_duty("reaper").await.unwrap();
    let health = test.store.health().await.unwrap();
    assert!(health.bytes > 0 && health.schema == crate::migrate::newest(), "{health:?}");
}

async fn logs_grow_and_move(test: TestStore) {
    test.queue("q").await;
    test.submit(single("ann", "q")).await;
    let pilot = test.pilot("q").await;
    test.lease(pilot, "q", 1, after(1)).await;
    let log = LogName { job: JobId(1), attempt: 1, stream: LogStream::Stdout };
    let append = |offset: u64, text: &str, complete| {
        let bytes = text.as_bytes().to_vec();
        test.store.append_log(LogAppend { log, offset, bytes, complete, now: NOW })
    };
    assert_eq!(test.store.log_position(log).await.unwrap(), None);
    assert_eq!(append(0, "hello ", false).await.unwrap().size, 6);
    assert_eq!(append(4, "o world", false).await.unwrap().size, 11, "what overlaps is ignored");
    assert!(matches!(append(20, "x", false).await, Err(Error::Conflict(_))));
    let read = |from, max| test.store.read_log(log, from, max);
    assert_eq!(read(LogFrom::Offset(0), 100).await.unwrap().bytes, b"hello world");
    assert_eq!(read(LogFrom::Offset(4), 4).await.unwrap().bytes, b"o wo");
    let tail = read(LogFrom::Tail(5), 100).await.unwrap();
    assert_eq!((tail.offset, tail.bytes.as_slice(), tail.position.complete), (6, b"world".as_slice(), false));
    assert!(append(11, "!", true).await.unwrap().complete);
    assert_eq!(append(12, "more", false).await.unwrap().size, 12, "nothing follows a complete log");
    test.store.log_moved(log, "logs/1/1/stdout".into(), 12).await.unwrap();
    let moved = read(LogFrom::Offset(0), 100).await.unwrap();
    assert_eq!((moved.bytes.len(), moved.position.location.as_deref()), (0, Some("logs/1/1/stdout")));

    let output = |name: &str| JobOutput {
        job: JobId(1),
        attempt: 1,
        name: name.into(),
        location: format!("out/{name}"),
        bytes: 3,
    };
    test.store.add_output(output("b"), NOW).await.unwrap();
    test.store.add_output(output("a"), NOW).await.unwrap();
    test.store.add_output(output("a"), NOW).await.unwrap();
    let mut end = report(JobId(1), 1, JobState::Finished);
    end.stderr = "warning".into();
    test.report(pilot, end, after(2)).await;
    let stderr = LogName { stream: LogStream::Stderr, ..log };
    assert_eq!(test.store.read_log(stderr, LogFrom::Tail(4), 100).await.unwrap().bytes, b"ning");
    let late = test.store.add_output(output("c"), NOW).await;
    assert!(matches!(late, Err(Error::AttemptOver { attempt: 1, .. })), "{late:?}");
    assert!(matches!(append(12, "more", false).await, Err(Error::AttemptOver { .. })));
    assert_eq!(test.store.outputs(JobId(1)).await.unwrap(), [output("a"), output("b")]);
    let detail = test.store.job(JobId(1)).await.unwrap().unwrap();
    assert_eq!(detail.outputs, ["a", "b"]);
    assert_eq!((detail.attempts[0].stdout_bytes, detail.attempts[0].stderr_bytes), (12, 7));
}

async fn logs_of_many_chunks_are_read_whole(test: TestStore) {
    test.queue("q").await;
    test.submit(single("ann", "q")).await;
    let pilot = test.pilot("q").await;
    test.lease(pilot, "q", 1, after(1)).await;
    let log = LogName { job: JobId(1), attempt: 1, stream: LogStream::Stdout };
    let mut all = Vec::new();
    for line in 0..300 {
        let bytes = format!("{line}\n").into_bytes();
        let append = LogAppend { log, offset: all.len() as u64, bytes: bytes.clone(), complete: false, now: NOW };
        test.store.append_log(append).await.unwrap();
        all.extend(bytes);
    }
    let read = async |from, max| test.store.read_log(log, from, max).await.unwrap().bytes;
    assert_eq!(read(LogFrom::Offset(0), 1 << 20).await, all);
    assert_eq!(read(LogFrom::Offset(5), 777).await, all[5..782]);
    assert_eq!(read(LogFrom::Tail(900), 1 << 20).await, all[all.len() - 900..]);
}
