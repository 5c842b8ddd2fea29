//! History of pilots: what commits count, by span and scope.

use super::support::{NOW, TestStore, on_both};
use crate::{Announcement, HelloCall, HistoryOf, PilotEnd};
use model::{BatchUpdate, Durations, FlowAt, Levels, PilotEvent, PilotFlow, PilotId, Shape, Span, Time};
use std::time::Duration;

on_both! {
    flows => what_happens_is_counted_by_span_and_scope;
    levels => how_many_there_are_fits_what_happened_also_while_much_happens;
    by_factory => each_factory_has_its_hours;
    durations => waiting_and_running_are_told_in_quantiles;
    several => one_commit_counts_what_many_say;
    old => old_counts_go_and_newer_stay;
}

const MINUTE: Duration = Duration::from_secs(60);
/// The beginning of six hours.
const BEGIN: Time = Time(NOW.0 - NOW.0 % 21_600_000);

async fn announce(test: &TestStore, factory: &str, label: &str, count: usize, now: Time) -> i64 {
    let (factory, label, queue, batch) = (factory.to_owned(), label.to_owned(), "q".to_owned(), "local".to_owned());
    let secret_hashes = vec![[7; 32]; count];
    test.store.announce(Announcement { factory, label, queue, batch, test: None, secret_hashes, now }).await.unwrap().0
}

async fn tell(test: &TestStore, factory: &str, event: PilotEvent, pilots: &[i64], now: Time) {
    let update = |pilot: &i64| BatchUpdate {
        pilot: PilotId(*pilot),
        event,
        batch_id: String::new(),
        native_state: String::new(),
        flag: None,
        error_class: None,
        message: String::new(),
    };
    test.store.batch_updates(factory.into(), pilots.iter().map(update).collect(), now).await.unwrap();
}

async fn hello(test: &TestStore, pilot: i64, now: Time) {
    let call = HelloCall {
        pilot: PilotId(pilot),
        secret_hash: [7; 32],
        instance: format!("i{pilot}"),
        version: "1".into(),
        node: "n".into(),
        slots: 1,
        shape: Shape::default(),
        batch_id: String::new(),
        profile: String::new(),
        unfit: String::new(),
        now,
    };
    test.store.hello(call).await.unwrap();
}

async fn flow(test: &TestStore, of: HistoryOf, span: Span, since: Time) -> Vec<(i64, PilotFlow)> {
    let begin = BEGIN.as_secs();
    let flows = test.store.pilot_flow(of, span, since).await.unwrap();
    flows.into_iter().map(|at| (at.start - begin, at.flow)).collect()
}

async fn levels(test: &TestStore, of: HistoryOf, since: Time, until: Option<Time>) -> (Vec<FlowAt>, Levels) {
    test.store.pilot_flow_and_levels(of, Span::Minute, since, until).await.unwrap()
}

fn label(factory: &str, label: &str) -> HistoryOf {
    HistoryOf::Label { factory: factory.into(), label: label.into() }
}

