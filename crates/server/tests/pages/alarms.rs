//! Alarms as people see them and look after them.

use crate::world::World;
use model::Role;
use reqwest::StatusCode;

#[tokio::test]
async fn a_shifter_looks_after_an_alarm() {
    let (mut world, _pilot) = World::filled().await;
    let page = world.alarm().await;
    world.cookie = world.session_of("sue", Role::Shifter).await;
    let overview = world.page("/").await;
    let link = format!(r#"<a href="{page}">Label lancs-local of f1</a>"#);
    assert!(overview.contains("Needs attention") && overview.contains(&link), "{overview}");
    assert!(overview.contains(r#"<span class="visually-hidden">, open: </span>1</b>"#), "{overview}");
    assert!(world.page("/red").await.contains("1 alarm"));
    assert!(world.page(&page).await.contains("cannot write /var/spool/pilotage"));

    let done = world.send(&format!("{page}/acknowledge"), "text=see+%234711").await;
    assert_eq!((done.status(), done.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, page.as_str()));
    let html = world.page(&page).await;
    assert!(html.contains("sue looks after it since"), "{html}");
    let ticket = "<a rel=\"external noreferrer\" href=\"https://tickets.example/4711\">#4711</a>";
    assert!(html.contains(ticket), "{html}");
    assert!(world.page("/red").await.contains("All is well"));
    assert!(!world.page("/").await.contains(&link));
    assert!(world.page("/alarms").await.contains("Looked after"));

    world.send(&format!("{page}/comment"), "text=%3Cb%3Eline%3C%2Fb%3E%0D%0Atwo").await;
    assert!(world.page(&page).await.contains("&#60;b&#62;line&#60;/b&#62;"));
    let empty = world.send(&format!("{page}/comment"), "text=+").await;
    assert_eq!(empty.status(), StatusCode::UNPROCESSABLE_ENTITY);

    let silenced = world.send(&format!("{page}/silence"), "for_s=3600&text=downtime").await;
    assert_eq!(silenced.status(), StatusCode::SEE_OTHER);
    let list = world.page("/alarms").await;
    assert!(list.contains("silenced by sue until") && list.contains(r#"action="/silences/1/end""#), "{list}");
    let wrong = world.send(&format!("{page}/silence"), "for_s=long&text=x").await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let ended = world.send("/silences/1/end", "").await;
    assert_eq!(ended.headers()["location"], "/alarms");
    assert!(!world.page("/alarms").await.contains("silenced by"));
    world.server.shutdown().await;
}

#[tokio::test]
async fn others_see_alarms_and_get_no_forms() {
    let (mut world, _pilot) = World::filled().await;
    let page = world.alarm().await;
    world.cookie = world.session_of("bob", Role::User).await;
    let html = world.page(&page).await;
    assert!(html.contains("What to do") && !html.contains("<textarea"), "{html}");
    let refused = world.send(&format!("{page}/acknowledge"), "text=x").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let missing = world.get("/alarms/99").await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    world.server.shutdown().await;
}

#[tokio::test]
async fn alarms_have_an_address_for_programs() {
    let (world, _pilot) = World::filled().await;
    let page = world.alarm().await;
    let json = async |path: &str| world.get(path).await.json::<serde_json::Value>().await.unwrap();
    let list = json("/alarms.json").await;
    assert_eq!(list["open"][0]["rule"], "trouble");
    let one = json(&format!("{page}.json")).await;
    assert_eq!(one["alarm"]["subject"]["name"], "lancs-local");
    assert!(one["history"]["history"]["start"].is_array(), "{one}");
    assert_eq!(json("/red.json").await["worst"], "warning");
    world.server.shutdown().await;
}
