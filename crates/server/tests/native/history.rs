//! The history of pilots, as whoever asks gets it.

use crate::harness::{Stage, now};
use model::{BatchUpdate, PilotEvent, PilotId};
use std::time::Duration;
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
        let PilotHistory { history, total, waited, ran } = history(&stage, query.clone()).await;
        assert_eq!((total.submitted, total.started, total.done, total.fault), (3, 1, 0, 1), "{query:?}");
        assert_eq!((history.pending.last(), history.running.last()), (Some(&1), Some(&1)), "{query:?}");
        assert_eq!((history.pending[0], history.running[0]), (0, 0), "{query:?}");
        assert_eq!(history.start.len(), history.fault.len());
        assert!(history.start.windows(2).all(|pair| pair[1] - pair[0] == history.span_s), "{query:?}");
        assert_eq!((waited.count, ran.count), (1, 0));
    }
    // It never ran, so it neither waited for its start nor ran without a job.
    tell(&stage, waits, PilotEvent::End).await;
    let total = history(&stage, of_label()).await.total;
    assert_eq!((total.done, total.empty, total.pending_change), (1, 0, 0));
    tell(&stage, starts, PilotEvent::End).await;
    let ended = history(&stage, of_label()).await;
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
