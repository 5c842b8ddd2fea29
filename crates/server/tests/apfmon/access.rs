//! Who may call.

use crate::stage::Stage;
use model::Role;
use server::apfmon::Access;
use wire::api::TokenRequest;
use wire::{Client, ClientConfig};

const PILOT: &str = r#"[{"cid": "1.0", "factory": "fab", "label": "l"}]"#;

async fn token(stage: &Stage, user: &str, role: Role) -> String {
    let admin = stage.running.admin_token().to_owned();
    let admin = Client::new(ClientConfig::new([stage.running.url().to_owned()], Some(admin))).unwrap();
    let request = TokenRequest {
        user: user.into(),
        group: String::new(),
        role,
        sites: Vec::new(),
        expires_s: None,
        note: String::new(),
    };
    admin.create_token(&request).await.unwrap().token
}

async fn put(stage: &Stage, change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder) -> u16 {
    let request = stage.http.put(format!("{}/api/jobs", stage.running.url())).body(PILOT);
    change(request).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_for_its_factory_and_may_stand_in_the_url() {
    let stage = Stage::with(|apfmon| apfmon.access = Access::Token, |_| {}).await;
    assert_eq!(put(&stage, |request| request).await, 401);
    let (fab, other) = (token(&stage, "fab", Role::Factory).await, token(&stage, "other", Role::Factory).await);
    let user = token(&stage, "ann", Role::User).await;
    assert_eq!(put(&stage, |request| request.bearer_auth(&user)).await, 403);
    assert_eq!(put(&stage, |request| request.bearer_auth(&other)).await, 200);
    assert_eq!(stage.pilots().await.len(), 0, "another factory's token tells nothing of this one");
    assert_eq!(put(&stage, |request| request.basic_auth("any", Some(&fab))).await, 201);
    assert_eq!(stage.pilots().await.len(), 1);
    let state = |token: &str| {
        let url = format!("{}/api/jobs/fab:1.0", stage.running.url());
        stage.http.post(url).bearer_auth(token).body("state=running").send()
    };
    assert_eq!(state(&other).await.unwrap().status().as_u16(), 403);
    assert_eq!(state(&fab).await.unwrap().status().as_u16(), 200);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_are_of_the_caller_behind_trusted_proxies() {
    let networks =
        |apfmon: &mut server::apfmon::Apfmon| apfmon.access = Access::Networks(vec!["192.0.2.0/24".parse().unwrap()]);
    let stage = Stage::with(networks, |config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    assert_eq!(put(&stage, |request| request).await, 401);
    assert_eq!(put(&stage, |request| request.header("x-forwarded-for", "203.0.113.1")).await, 401);
    assert_eq!(put(&stage, |request| request.header("x-forwarded-for", "203.0.113.1, 192.0.2.9")).await, 201);
    let told = stage.running.state().store.told_of(stage.pilots().await[0].id).await.unwrap();
    assert_eq!(told[0].address, "192.0.2.9");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_servers_may_not() {
    let stage = Stage::open().await;
    assert_eq!(put(&stage, |request| request.header("origin", "http://evil.example")).await, 403);
    assert_eq!(put(&stage, |request| request).await, 201);
    stage.close().await;
}
