//! The history of pilots, as whoever asks gets it.

use crate::harness::{DEADLINE, Stage, now};
use model::{BatchUpdate, PilotEvent, PilotFlow, PilotId, Span, Time};
use std::time::{Duration, Instant};
use wire::api::{BatchReport, HistoryQuery, PilotHistory};

async fn tell(stage: &Stage, pilot: PilotId, event: PilotEvent) {
    let update = BatchUpdate {
        pilot,
        event,
        batch_id: "1".into(),
        native_state: String::new(),
        flag: None,
        error_class: None,
        message: String::new(),
    };
    stage.factory.report_batch(&BatchReport { factory: "f".into(), updates: vec![update] }).await.unwrap();
}

async fn history(stage: &Stage, query: HistoryQuery) -> PilotHistory {
    stage.admin.pilot_history(&query).await.unwrap()
}

/// The history once it tells what is waited for: a busy machine may remember the one before for a moment.
async fn once(stage: &Stage, query: HistoryQuery, told: impl Fn(&PilotFlow) -> bool) -> PilotHistory {
    let began = Instant::now();
    loop {
        let history = history(stage, query.clone()).await;
        if told(&history.total) || began.elapsed() > DEADLINE {
            return history;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn of_label() -> HistoryQuery {
    HistoryQuery { factory: Some("f".into()), label: Some("l".into()), ..HistoryQuery::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn lives_of_pilots_are_seen_at_once_by_whoever_asks() {
    let stage = Stage::open().await;
    let empty = history(&stage, HistoryQuery::default()).await;
    assert!(empty.total.is_none() && empty.history.running.iter().all(|pilots| *pilots == 0));
    let (waits, _) = stage.announce().await;
    let (starts, secret) = stage.announce().await;
    let (breaks, _) = stage.announce().await;
    for pilot in [waits, starts, breaks] {
        tell(&stage, pilot, PilotEvent::Submit).await;
    }
    stage.greet(starts, secret, "i", 1).await.unwrap();
    tell(&stage, breaks, PilotEvent::Break).await;

    let queue = HistoryQuery { queue: Some("q".into()), ..HistoryQuery::default() };
    let factory = HistoryQuery { factory: Some("f".into()), hours: Some(1), ..HistoryQuery::default() };
    let month = HistoryQuery { hours: Some(720), ..of_label() };
    let year = HistoryQuery { hours: Some(8760), ..HistoryQuery::default() };
    for query in [HistoryQuery::default(), of_label(), queue, factory, month, year] {
        let PilotHistory { history, total, waited, ran } = once(&stage, query.clone(), |total| total.fault == 1).await;
        assert_eq!((total.submitted, total.started, total.done, total.fault), (3, 1, 0, 1), "{query:?}");
        assert_eq!((history.pending.last(), history.running.last()), (Some(&1), Some(&1)), "{query:?}");
        assert_eq!((history.pending[0], history.running[0]), (0, 0), "{query:?}");
        assert_eq!(history.start.len(), history.fault.len());
        assert!(history.start.windows(2).all(|pair| pair[1] - pair[0] == history.span_s), "{query:?}");
        assert_eq!((waited.count, ran.count), (1, 0));
    }
    // It never ran, so it neither waited for its start nor ran without a job.
    tell(&stage, waits, PilotEvent::End).await;
    let total = once(&stage, of_label(), |total| total.done == 1).await.total;
    assert_eq!((total.done, total.empty, total.pending_change), (1, 0, 0));
    tell(&stage, starts, PilotEvent::End).await;
    let ended = once(&stage, of_label(), |total| total.done == 2).await;
    assert_eq!((ended.total.done, ended.total.empty, ended.ran.count), (2, 1, 1));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_it_and_the_past_can_be_asked_for() {
    let stage = Stage::open().await;
    let (pilot, _) = stage.announce().await;
    tell(&stage, pilot, PilotEvent::Submit).await;
    let stage = stage.restart(|_| {}).await;
    assert_eq!(history(&stage, of_label()).await.total.submitted, 1);
    let yesterday = HistoryQuery { until: Some(now() - Duration::from_secs(86_400)), hours: Some(2), ..of_label() };
    let past = history(&stage, yesterday).await;
    assert!(past.total.is_none() && past.history.pending.iter().all(|pilots| *pilots == 0), "{past:?}");
    let beyond = HistoryQuery { until: Some(now() + Duration::from_secs(86_400)), ..of_label() };
    assert_eq!(history(&stage, beyond).await.total.submitted, 1, "the future ends now");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_past_and_the_same_of_another_time_are_told_by_one_kind_of_span() {
    let stage = Stage::open().await;
    let (pilot, secret) = stage.announce().await;
    tell(&stage, pilot, PilotEvent::Submit).await;
    stage.greet(pilot, secret, "i", 1).await.unwrap();
    let hours = |hours: u32| Duration::from_secs(3600) * hours;
    let between = |from: Time, until: Time| HistoryQuery { from: Some(from), until: Some(until), ..of_label() };

    let near = history(&stage, between(now() - hours(1), now() + hours(1))).await;
    assert_eq!((near.total.started, near.history.running.last(), near.history.span_s), (1, Some(&1), 60));
    assert!(near.history.start.len() <= 62, "an hour: {}", near.history.start.len());
    // It was not there then, which follows from what happened since, told by the longest spans.
    let far = history(&stage, between(now() - hours(300), now() - hours(290))).await;
    assert!(far.total.is_none() && far.history.running.iter().all(|pilots| *pilots == 0), "{far:?}");
    assert_eq!(far.history.span_s, 600);

    let earlier = HistoryQuery { back_s: Some(86_400), span: Some(Span::TenMinutes), ..of_label() };
    let over = HistoryQuery { span: Some(Span::TenMinutes), ..of_label() };
    let (earlier, over) = (history(&stage, earlier).await.history, history(&stage, over).await.history);
    assert_eq!((earlier.span_s, over.span_s), (600, 600));
    assert!(over.start[0] - earlier.start[0] - 86_400 <= 600, "a day apart, and a span may end between the calls");
    assert_eq!(earlier.start.len(), over.start.len());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_time_is_refused() {
    let stage = Stage::open().await;
    let refused = async |query: HistoryQuery| stage.admin.pilot_history(&query).await.unwrap_err().to_string();
    let both = HistoryQuery { from: Some(now()), hours: Some(1), ..HistoryQuery::default() };
    assert!(refused(both).await.contains("not both"));
    let ahead = HistoryQuery { from: Some(now() + Duration::from_secs(60)), ..HistoryQuery::default() };
    assert!(refused(ahead).await.contains("before now"));
    let (from, until) = (Some(Time(0)), Some(Time(1)));
    let gone = HistoryQuery { from, until, ..HistoryQuery::default() };
    assert!(refused(gone).await.contains("400 days"));
    stage.close().await;
}
