//! The page of administration: who sees what, and what its buttons do.

use crate::browser::run;
use crate::world::World;
use model::{QueueRecord, Role};
use reqwest::StatusCode;
use wire::api::{SilenceRequest, TokenRequest};

/// Silences everything at a site.
async fn silence(world: &World, site: &str) {
    let of = model::alarm::Matcher { site: site.into(), ..Default::default() };
    let request = SilenceRequest { of: Some(of), alarm: None, reason: "<b>moving</b>, #4711".into(), for_s: 3600 };
    world.admin.silence(&request).await.unwrap();
}

async fn json(world: &World) -> serde_json::Value {
    world.get("/admin.json").await.json().await.unwrap()
}

#[tokio::test]
async fn each_role_sees_its_part() {
    let (mut world, _pilot) = World::filled().await;
    let alarm = world.alarm().await;
    world.send(&format!("{alarm}/comment"), "text=the+site+knows").await;
    silence(&world, "GLASGOW").await;
    let all = json(&world).await;
    assert_eq!(all["silences"][0]["owner"], all["remarks"][0]["who"]);
    assert_eq!(all["remarks"][0]["text"], "the site knows");
    let queues = all["topology"]["queues"].as_array().unwrap();
    let writer = |name: &str| &queues.iter().find(|queue| queue["name"] == name).unwrap()["written"]["by"];
    assert_eq!(*writer("lancs"), all["silences"][0]["owner"]);
    assert!(queues.iter().any(|queue| queue["written"]["by"] == "apfmon"), "one was made for a report: {all}");
    assert!(all["retention"]["database_bytes"].as_u64() > Some(4096), "{all}");
    assert!(all["tokens"].as_array().unwrap().len() >= 2, "{all}");
    assert!(!all.to_string().contains("plt_"), "a secret in {all}");

    world.cookie = world.session_of("bob", Role::User).await;
    let page = world.page("/admin").await;
    assert!(page.contains("Only operators see who has a token") && page.contains("the site knows"), "{page}");
    assert!(!page.contains("/admin/silences/") && !page.contains("/admin/tokens/"), "{page}");
    assert!(json(&world).await["tokens"].is_null());
    for path in ["/admin/silences/1/end", "/admin/tokens/1/revoke"] {
        assert_eq!(world.send(path, "").await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    world.cookie = world.session_of("sue", Role::Shifter).await;
    let page = world.page("/admin").await;
    assert!(page.contains("/admin/silences/1/end") && !page.contains("/admin/tokens/"), "{page}");
    world.server.shutdown().await;
}

#[tokio::test]
async fn a_site_admin_ends_silences_of_that_site() {
    let (mut world, _pilot) = World::filled().await;
    silence(&world, "GLASGOW").await;
    silence(&world, "LANCS").await;
    let (user, group, note) = ("sam".to_owned(), String::new(), String::new());
    let sites = vec!["LANCS".to_owned()];
    let request = TokenRequest { user, group, role: Role::SiteAdmin, sites, expires_s: None, note };
    let token = world.admin.create_token(&request).await.unwrap().token;
    world.cookie = crate::world::log_in(&world.http, world.server.url(), &token).await;
    let page = world.page("/admin").await;
    assert!(page.contains("/admin/silences/2/end") && !page.contains("/admin/silences/1/end"), "{page}");
    assert_eq!(world.send("/admin/silences/1/end", "").await.status(), StatusCode::FORBIDDEN);
    let ended = world.send("/admin/silences/2/end", "").await;
    assert_eq!(ended.headers()["location"], "/admin#silences");
    assert_eq!(json(&world).await["silences"].as_array().unwrap().len(), 1);
    assert_eq!(world.send("/admin/silences/x/end", "").await.status(), StatusCode::NOT_FOUND);
    world.server.shutdown().await;
}

#[tokio::test]
async fn queues_have_pages() {
    let world = World::empty().await;
    for index in 0..103 {
        world.admin.put_queue(&QueueRecord::named(format!("queue-{index:03}"))).await.unwrap();
    }
    let page = world.page("/admin").await;
    assert!(page.contains("103 queues, by name") && page.contains(">queue-099<") && !page.contains(">queue-100<"));
    assert!(page.contains("href=\"/admin?after=queue-099#queues\""), "{page}");
    let page = world.page("/admin?after=queue-099").await;
    assert!(page.contains(">queue-102<") && !page.contains(">queue-099<") && page.contains("← First"), "{page}");
    assert!(world.page("/admin?after=z").await.contains("Nothing follows"));
    world.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_revokes_a_token_and_ends_a_silence() {
    let (world, _pilot) = World::filled().await;
    silence(&world, "GLASGOW").await;
    let (user, group, note) = ("bob".to_owned(), String::new(), String::new());
    let request = TokenRequest { user, group, role: Role::User, sites: Vec::new(), expires_s: Some(3600), note };
    let made = world.admin.create_token(&request).await.unwrap();
    let bob = world.admin.with_token(&made.token);
    bob.whoami().await.unwrap();
    run(&world, "browser.mjs", &["administration", &made.id.to_string()]).await.unwrap();
    assert!(bob.whoami().await.is_err(), "the token is revoked");
    assert!(world.admin.silences().await.unwrap().silences.is_empty());
    let again = world.send(&format!("/admin/tokens/{}/revoke", made.id), "").await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    world.server.shutdown().await;
}
