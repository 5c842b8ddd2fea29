//! Orders to factories: who may give them, what is refused, who is told.

use crate::harness::*;
use model::{Hold, OrderScope, QueueRecord, Role, Time, Verb};
use std::time::{Duration, Instant};
use wire::Client;
use wire::api::*;

fn pause(scope: OrderScope) -> OrderRequest {
    OrderRequest { factory: "f".into(), scope, hold: Hold::Pause, reason: "CE under repair".into(), until: None }
}

fn label() -> OrderScope {
    OrderScope::Label("l".into())
}

async fn in_force(client: &Client) -> Vec<String> {
    let query = OrderQuery { factory: Some("f".into()), in_force: Some(true), ..OrderQuery::default() };
    client.orders(&query).await.unwrap().orders.iter().map(model::Order::in_words).collect()
}

/// A stage whose factory `f` has the label `l` that serves `q` at the site `q`.
async fn stage() -> Stage {
    let stage = Stage::open().await;
    let said = FactoryHeartbeat { labels: vec![label_info("l", "q")], ..heartbeat() };
    stage.factory.factory_heartbeat("f", &said).await.unwrap();
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_reaches_the_factory_within_a_second_and_is_kept_when_it_ends() {
    let stage = stage().await;
    let began = Instant::now();
    let request = pause(label());
    let (polled, given) = tokio::join!(
        async { stage.factory.factory_commands("f", 20).await.unwrap().commands },
        stage.admin.give_order(&request)
    );
    assert!(began.elapsed() < Duration::from_secs(10), "the long poll is answered by the order");
    let polled =
        if polled.is_empty() { stage.factory.factory_commands("f", 5).await.unwrap().commands } else { polled };
    let given = given.unwrap();
    assert_eq!((polled[0].verb, polled[0].issuer.as_str()), (Verb::Cycle, given.by.as_str()));
    assert_eq!(in_force(&stage.factory).await, [format!("paused by {}: CE under repair", given.by)]);
    let labels = stage.admin.labels(&LabelQuery::default()).await.unwrap().labels;
    assert_eq!(labels[0].orders, std::slice::from_ref(&given));

    let ended = stage.admin.end_order(given.id, &EndOrder { reason: "repaired\n".into() }).await.unwrap();
    assert_eq!(ended.ended.unwrap().reason, "repaired");
    assert!(in_force(&stage.factory).await.is_empty());
    assert_eq!(stage.admin.orders(&OrderQuery::default()).await.unwrap().orders.len(), 1, "it is kept");
    let twice = stage.admin.end_order(given.id, &EndOrder::default()).await.unwrap_err();
    assert_eq!((twice.status(), twice.code()), (Some(409), Some("conflict")));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_ends_by_itself_when_its_time_is_over() {
    let stage = stage().await;
    let until = Some(Time::from(jiff::Timestamp::now()) + Duration::from_secs(1));
    let given = stage.admin.give_order(&OrderRequest { until, ..pause(OrderScope::All) }).await.unwrap();
    let over = async {
        loop {
            let order = stage.admin.orders(&OrderQuery::default()).await.unwrap().orders.remove(0);
            if let Some(end) = order.ended {
                return end;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let end = tokio::time::timeout(Duration::from_secs(30), over).await.unwrap();
    assert_eq!((end.by.as_str(), Some(end.at)), ("", given.until));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_with_the_nearest_name() {
    let stage = stage().await;
    let refused = async |request: OrderRequest| {
        let error = stage.admin.give_order(&request).await.unwrap_err();
        (error.code().unwrap_or_default().to_owned(), error.to_string())
    };
    let (code, words) = refused(pause(OrderScope::Label("ll".into()))).await;
    assert!(code == "unknown-label" && words.contains("did you mean 'l'?"), "{words}");
    assert_eq!(refused(pause(OrderScope::Queue("nowhere".into()))).await.0, "unknown-queue");
    assert_eq!(refused(OrderRequest { factory: "g".into(), ..pause(label()) }).await.0, "unknown-factory");
    assert_eq!(refused(OrderRequest { reason: " \n".into(), ..pause(label()) }).await.0, "no-reason");
    assert_eq!(refused(OrderRequest { until: Some(Time(1)), ..pause(label()) }).await.0, "bad-value");
    let unknown = stage.admin.end_order(model::OrderId(9), &EndOrder::default()).await.unwrap_err();
    assert_eq!(unknown.code(), Some("unknown-order"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_admin_orders_what_serves_their_site() {
    let stage = stage().await;
    stage.admin.put_queue(&QueueRecord::named("p")).await.unwrap();
    let own = stage.client_of_sites("sam", "", Role::SiteAdmin, &["q"]).await;
    let other = stage.client_of_sites("eve", "", Role::SiteAdmin, &["p"]).await;
    let given = own.give_order(&pause(label())).await.unwrap();
    own.give_order(&pause(OrderScope::Queue("q".into()))).await.unwrap();
    let code = |error: wire::Error| error.code().map(str::to_owned);
    for (client, scope) in [(&own, OrderScope::All), (&own, OrderScope::Queue("p".into())), (&other, label())] {
        assert_eq!(client.give_order(&pause(scope)).await.map_err(code).unwrap_err().as_deref(), Some("not-your-site"));
    }
    let end = other.end_order(given.id, &EndOrder::default()).await;
    assert_eq!(end.map_err(code).unwrap_err().as_deref(), Some("not-your-site"));
    stage.close().await;
}

fn test_of(label: &str) -> CommandRequest {
    let (target, arguments) = (model::Target::Factory("f".into()), vec![label.to_owned()]);
    CommandRequest { target, verb: Verb::Test, arguments, expires_s: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_sends_one_pilot_that_says_so_however_often_it_is_announced() {
    let stage = stage().await;
    let shifter = stage.client("shift", "", Role::Shifter).await;
    let given = shifter.command(&test_of("l")).await.unwrap();
    let names = || ("f".to_owned(), "l".to_owned(), "q".to_owned(), "b".to_owned());
    let announce = async |test, count| {
        let (factory, label, queue, batch) = names();
        stage.factory.announce(&AnnounceRequest { factory, label, queue, batch, count, test }).await
    };
    let code = |answer: Result<Announced, wire::Error>| answer.err().and_then(|error| error.code().map(str::to_owned));
    assert_eq!(code(announce(Some(given.id), 2).await).as_deref(), Some("bad-value"));
    let pilot = announce(Some(given.id), 1).await.unwrap().first;
    assert_eq!(stage.admin.pilot(pilot).await.unwrap().summary.test, Some(given.id));
    assert_eq!(code(announce(Some(given.id), 1).await).as_deref(), Some("conflict"));
    assert_eq!(code(announce(Some(model::CommandId(99)), 1).await).as_deref(), Some("not-found"));
    let offered = stage.factory.factory_commands("f", 5).await.unwrap().commands;
    assert_eq!((offered[0].id, offered[0].sent), (given.id, Some(pilot)));
    let usual = announce(None, 1).await.unwrap().first;
    assert_eq!(stage.admin.pilot(usual).await.unwrap().summary.test, None);

    let unknown = shifter.command(&test_of("ll")).await.unwrap_err();
    assert!(unknown.code() == Some("unknown-label") && unknown.to_string().contains("did you mean 'l'?"), "{unknown}");
    let eve = stage.client_of_sites("eve", "", Role::SiteAdmin, &["p"]).await;
    assert_eq!(eve.command(&test_of("l")).await.unwrap_err().code(), Some("not-your-site"));
    stage.close().await;
}
