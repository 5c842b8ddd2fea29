//! The safety net: pilots of which nothing is heard any more.

use crate::stage::Stage;
use model::{ErrorClass, PilotState};
use server::apfmon::StaleRules;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn silent_pilots_end_by_the_rules_of_their_label() {
    // Long enough for the calls below.
    let (first, soon, never) = (Duration::from_secs(3), Duration::from_millis(100), Duration::from_secs(3600));
    let stage = Stage::with(
        |apfmon| {
            apfmon.stale = StaleRules { created: first, running: soon, exiting: soon };
            apfmon.stale_labels =
                vec![("SLOW".to_owned(), StaleRules { created: never, running: never, exiting: never })];
            apfmon.stale_every = Duration::from_millis(50);
        },
        |_| {},
    )
    .await;
    let body = r#"[{"cid": "1.0", "factory": "f", "label": "SLOW-1"}, {"cid": "2.0", "factory": "f", "label": "l"},
        {"cid": "3.0", "factory": "f", "label": "l"}, {"cid": "4.0", "factory": "f", "label": "l"}]"#;
    stage.put("/api/jobs", body).await;
    stage.post("/api/jobs/f:3.0", "state=exiting&rc=0").await;
    stage.post("/api/jobs/f:4.0", "state=exiting&rc=64").await;
    stage.until("2.0", PilotState::Fault).await;
    stage.until("3.0", PilotState::Done).await;
    stage.until("4.0", PilotState::Fault).await;
    let pilots = stage.pilots().await;
    let classes: Vec<Option<ErrorClass>> = pilots.iter().map(|pilot| pilot.error_class).collect();
    assert_eq!(classes, [None, Some(ErrorClass::Lost), None, Some(ErrorClass::Node)]);
    assert!(pilots[1].message.starts_with("stale: nothing was heard of it since"), "{}", pilots[1].message);
    assert_eq!(pilots[0].state, PilotState::Submitted, "its label has more patience");
    stage.close().await;
}
