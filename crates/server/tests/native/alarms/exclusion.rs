//! Labels that alarms hold back, and who lets them go.

use super::{end_pilots, open, quick, until_open};
use crate::harness::{Stage, eventually, heartbeat, now};
use model::alarm::{AlarmEventKind, Change, Held, Rule};
use model::{AlarmId, Order, OrderId, PilotEvent};
use server::{Config, Destination};
use std::time::Duration;
use wire::api::*;

/// Ten faults of a label hold it back for so long.
fn excluding(lasts: Duration, at_most: usize) -> impl FnOnce(&mut Config) {
    move |config: &mut Config| {
        quick(Destination::Mail(Vec::new()))(config);
        config.alarms.receivers.clear();
        let worst = Change { least: Some(1), hold: Some(Duration::ZERO), exclude: Some(lasts), ..Change::default() };
        config.alarms.rules.rules = [(Rule::FaultRatio, worst)].into();
        config.alarms.rules.exclusion.at_most = at_most;
    }
}

async fn in_force(stage: &Stage) -> Vec<Order> {
    let query = OrderQuery { in_force: Some(true), ..OrderQuery::default() };
    stage.admin.orders(&query).await.unwrap().orders
}

async fn until_held(stage: &Stage) -> Order {
    eventually("an order", async || in_force(stage).await.len() == 1).await;
    in_force(stage).await.remove(0)
}

/// Waits until the rules were looked at again, twice.
async fn some_turns(stage: &Stage) {
    for _ in 0..2 {
        let seen = open(stage).await[0].alarm.seen;
        eventually("the next turn", async || open(stage).await[0].alarm.seen > seen).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_resumes_stays_so_until_the_alarm_comes_again() {
    let stage = Stage::with(excluding(Duration::from_secs(3600), 5)).await;
    stage.factory.factory_heartbeat("f", &heartbeat()).await.unwrap();
    end_pilots(&stage, 10, PilotEvent::Break).await;
    let order = until_held(&stage).await;
    let words = order.in_words();
    assert!(
        words.starts_with("paused by alarms until ") && words.contains(": alarm 1: 100 % of its pilots"),
        "{words}"
    );
    assert_eq!(open(&stage).await[0].alarm.held, Some(Held::By(order.id)));

    stage.admin.end_order(order.id, &EndOrder { reason: "the CE is mended".into() }).await.unwrap();
    eventually("the alarm tells it", async || {
        let events = stage.admin.alarm(AlarmId(1)).await.unwrap().events;
        events.iter().any(|event| event.kind == AlarmEventKind::Released && event.text.ends_with(": the CE is mended"))
    })
    .await;
    some_turns(&stage).await;
    assert_eq!(in_force(&stage).await, []);

    end_pilots(&stage, 20, PilotEvent::End).await;
    until_open(&stage, 0).await;
    end_pilots(&stage, 200, PilotEvent::Break).await;
    let again = until_held(&stage).await;
    assert!(again.reason.starts_with("alarm 2: "), "{}", again.reason);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_no_room_the_alarm_says_that_its_label_is_not_held_back() {
    let stage = Stage::with(excluding(Duration::from_secs(3600), 0)).await;
    stage.factory.factory_heartbeat("f", &heartbeat()).await.unwrap();
    end_pilots(&stage, 10, PilotEvent::Break).await;
    until_open(&stage, 1).await;
    eventually("it is told", async || open(&stage).await[0].alarm.held == Some(Held::Not)).await;
    some_turns(&stage).await;
    let events = stage.admin.alarm(AlarmId(1)).await.unwrap().events;
    let told: Vec<&str> =
        events.iter().filter(|event| event.kind == AlarmEventKind::Excluded).map(|event| event.text.as_str()).collect();
    assert_eq!(told, ["not held back: 0 labels are already; more at once are rarely their own fault"]);
    assert_eq!(in_force(&stage).await, []);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_a_label_held_back_and_gives_no_second_order() {
    let lasts = Duration::from_secs(3600);
    let stage = Stage::with(excluding(lasts, 5)).await;
    stage.factory.factory_heartbeat("f", &heartbeat()).await.unwrap();
    end_pilots(&stage, 10, PilotEvent::Break).await;
    let order = until_held(&stage).await;
    let stage = stage.restart(excluding(lasts, 5)).await;
    stage.factory.factory_heartbeat("f", &heartbeat()).await.unwrap();
    some_turns(&stage).await;
    assert_eq!(in_force(&stage).await, [order]);
    assert_eq!(stage.admin.orders(&OrderQuery::default()).await.unwrap().orders.len(), 1);
    let gone = stage.admin.end_order(OrderId(9), &EndOrder::default()).await.unwrap_err().to_string();
    assert!(gone.contains("there is no order 9"), "{gone}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_time_was_over_while_no_server_ran_is_given_again_at_once() {
    let stage = Stage::with(excluding(Duration::from_secs(4), 5)).await;
    stage.factory.factory_heartbeat("f", &heartbeat()).await.unwrap();
    end_pilots(&stage, 10, PilotEvent::Break).await;
    let order = until_held(&stage).await;
    let stopped = stage.stop().await;
    eventually("its end", async || !order.is_in_force(now())).await;
    // By their rules this server looks at alarms long after the test.
    let stage = stopped.start(|config| config.alarms.rules.every = Duration::from_secs(3600)).await;
    let orders = async || stage.admin.orders(&OrderQuery::default()).await.unwrap().orders;
    eventually("the next order", async || orders().await.len() == 2).await;
    let again = orders().await.remove(0);
    assert_eq!(again.reason, "alarm 1: a test pilot will tell whether it works again");
    stage.close().await;
}
