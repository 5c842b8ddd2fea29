//! What a factory is told of all pilots that its labels ever had, and one of very many labels.

use crate::harness::{Stage, heartbeat, label_info};
use model::{BatchUpdate, FactoryHeartbeat, LabelInfo, PilotEvent, PilotState};
use wire::api::{BatchReport, FactoryQuery};

#[tokio::test(flavor = "multi_thread")]
async fn pilots_of_every_label_are_counted_whatever_became_of_them() {
    let stage = Stage::open().await;
    assert!(stage.factory.factory_pilots("f").await.unwrap().labels.is_empty());
    let (gone, _) = stage.announce().await;
    stage.announce().await;
    let end = BatchUpdate {
        pilot: gone,
        event: PilotEvent::End,
        batch_id: "1".into(),
        native_state: "exited".into(),
        flag: None,
        error_class: None,
        message: String::new(),
    };
    stage.factory.report_batch(&BatchReport { factory: "f".into(), updates: vec![end] }).await.unwrap();
    let labels = stage.factory.factory_pilots("f").await.unwrap().labels;
    let [label] = labels.as_slice() else { panic!("{labels:?}") };
    assert_eq!((label.label.as_str(), label.queue.as_str()), ("l", "q"));
    assert_eq!(label.pilots, [(PilotState::Announced, 1), (PilotState::Done, 1)].into());
    assert!(stage.factory.factory_pilots("g").await.unwrap().labels.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factory_of_very_many_labels_is_heard() {
    let stage = Stage::open().await;
    let chain =
        ["StatusTest", "StatusOffline", "Ready", "Scale", "MaxPerCycle", "MinPerCycle", "MaxPending", "MaxToRun"];
    let label = |nth| LabelInfo {
        chain: chain.map(String::from).into(),
        ..label_info(&format!("SITE-{nth}-computing-element.example.org"), &format!("SITE-{nth}-queue"))
    };
    let said = FactoryHeartbeat { labels: (0..5000).map(label).collect(), ..heartbeat() };
    assert!(serde_json::to_vec(&said).unwrap().len() > 1 << 20);
    stage.factory.factory_heartbeat("f", &said).await.unwrap();
    let [heard] = stage.admin.factories(&FactoryQuery::default()).await.unwrap().factories.try_into().unwrap();
    assert_eq!(heard.said, said);
    stage.close().await;
}
