//! Pages about ended pilots: when, where, and of which place only.

use crate::world::World;
use model::{BatchUpdate, ErrorClass, PilotEvent};
use reqwest::StatusCode;
use wire::api::BatchReport;

#[tokio::test]
async fn errors_and_efficiency_tell_of_a_place_and_of_parts_of_the_time() {
    let (world, pilot) = World::filled().await;
    let gone = BatchUpdate {
        pilot: pilot.id,
        event: PilotEvent::Break,
        batch_id: String::new(),
        native_state: "NODE_FAIL".into(),
        flag: None,
        error_class: Some(ErrorClass::Batch),
        message: "NODE_FAIL on node07".into(),
    };
    world.factory.report_batch(&BatchReport { factory: "f1".into(), updates: vec![gone] }).await.unwrap();

    // Its job took longer than the pilot is known: everything was good.
    let all = world.page("/efficiency").await;
    assert!(all.contains("Nothing was wasted.") && all.contains(r#"href="/sites/GLASGOW""#), "{all}");
    let here = world.page("/efficiency?by=label&hours=168&site=GLASGOW").await;
    assert!(here.contains(r#"site GLASGOW <a href="/efficiency?by=label&#38;hours=168""#), "{here}");
    assert!(here.contains("a bar for each 6 hours"), "{here}");
    let other = world.page("/efficiency?site=lancs").await;
    assert!(other.contains("ended in this time here") && !other.contains("a bar for each"), "{other}");
    assert_eq!(world.get("/efficiency?site=GLASGO").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let json: serde_json::Value = world.get("/efficiency.json?site=GLASGOW").await.json().await.unwrap();
    assert_eq!(json["labels"][0]["label"], "glasgow-slurm");
    let parts = json["history"]["parts"].as_array().unwrap();
    let good: u64 = parts.iter().map(|part| part["time"]["good_ms"].as_u64().unwrap()).sum();
    assert!(good > 0 && good == json["labels"][0]["time"]["good_ms"], "{json}");

    let errors = world.page("/errors?site=GLASGOW").await;
    assert!(errors.contains("Most broke in the hour from ") && errors.contains("2 pilots: 2 batch"), "{errors}");
    assert!(errors.contains(r#"site GLASGOW <a href="/errors""#), "{errors}");

    assert!(world.page("/sites/GLASGOW").await.contains(r#"href="/efficiency?site=GLASGOW""#));
    let label = world.page("/factories/f1/labels/glasgow-slurm").await;
    assert!(label.contains(r#"href="/efficiency?by=label&amp;factory=f1&amp;label=glasgow-slurm""#), "{label}");
    world.server.shutdown().await;
}