async fn what_happens_is_counted_by_span_and_scope(test: TestStore) {
    test.queue("q").await;
    announce(&test, "fab", "a", 3, BEGIN).await;
    announce(&test, "fab", "b", 1, BEGIN + MINUTE).await;
    announce(&test, "mill", "a", 1, BEGIN + MINUTE * 12).await;
    tell(&test, "fab", PilotEvent::Submit, &[1, 2, 3, 4], BEGIN + MINUTE).await;
    hello(&test, 1, BEGIN + MINUTE * 2).await;
    hello(&test, 2, BEGIN + MINUTE * 11).await;
    tell(&test, "fab", PilotEvent::End, &[1, 3], BEGIN + MINUTE * 13).await;
    tell(&test, "fab", PilotEvent::Break, &[2], BEGIN + MINUTE * 13).await;
    // It is gone already: nothing is counted again.
    tell(&test, "fab", PilotEvent::Break, &[2], BEGIN + MINUTE * 14).await;

    let minutes = flow(&test, label("fab", "a"), Span::Minute, BEGIN).await;
    let none = PilotFlow::default();
    let wanted = [
        (0, PilotFlow { pending_change: 3, ..none }),
        (60, PilotFlow { submitted: 3, ..none }),
        (120, PilotFlow { started: 1, pending_change: -1, running_change: 1, ..none }),
        (660, PilotFlow { started: 1, pending_change: -1, running_change: 1, ..none }),
        (780, PilotFlow { done: 2, empty: 1, fault: 1, pending_change: -1, running_change: -2, ..none }),
    ];
    assert_eq!(minutes, wanted);
    let tens = flow(&test, HistoryOf::Factory("fab".into()), Span::TenMinutes, BEGIN).await;
    let first = PilotFlow { submitted: 4, started: 1, pending_change: 3, running_change: 1, ..none };
    assert_eq!((tens[0], tens.len()), ((0, first), 2));
    let all = PilotFlow { submitted: 4, started: 2, done: 2, empty: 1, fault: 1, pending_change: 2, ..none };
    let (site, region) = (HistoryOf::Site("q".into()), HistoryOf::Region("".into()));
    for of in [HistoryOf::All, HistoryOf::Queue("q".into()), site, region] {
        assert_eq!(flow(&test, of.clone(), Span::SixHours, BEGIN).await, [(0, all)], "{of:?}");
    }
    assert_eq!(flow(&test, label("fab", "a"), Span::Minute, BEGIN + MINUTE * 11).await.len(), 2);
    assert_eq!(flow(&test, label("fab", "c"), Span::Minute, BEGIN).await, []);
    let (after, _) = levels(&test, label("fab", "a"), BEGIN + MINUTE, Some(BEGIN + MINUTE * 11)).await;
    let after: Vec<_> = after.into_iter().map(|at| (at.start - BEGIN.as_secs(), at.flow)).collect();
    assert_eq!(after, wanted[1..3]);

    let by_label = test.store.pilot_flow_by_label(Span::TenMinutes, BEGIN + MINUTE * 10).await.unwrap();
    let mut said: Vec<_> =
        by_label.into_iter().map(|of| (of.factory, of.label, of.queue, of.flow.started, of.flow.ended())).collect();
    said.sort();
    let row = |factory: &str, started, ended| (factory.to_owned(), "a".to_owned(), "q".to_owned(), started, ended);
    assert_eq!(said, [row("fab", 1, 3), row("mill", 0, 0)]);
}

async fn how_many_there_are_fits_what_happened_also_while_much_happens(test: TestStore) {
    test.queue("q").await;
    let writing = async {
        for minute in 0..100 {
            let now = BEGIN + MINUTE * minute;
            let first = announce(&test, "fab", "a", 3, now).await;
            hello(&test, first, now).await;
            tell(&test, "fab", PilotEvent::Break, &[first + 1], now).await;
        }
    };
    let reading = async {
        loop {
            for of in [label("fab", "a"), HistoryOf::All, HistoryOf::Queue("q".into())] {
                let (flows, levels) = levels(&test, of.clone(), BEGIN, None).await;
                let before = flows.iter().fold(levels, |levels, at| levels.before(&at.flow));
                assert_eq!(before, Levels::default(), "{of:?}: there were none before the first");
            }
        }
    };
    tokio::select! {
        () = writing => {}
        () = reading => unreachable!("it looks on and on"),
    }
    let (site, region, factory) =
        (HistoryOf::Site("q".into()), HistoryOf::Region("".into()), HistoryOf::Factory("fab".into()));
    for of in [HistoryOf::All, factory, label("fab", "a"), HistoryOf::Queue("q".into()), site, region] {
        let now = levels(&test, of.clone(), BEGIN, None).await.1;
        assert_eq!(now, Levels { pending: 100, running: 100 }, "{of:?}");
    }
    let none = (Vec::new(), Levels::default());
    assert_eq!(levels(&test, label("fab", "a"), BEGIN - MINUTE, Some(BEGIN)).await, none, "before the first");
    let others = levels(&test, HistoryOf::Factory("mill".into()), BEGIN, None).await;
    assert_eq!(others, none);
}

