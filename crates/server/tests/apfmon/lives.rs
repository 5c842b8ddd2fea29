//! What becomes of pilots that others report: order, repeats, results, counts.

use crate::stage::Stage;
use model::pilot::Word;
use model::{ErrorClass, PilotState, Span, Time};
use std::time::Duration;
use store::HistoryOf;

#[tokio::test(flavor = "multi_thread")]
async fn late_and_repeated_words_move_nothing_back_and_are_kept() {
    use PilotState::{Done, Exiting, Submitted};
    let stage = Stage::open().await;
    stage.put("/api/jobs", r#"[{"cid": "1.0", "factory": "f", "label": "l"}]"#).await;
    for state in ["exiting&rc=0", "running", "exiting&rc=0", "done", "done", "running", "fault"] {
        assert_eq!(stage.post("/api/jobs/f:1.0", &format!("state={state}")).await, 200, "{state}");
    }
    stage.put("/api/jobs", r#"[{"cid": "1.0", "factory": "f", "label": "l"}]"#).await;
    let pilots = stage.pilots().await;
    assert_eq!((pilots.len(), pilots[0].state), (1, Done));
    let told = stage.running.state().store.told_of(pilots[0].id).await.unwrap();
    let words: Vec<(Word, PilotState, bool)> = told.iter().map(|one| (one.word, one.state, one.refused)).collect();
    let wanted = [
        (Word::Submitted, Submitted, false),
        (Word::Exiting, Exiting, false),
        (Word::Running, Exiting, true),
        (Word::Exiting, Exiting, false),
        (Word::Done, Done, false),
        (Word::Done, Done, false),
        (Word::Running, Done, true),
        (Word::Fault, Done, true),
        (Word::Submitted, Done, true),
    ];
    assert_eq!(words, wanted);
    assert!(told.iter().all(|one| one.address == "127.0.0.1"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_have_classes_and_are_counted_once() {
    let stage = Stage::open().await;
    for (cid, calls) in [
        ("1.0", &["state=running", "state=exiting&rc=0", "state=done"][..]),
        ("2.0", &["state=running", "state=exiting&rc=20", "state=done"]),
        ("3.0", &["state=running", "state=exiting&rc=64", "state=done"]),
        ("4.0", &["state=running", "state=wrapperfault&rc=143"]),
        ("5.0", &["state=fault"]),
        ("6.0", &["state=running", "state=done"]),
        ("7.0", &["state=wrapperfault&rc=1"]),
    ] {
        stage.put("/api/jobs", &format!(r#"[{{"cid": "{cid}", "factory": "f", "label": "l"}}]"#)).await;
        for body in calls {
            assert_eq!(stage.post(&format!("/api/jobs/f:{cid}"), body).await, 200);
        }
    }
    let pilots = stage.pilots().await;
    let ends: Vec<(PilotState, Option<ErrorClass>)> =
        pilots.iter().map(|pilot| (pilot.state, pilot.error_class)).collect();
    use PilotState::{Done, Fault};
    let wanted = [
        (Done, None),
        (Done, None),
        (Fault, Some(ErrorClass::Node)),
        (Fault, Some(ErrorClass::Evicted)),
        (Fault, Some(ErrorClass::Batch)),
        (Done, None),
        (Fault, Some(ErrorClass::Node)),
    ];
    assert_eq!(ends, wanted);
    let store = &stage.running.state().store;
    let of = HistoryOf::Label { factory: "f".into(), label: "l".into() };
    let mut total = model::PilotFlow::default();
    store.pilot_flow(of, Span::Minute, Time(0)).await.unwrap().into_iter().for_each(|at| total += at.flow);
    assert_eq!((total.submitted, total.started, total.done, total.empty, total.fault), (7, 5, 3, 1, 4));
    assert_eq!((total.pending_change, total.running_change), (0, 0));
    let ended: u64 = store.pilot_ends(Time(0)).await.unwrap().iter().map(|end| end.pilots).sum();
    assert_eq!(ended, 7);
    let counts = store.pilot_counts().await.unwrap();
    assert!(counts.iter().all(|count| count.state.is_final() && count.slots == 0), "{counts:?}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_that_nobody_announced_is_found_by_its_first_word() {
    let stage = Stage::open().await;
    assert_eq!(stage.post("/api/jobs/lost:9.0", "state=running&resource=Q_X&qarg=Q_X").await, 200);
    assert_eq!(stage.put("/api/jobs", r#"[{"cid": "9.0", "factory": "lost", "label": "l"}]"#).await, 200);
    let pilots = stage.pilots().await;
    assert_eq!((pilots.len(), pilots[0].state, pilots[0].label.as_str()), (1, PilotState::Running, "unknown"));
    assert_eq!(pilots[0].queue, "Q_X");
    let store = &stage.running.state().store;
    let until = pilots[0].announced + Duration::from_secs(60);
    let waited = store.pilot_durations(HistoryOf::All, Span::TenMinutes, Time(0), until).await.unwrap();
    assert_eq!(waited.waited.count(), 0, "nobody knows how long it waited");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_each_taken_once() {
    let stage = Stage::open().await;
    let calls = (0..200).map(|at| {
        let (stage, cid) = (&stage, at % 50);
        async move {
            stage.put("/api/jobs", &format!(r#"[{{"cid": "{cid}.0", "factory": "f", "label": "l"}}]"#)).await;
            stage.post(&format!("/api/jobs/f:{cid}.0"), "state=running").await
        }
    });
    assert!(futures_util::future::join_all(calls).await.into_iter().all(|status| status == 200));
    let states = stage.states().await;
    assert_eq!(states.len(), 50);
    assert!(states.iter().all(|(_, state)| *state == PilotState::Running));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_say_is_bounded_and_never_a_path() {
    let stage = Stage::open().await;
    let long = "x".repeat(5000);
    let body = serde_json::json!([{"cid": "../../1", "factory": format!("../{long}"), "label": "<script>", "computingsite": "../q"}]);
    assert_eq!(stage.put("/api/jobs", &body.to_string()).await, 201);
    let pilot = stage.pilots().await.remove(0);
    assert_eq!(pilot.factory.chars().count(), 256);
    assert_eq!((pilot.batch_id.as_str(), pilot.queue.as_str()), ("../../1", "unknown"));
    stage.close().await;
}
