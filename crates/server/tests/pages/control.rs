//! Holding labels back, testing them and stopping factories by the forms of the pages.

use crate::world::World;
use model::{CommandState, Hold, OrderScope, Role, Verb};
use reqwest::StatusCode;
use wire::api::{AnnounceRequest, CommandOutcome, CommandQuery, OrderQuery};

const LABEL: &str = "/factories/f1/labels/glasgow-slurm";

#[tokio::test]
async fn a_label_is_held_back_and_let_go_by_forms() {
    let (world, _pilot) = World::filled().await;
    let page = world.page(LABEL).await;
    assert!(page.contains(&format!(r#"action="{LABEL}/orders""#)) && !page.contains("Held back"), "{page}");
    let fields = "hold=pause&pilots=&reason=CE+%3Cdown%3E&hours=4";
    let foreign = world.post(&format!("{LABEL}/orders"), "http://elsewhere.example").await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let given = world.send(&format!("{LABEL}/orders"), fields).await;
    assert_eq!((given.status(), given.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, LABEL));

    let in_force = OrderQuery { in_force: Some(true), ..OrderQuery::default() };
    let orders = world.admin.orders(&in_force).await.unwrap().orders;
    let order = orders.iter().find(|order| order.hold == Hold::Pause).unwrap();
    assert_eq!((&order.scope, order.reason.as_str()), (&OrderScope::Label("glasgow-slurm".into()), "CE <down>"));
    assert!(order.until.is_some());
    let page = world.page(LABEL).await;
    assert!(page.contains("Held back") && page.contains("CE &#60;down&#62;"), "{page}");
    for path in ["/factories/f1", "/queues/glasgow-short"] {
        assert!(world.page(path).await.contains(r#"<span class="tag tag-created">paused</span>"#), "{path}");
    }
    let ended = world.send(&format!("/orders/{}/end", order.id), "").await;
    assert_eq!(ended.status(), StatusCode::SEE_OTHER);
    assert!(!world.page(LABEL).await.contains("Held back"));
    world.server.shutdown().await;
}

#[tokio::test]
async fn a_form_that_says_nothing_useful_is_refused_in_words() {
    let (world, _pilot) = World::filled().await;
    let refused = async |path: &str, fields: &str| {
        let answer = world.send(path, fields).await;
        (answer.status(), answer.text().await.unwrap())
    };
    let (status, page) = refused(&format!("{LABEL}/orders"), "hold=cap&pilots=many&reason=x").await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("whole number of pilots"), "{status} {page}");
    let (status, page) = refused("/factories/f1/orders", "hold=pause&reason=++").await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("needs a reason"), "{status} {page}");
    assert_eq!(refused("/orders/99/end", "").await.0, StatusCode::NOT_FOUND);
    assert_eq!(refused("/orders/x/end", "").await.0, StatusCode::NOT_FOUND);
    world.server.shutdown().await;
}

/// A shifter tests, and sees the pilot on the same page; holding back is for others.
#[tokio::test]
async fn a_shifter_sends_a_test_pilot_and_sees_its_life() {
    let (mut world, _pilot) = World::filled().await;
    world.cookie = world.session_of("sheila", Role::Shifter).await;
    let page = world.page(LABEL).await;
    assert!(
        page.contains(&format!(r#"action="{LABEL}/test""#)) && !page.contains(&format!("{LABEL}/orders")),
        "{page}"
    );
    assert_eq!(world.send(&format!("{LABEL}/orders"), "hold=pause&reason=x").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(world.send("/factories/f1/stop", "").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(world.send(&format!("{LABEL}/test"), "").await.status(), StatusCode::SEE_OTHER);
    assert!(world.page(LABEL).await.contains("the factory has not answered yet"));

    let query = CommandQuery { verb: Some(Verb::Test), ..CommandQuery::default() };
    let given = world.admin.commands(&query).await.unwrap().commands.pop().unwrap();
    world.factory.factory_commands("f1", 0).await.unwrap();
    let request = AnnounceRequest {
        factory: "f1".into(),
        label: "glasgow-slurm".into(),
        queue: crate::world::QUEUE.into(),
        batch: "slurm-main".into(),
        count: 1,
        test: Some(given.id),
    };
    let pilot = world.factory.announce(&request).await.unwrap().first;
    let done = CommandOutcome { state: CommandState::Done, note: format!("pilot {pilot} was submitted") };
    world.factory.command_outcome(given.id, &done).await.unwrap();
    let page = world.page(LABEL).await;
    assert!(page.contains(&format!(r#"<a href="/pilots/{pilot}">"#)) && page.contains("was submitted"), "{page}");
    assert!(world.page(&format!("/pilots/{pilot}")).await.contains(r#"<span class="tag">test</span>"#));
    world.server.shutdown().await;
}

#[tokio::test]
async fn commands_are_narrowed_and_paged() {
    let (world, _pilot) = World::filled().await;
    assert_eq!(world.send("/factories/f1/cycle", "").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(world.send("/factories/f1/stop", "").await.status(), StatusCode::SEE_OTHER);
    let all = world.page("/commands").await;
    assert!([">stop<", ">cycle<", ">test<"].iter().all(|verb| all.contains(verb)), "{all}");
    let tests = world.page("/commands?factory=f1&verb=test").await;
    assert!(tests.contains(r#"data-label="What">test"#) && !tests.contains(r#"data-label="What">stop"#), "{tests}");
    let first = world.page("/commands?limit=1").await;
    assert!(first.contains("cursor="), "{first}");
    let none = world.page("/commands?state=refused").await;
    assert!(none.contains("No command matches"), "{none}");
    let json = world.get("/commands.json?verb=stop").await.text().await.unwrap();
    assert!(json.contains(r#""verb":"stop""#), "{json}");
    world.server.shutdown().await;
}
