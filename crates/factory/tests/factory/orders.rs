//! Orders: what people hold labels to, obeyed with and without the server.

use crate::server::now;
use crate::site::{Site, WAITS, cycle_until};
use model::{Decision, Hold, Order, OrderId, OrderScope, PilotFlag, PilotId, PilotState as S};
use std::time::Duration;

fn order(hold: Hold) -> Order {
    Order {
        id: OrderId(1),
        factory: "f1".into(),
        scope: OrderScope::Label("l".into()),
        hold,
        by: "ann".into(),
        at: now(),
        reason: "CE under repair".into(),
        until: None,
        ended: None,
    }
}

fn ordered(site: &Site, orders: impl Into<Vec<Order>>) {
    site.server.lock().orders = orders.into();
}

fn last(site: &Site) -> Decision {
    site.server.lock().decisions.last().unwrap().clone()
}

#[tokio::test]
async fn a_paused_label_submits_nothing_and_says_who_wants_it_so() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 2;
    let mut cycler = site.cycler(4);
    ordered(&site, [order(Hold::Pause)]);
    assert_eq!(cycler.explain("l").await.unwrap().number, 0, "looking ahead sees it too");
    cycler.cycle().await;
    assert!(site.server.states().is_empty());
    let decision = last(&site);
    assert!(
        decision.message().ends_with("Orders:in=2,ret=0,why=paused by ann: CE under repair"),
        "{}",
        decision.message()
    );
    assert_eq!(factory::replay(&decision), Ok((0, decision.steps.clone())));

    let over = now() + Duration::from_millis(300);
    ordered(&site, [Order { until: Some(over), ..order(Hold::Pause) }]);
    cycle_until(&mut cycler, "its time is over, by the factory's own clock", || !site.server.states().is_empty()).await;
    assert!(now() >= over);
}

#[tokio::test]
async fn orders_hold_while_the_server_cannot_be_asked_and_after_a_restart() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 2;
    let mut cycler = site.cycler(4);
    ordered(&site, [order(Hold::Pause)]);
    cycler.cycle().await;
    site.server.lock().unanswered.insert("orders");
    ordered(&site, []);
    cycler.cycle().await;
    assert!(site.server.states().is_empty(), "what was said last holds");

    let told = site.server.lock().decisions.len();
    let mut restarted = site.cycler(4);
    restarted.cycle().await;
    assert_eq!(site.server.lock().decisions.len(), told, "who was never told decides nothing");
    site.server.lock().unanswered.clear();
    restarted.cycle().await;
    assert_eq!(site.server.states().len(), 2);
}

#[tokio::test]
async fn a_drained_label_loses_its_waiting_pilots_and_lets_the_running_ones_finish() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 1;
    let mut cycler = site.cycler(4);
    cycle_until(&mut cycler, "it runs", || site.server.states() == [S::Running]).await;
    site.server.hello(PilotId(1));
    ordered(&site, [Order { scope: OrderScope::All, ..order(Hold::Drain) }]);
    cycler.cycle().await;
    assert_eq!(site.server.lock().pilots[&PilotId(1)].flag, Some(PilotFlag::Retiring));
    assert_eq!(site.server.states(), [S::Running], "it is told, not killed");
    cycler.cycle().await;
    assert_eq!(last(&site).number, 0, "it was told already");
    site.go(1, 0);
    cycle_until(&mut cycler, "it is done", || site.server.states() == [S::Done]).await;
    ordered(&site, []);
    cycler.cycle().await;
    assert_eq!(site.server.states(), [S::Done, S::Submitted]);
}

#[tokio::test]
async fn a_capped_label_has_no_more_than_that() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 9;
    let mut cycler = site.cycler(8);
    ordered(&site, [order(Hold::Cap(3)), Order { id: OrderId(2), ..order(Hold::Cap(5)) }]);
    cycler.cycle().await;
    cycler.cycle().await;
    assert_eq!(site.server.states().len(), 3, "the lower one counts");
}
