//! What a factory is told of all pilots that its labels ever had.

use crate::harness::Stage;
use model::{BatchUpdate, PilotEvent, PilotState};
use wire::api::BatchReport;

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
