//! Pilots on nodes that cannot run jobs, and what they found there.

use super::support::{NOW, TestStore, hello, on_both};
use crate::{Announcement, HelloCall};
use model::{BatchUpdate, ErrorClass, PilotEvent, PilotId, PilotState};

on_both! {
    unfit => an_unfit_node_ends_a_pilot_at_its_hello;
}

async fn an_unfit_node_ends_a_pilot_at_its_hello(test: TestStore) {
    test.queue("q").await;
    let (factory, label, queue, batch) = ("fab".to_owned(), "a".to_owned(), "q".to_owned(), "local".to_owned());
    let secret_hashes = vec![[7; 32]; 2];
    test.store
        .announce(Announcement { factory, label, queue, batch, test: None, secret_hashes, now: NOW })
        .await
        .unwrap();
    let (fit, bad) = (PilotId(1), PilotId(2));
    test.store.hello(HelloCall { profile: "{\"cores\":8}".into(), ..hello(fit, "a") }).await.unwrap();
    test.store.hello(HelloCall { unfit: "no room".into(), ..hello(bad, "b") }).await.unwrap();
    let on_node = async |pilot| test.store.pilot_on_node(pilot).await.unwrap();
    assert_eq!(on_node(fit).await, Some(("1".to_owned(), "{\"cores\":8}".to_owned())));
    assert_eq!(on_node(bad).await, Some(("1".to_owned(), String::new())));
    assert_eq!(on_node(PilotId(9)).await, None);
    let record = test.store.pilot(bad).await.unwrap().unwrap();
    assert_eq!(
        (record.state, record.error_class, record.message.as_str()),
        (PilotState::Exiting, Some(ErrorClass::Node), "no room")
    );
    assert!(record.started.is_some() && record.node == "node-b");
    let update = BatchUpdate {
        pilot: bad,
        event: PilotEvent::Break,
        batch_id: String::new(),
        native_state: String::new(),
        flag: None,
        error_class: Some(ErrorClass::Internal),
        message: "exit code 79".into(),
    };
    test.store.batch_updates("fab".into(), vec![update], NOW).await.unwrap();
    let record = test.store.pilot(bad).await.unwrap().unwrap();
    assert_eq!(
        (record.state, record.error_class, record.message.as_str()),
        (PilotState::Fault, Some(ErrorClass::Node), "no room")
    );
    let counts = test.store.pilot_counts().await.unwrap();
    let of = |state| counts.iter().find(|count| count.state == state).map(|count| (count.pilots, count.slots));
    assert_eq!(
        (of(PilotState::Running), of(PilotState::Exiting), of(PilotState::Fault)),
        (Some((1, 4)), None, Some((1, 4)))
    );
}
