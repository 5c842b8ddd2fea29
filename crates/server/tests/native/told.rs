//! What was said about pilots, as other programs read it.

use crate::harness::Stage;
use model::pilot::{Source, Word};
use model::{PilotId, PilotState};
use std::time::{Duration, Instant};
use wire::api::{ExitRequest, ToldQuery};

fn after(number: i64) -> ToldQuery {
    ToldQuery { after: Some(number), ..ToldQuery::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_waits_for_what_comes_and_misses_nothing() {
    let stage = Stage::open().await;
    let empty = stage.admin.told(&after(0)).await.unwrap();
    assert_eq!((empty.events.len(), empty.next), (0, 0));

    let reader = stage.admin.clone();
    let waiting = tokio::spawn(async move {
        let began = Instant::now();
        let page = reader.told(&ToldQuery { wait_s: 15, ..after(0) }).await.unwrap();
        (page, began.elapsed())
    });
    let pilot = stage.pilot(1).await;
    let (page, took) = waiting.await.unwrap();
    assert!(took < Duration::from_secs(10), "it waited for {took:?}");
    assert_eq!(page.events[0].word, Word::Announced);
    let exit = ExitRequest { reason: "idle".into(), error_class: None };
    pilot.client.exit(pilot.id, &exit).await.unwrap();
    pilot.client.exit(pilot.id, &exit).await.unwrap();

    let mut seen = page.events;
    let mut next = page.next;
    while seen.len() < 4 {
        let page = stage.admin.told(&ToldQuery { limit: Some(1), wait_s: 5, ..after(next) }).await.unwrap();
        assert_eq!(page.events.len(), 1);
        (next, seen) = (page.next, [seen, page.events].concat());
    }
    let said: Vec<_> = seen.iter().map(|one| (one.source, one.word, one.state, one.refused)).collect();
    let running = (Source::Pilot, Word::Running, PilotState::Running, false);
    let exiting = |refused| (Source::Pilot, Word::Exiting, PilotState::Exiting, refused);
    let announced = (Source::Factory, Word::Announced, PilotState::Announced, false);
    assert_eq!(said, [announced, running, exiting(false), exiting(false)]);
    assert_eq!(stage.admin.told_of(pilot.id).await.unwrap().events, seen);
    assert_eq!(
        stage.admin.told(&ToldQuery { limit: Some(2), ..ToldQuery::default() }).await.unwrap().events,
        seen[2..]
    );
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typo_is_no_silence() {
    let stage = Stage::open().await;
    stage.pilot(1).await;
    let of = |factory: &str, label: &str| ToldQuery {
        factory: Some(factory.into()),
        label: Some(label.into()),
        ..ToldQuery::default()
    };
    assert_eq!(stage.admin.told(&of("f", "l")).await.unwrap().events.len(), 2);
    assert_eq!(stage.admin.told(&of("f", "ll")).await.unwrap_err().code(), Some("unknown-label"));
    assert_eq!(stage.admin.told_of(PilotId(99)).await.unwrap_err().code(), Some("unknown-pilot"));
    stage.close().await;
}