async fn each_factory_has_its_hours(test: TestStore) {
    test.queue("q").await;
    for (factory, minute) in [("mill", 5), ("Fab", 1), ("Fab", 59), ("Fab", 61), ("mill", 130)] {
        announce(&test, factory, "a", 1, BEGIN + MINUTE * minute).await;
    }
    let hours = async |since| {
        let flows = test.store.pilot_flow_by_factory(since).await.unwrap();
        let said =
            flows.into_iter().map(|of| (of.factory, (of.start - BEGIN.as_secs()) / 3600, of.flow.pending_change));
        said.collect::<Vec<_>>()
    };
    let row = |factory: &str, hour, pilots| (factory.to_owned(), hour, pilots);
    let all = [row("Fab", 0, 2), row("Fab", 1, 1), row("mill", 0, 1), row("mill", 2, 1)];
    assert_eq!(hours(BEGIN + MINUTE * 30).await, all, "the hour counts from its beginning");
    assert_eq!(hours(BEGIN + MINUTE * 60).await, [row("Fab", 1, 1), row("mill", 2, 1)]);
}

async fn waiting_and_running_are_told_in_quantiles(test: TestStore) {
    test.queue("q").await;
    announce(&test, "fab", "a", 2, BEGIN).await;
    hello(&test, 1, BEGIN + MINUTE).await;
    hello(&test, 2, BEGIN + MINUTE * 8).await;
    let end = PilotEnd { pilot: PilotId(1), error_class: None, message: String::new(), now: BEGIN + MINUTE * 100 };
    test.store.close_pilot(end).await.unwrap();
    let told = async |of, since, until| test.store.pilot_durations(of, Span::Minute, since, until).await.unwrap();
    let durations = told(label("fab", "a"), BEGIN, BEGIN + MINUTE * 200).await;
    let near = |durations: &Durations, share: f64, wanted: f64| {
        let found = durations.quantile(share).unwrap().as_secs_f64();
        assert!((found / wanted - 1.0).abs() < 0.1, "{found} for {wanted}");
    };
    assert_eq!((durations.waited.count(), durations.ran.count()), (2, 1));
    near(&durations.waited, 0.5, 60.0);
    near(&durations.waited, 0.9, 480.0);
    near(&durations.ran, 0.5, 99.0 * 60.0);
    let later = told(HistoryOf::All, BEGIN + MINUTE * 10, BEGIN + MINUTE * 200).await;
    assert_eq!((later.waited.count(), later.ran.count()), (0, 1));
    let of_queue = told(HistoryOf::Queue("q".into()), BEGIN, BEGIN + MINUTE * 99).await;
    assert_eq!((of_queue.waited.count(), of_queue.ran.count()), (2, 0));
}

async fn one_commit_counts_what_many_say(test: TestStore) {
    test.queue("q").await;
    announce(&test, "fab", "a", 64, BEGIN).await;
    let pilots: Vec<i64> = (1..=64).collect();
    let tells = pilots.iter().map(|pilot| tell(&test, "fab", PilotEvent::Submit, std::slice::from_ref(pilot), BEGIN));
    futures_util::future::join_all(tells).await;
    let minutes = flow(&test, HistoryOf::All, Span::Minute, BEGIN).await;
    assert_eq!(minutes, [(0, PilotFlow { submitted: 64, pending_change: 64, ..PilotFlow::default() })]);
}

async fn old_counts_go_and_newer_stay(test: TestStore) {
    test.queue("q").await;
    announce(&test, "fab", "a", 1, BEGIN).await;
    hello(&test, 1, BEGIN + MINUTE).await;
    let prune = async |now: Time| {
        let mut after = 0;
        while let Some(next) = test.store.prune_pilot_history(now, after).await.unwrap() {
            after = next;
        }
    };
    let kept = async || {
        let mut kept = Vec::new();
        for span in Span::ALL {
            kept.push(flow(&test, HistoryOf::All, span, BEGIN).await.len());
        }
        kept
    };
    prune(BEGIN + Span::Minute.kept()).await;
    assert_eq!(kept().await, [2, 1, 1]);
    prune(BEGIN + MINUTE + Span::Minute.kept()).await;
    assert_eq!(kept().await, [1, 1, 1]);
    prune(BEGIN + MINUTE * 10 + Span::TenMinutes.kept()).await;
    assert_eq!(kept().await, [0, 0, 1]);
    let waited = test.store.pilot_durations(HistoryOf::All, Span::SixHours, BEGIN, BEGIN + MINUTE * 360).await.unwrap();
    assert_eq!(waited.waited.count(), 1);
    prune(BEGIN + MINUTE * 360 + Span::SixHours.kept()).await;
    assert_eq!(kept().await, [0, 0, 0]);
}
