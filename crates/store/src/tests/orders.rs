//! Orders to factories.

use super::support::{NOW, TestStore, on_both};
use crate::{CommandFilter, Error, OrderFilter};
use model::{CommandState, Hold, Order, OrderEnd, OrderId, OrderScope, Target, Time, Verb};
use std::time::Duration;

on_both! {
    orders => an_order_holds_until_it_is_ended_replaced_or_over;
    restarts => orders_survive_a_restart;
}

fn after(seconds: u64) -> Time {
    NOW + Duration::from_secs(seconds)
}

fn order(factory: &str, label: &str, hold: Hold, at: Time) -> Order {
    Order {
        id: OrderId(0),
        factory: factory.into(),
        scope: OrderScope::Label(label.into()),
        hold,
        by: "ann".into(),
        at,
        reason: "CE under repair".into(),
        until: None,
        ended: None,
    }
}

async fn in_force(test: &TestStore, factory: &str, now: Time) -> Vec<i64> {
    let orders = test.store.orders_in_force(Some(factory.into()), now).await.unwrap();
    orders.iter().map(|order| order.id.0).collect()
}

async fn an_order_holds_until_it_is_ended_replaced_or_over(test: TestStore) {
    let store = &test.store;
    let cap = store.give_order(order("f", "a", Hold::Cap(3), NOW)).await.unwrap();
    let until = Some(after(60));
    store.give_order(Order { until, ..order("f", "a", Hold::Pause, after(1)) }).await.unwrap();
    store.give_order(Order { scope: OrderScope::All, ..order("f", "", Hold::Drain, after(2)) }).await.unwrap();
    store.give_order(order("g", "a", Hold::Pause, after(2))).await.unwrap();
    let told =
        CommandFilter { target: Some(Target::Factory("f".into())), state: Some(CommandState::Queued), verb: None };
    let told = store.commands(told, None, 9).await.unwrap().rows;
    assert_eq!(told.iter().map(|command| command.verb).collect::<Vec<_>>(), [Verb::Cycle], "one nudge is enough");

    let lower = store.give_order(order("f", "a", Hold::Cap(1), after(3))).await.unwrap();
    assert_eq!(in_force(&test, "f", after(4)).await, [2, 3, lower.id.0]);
    let replaced = store.order(cap.id).await.unwrap().unwrap().ended.unwrap();
    assert_eq!((replaced.by.as_str(), replaced.reason.as_str()), ("ann", "replaced by order 5"));

    assert_eq!(in_force(&test, "f", after(60)).await, [3, 5], "a time that is over holds nobody");
    assert_eq!(store.expire_orders(after(59)).await.unwrap(), 0);
    assert_eq!(store.expire_orders(after(70)).await.unwrap(), 1);
    let over = store.order(OrderId(2)).await.unwrap().unwrap().ended.unwrap();
    assert_eq!((over.at, over.by.as_str()), (after(60), ""));

    let how = OrderEnd { by: "bob".into(), at: after(80), reason: "repaired".into() };
    let ended = store.end_order(OrderId(3), how.clone()).await.unwrap();
    assert_eq!(ended.ended.as_ref(), Some(&how));
    let twice = store.end_order(OrderId(3), how.clone()).await.unwrap_err();
    assert!(matches!(&twice, Error::Conflict(why) if why == "order 3 has ended already"), "{twice}");
    assert!(matches!(store.end_order(OrderId(99), how).await, Err(Error::NotFound { .. })));

    let first = store.orders(OrderFilter { factory: Some("f".into()) }, None, 3).await.unwrap();
    assert_eq!(first.rows.iter().map(|order| order.id.0).collect::<Vec<_>>(), [5, 3, 2]);
    let rest = store.orders(OrderFilter { factory: Some("f".into()) }, first.next, 3).await.unwrap();
    assert_eq!((rest.rows.len(), rest.next), (1, None));
    assert_eq!(store.orders(OrderFilter::default(), None, 9).await.unwrap().rows.len(), 5);
}

async fn orders_survive_a_restart(mut test: TestStore) {
    let scope = OrderScope::Queue("q".into());
    let given = Order { scope, until: Some(after(60)), ..order("f", "", Hold::Cap(7), NOW) };
    let given = test.store.give_order(given).await.unwrap();
    test.reopen().await;
    assert_eq!(test.store.orders_in_force(None, after(1)).await.unwrap(), [given]);
}
