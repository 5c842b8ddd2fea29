//! What the monitor tells beyond states and counts: errors, time of cores, nodes, finding things.

use crate::harness::{Stage, hello_request};
use model::{BatchUpdate, ErrorClass, NodeCounts, PilotEvent, PilotId};
use wire::api::{BatchReport, EndsQuery, HelloRequest, Hit, NodeQuery, PilotQuery};

async fn end(stage: &Stage, pilot: PilotId, event: PilotEvent, error_class: Option<ErrorClass>, message: &str) {
    let update = BatchUpdate {
        pilot,
        event,
        batch_id: format!("47{pilot}.0"),
        native_state: String::new(),
        flag: None,
        error_class,
        message: message.to_owned(),
    };
    stage.factory.report_batch(&BatchReport { factory: "f".into(), updates: vec![update] }).await.unwrap();
}

/// A pilot that ran on this node.
async fn ran(stage: &Stage, node: &str) -> PilotId {
    let (id, secret) = stage.announce().await;
    let hello = HelloRequest { node: node.to_owned(), ..hello_request(secret, "one", 1) };
    stage.admin.hello(id, &hello).await.unwrap();
    id
}

/// Six pilots that broke on one node, three that ended well on another.
async fn black_hole() -> Stage {
    let stage = Stage::open().await;
    for i in 0..6 {
        let pilot = ran(&stage, "wn1").await;
        end(&stage, pilot, PilotEvent::Break, Some(ErrorClass::Batch), &format!("no space left on /scratch{i}")).await;
    }
    for _ in 0..3 {
        let pilot = ran(&stage, "wn2").await;
        end(&stage, pilot, PilotEvent::End, None, "").await;
    }
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_told_by_class_and_by_what_their_words_have_in_common() {
    let stage = black_hole().await;
    let errors = stage.admin.pilot_errors(&EndsQuery::default()).await.unwrap();
    let classes: Vec<_> = errors.classes.iter().map(|of| (of.site.as_str(), of.error_class, of.pilots)).collect();
    assert_eq!(classes, [("q", Some(ErrorClass::Batch), 6)]);
    let messages: Vec<_> = errors.messages.iter().map(|of| (of.template.as_str(), of.count.pilots)).collect();
    assert_eq!(messages, [("no space left on *", 6)]);
    let at = |site: &str| EndsQuery { site: Some(site.to_owned()), ..EndsQuery::default() };
    assert_eq!(stage.admin.pilot_errors(&at("q")).await.unwrap().messages.len(), 1);
    let error = stage.admin.pilot_errors(&at("qq")).await.unwrap_err();
    assert_eq!(error.code(), Some("unknown-site"), "{error}");
    let history = async |query: EndsQuery| stage.admin.pilot_error_history(&query).await.unwrap();
    let all = history(EndsQuery::default()).await;
    let faults: Vec<_> = all.faults.iter().map(|one| (one.error_class, one.pilots)).collect();
    // The hour may have changed while they broke.
    assert_eq!((all.hours, faults.iter().map(|(_, pilots)| pilots).sum::<u64>()), (1, 6), "{faults:?}");
    assert!(faults.iter().all(|(class, _)| *class == Some(ErrorClass::Batch)), "{faults:?}");
    let of = |label: &str| EndsQuery { label: Some(label.to_owned()), hours: Some(720), ..at("q") };
    let month = history(of("l")).await;
    assert_eq!((month.hours, month.faults.iter().map(|one| one.pilots).sum::<u64>()), (24, 6));
    let error = stage.admin.pilot_error_history(&of("k")).await.unwrap_err();
    assert_eq!(error.code(), Some("unknown-label"), "{error}");
    let of_class = PilotQuery { error_class: Some(ErrorClass::Batch), ..PilotQuery::default() };
    assert_eq!(stage.admin.pilots(&of_class).await.unwrap().pilots.len(), 6);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_blamed_for_what_works_on_others() {
    let stage = black_hole().await;
    let nodes = stage.admin.nodes(&NodeQuery::default()).await.unwrap();
    assert_eq!((nodes.total, nodes.bad), (2, 1));
    let rows: Vec<_> = nodes.nodes.iter().map(|node| (node.node.as_str(), node.counts, node.is_black_hole)).collect();
    let none = NodeCounts::default();
    let (bad, good) = (NodeCounts { fault: 6, ..none }, NodeCounts { done: 3, empty: 3, ..none });
    assert_eq!(rows, [("wn1", bad, true), ("wn2", good, false)]);
    let only_bad = NodeQuery { bad: Some(true), queue: Some("q".into()), ..NodeQuery::default() };
    assert_eq!(stage.admin.nodes(&only_bad).await.unwrap().nodes.len(), 1);
    let on_node = PilotQuery { node: Some("wn2".into()), ..PilotQuery::default() };
    assert_eq!(stage.admin.pilots(&on_node).await.unwrap().pilots.len(), 3);
    let error = stage.admin.nodes(&NodeQuery { hours: Some(73), ..NodeQuery::default() }).await.unwrap_err();
    assert_eq!(error.code(), Some("bad-parameter"), "{error}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_of_cores_is_told_by_label() {
    let stage = black_hole().await;
    let labels = stage.admin.pilot_core_time(&EndsQuery::default()).await.unwrap().labels;
    assert_eq!(labels.len(), 1);
    let of = &labels[0];
    assert_eq!((of.site.as_str(), of.factory.as_str(), of.label.as_str(), of.queue.as_str()), ("q", "f", "l", "q"));
    assert_eq!((of.time.good_ms, of.time.failed_ms, of.time.refused_ms), (0, 0, 0));
    assert_eq!(of.time.total_ms(), of.time.lost_ms + of.time.empty_ms);
    let all = EndsQuery { site: Some("q".into()), label: Some("l".into()), ..EndsQuery::default() };
    let history = stage.admin.pilot_core_time_history(&all).await.unwrap();
    // The hour may have changed while they ended.
    let total: u64 = history.parts.iter().map(|part| part.time.total_ms()).sum();
    assert_eq!((history.hours, total), (1, of.time.total_ms()));
    let other = EndsQuery { site: Some("qq".into()), ..EndsQuery::default() };
    let error = stage.admin.pilot_core_time_history(&other).await.unwrap_err();
    assert_eq!(error.code(), Some("unknown-site"), "{error}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anything_is_found_by_what_somebody_has_in_hand() {
    let stage = black_hole().await;
    let found = async |text: &str| stage.admin.find(text).await.unwrap().hits;
    assert!(matches!(found("471.0").await.as_slice(), [Hit::Pilot { id: PilotId(1), .. }]));
    assert_eq!(found("wn2").await, [Hit::Node { name: "wn2".into() }]);
    let by_name = found("Q").await;
    assert!(by_name.contains(&Hit::Queue { name: "q".into() }) && by_name.contains(&Hit::Site { name: "q".into() }));
    assert!(found("1").await.iter().any(|hit| matches!(hit, Hit::Pilot { id: PilotId(1), .. })));
    assert_eq!(found("nothing has this").await, []);
    assert_eq!(stage.admin.find(" ").await.unwrap_err().code(), Some("bad-parameter"));
    stage.close().await;
}
