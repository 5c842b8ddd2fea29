//! Which role may make which call.

use crate::harness::*;
use http::Method;
use model::{JobSpec, Role, Target, Verb};
use serde_json::{Value, json};
use std::fmt::Write;
use wire::Client;
use wire::api::*;

/// One call per kind of permission; what it is about is refused only after the permission, if at all.
fn calls() -> Vec<(&'static str, Method, &'static str, Option<Value>)> {
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    let heartbeat = json!({"version": "0", "host": "h", "pid": 1, "started": "2026-01-01T00:00:00Z", "cycle_s": 30,
        "labels": []});
    vec![
        ("read jobs", get.clone(), "/jobs", None),
        ("read pilots", get.clone(), "/pilots", None),
        ("read decisions", get.clone(), "/decisions", None),
        ("submit", post.clone(), "/jobs", Some(json!({"transformation": "/bin/true"}))),
        ("kill own", post.clone(), "/jobs/kill", Some(json!({"ids": "999999"}))),
        ("kill of other user", post.clone(), "/jobs/kill", Some(json!({"ids": "OTHER"}))),
        ("retry of group", post.clone(), "/jobs/retry", Some(json!({"ids": "MATE"}))),
        ("drain pilot", post.clone(), "/commands", Some(json!({"target": {"pilot": 1}, "verb": "drain"}))),
        ("command factory", post.clone(), "/commands", Some(json!({"target": {"factory": "f"}, "verb": "cycle"}))),
        (
            "pause label",
            post.clone(),
            "/orders",
            Some(json!({"factory": "f", "scope": {"queue": "q"}, "hold": "pause", "reason": "x"})),
        ),
        (
            "test label",
            post.clone(),
            "/commands",
            Some(json!({"target": {"factory": "f"}, "verb": "test", "arguments": ["l"]})),
        ),
        ("set queue status", put.clone(), "/queues/q/status", Some(json!({"status": "online"}))),
        ("put queue", put.clone(), "/queues/p", Some(json!({"name": "p"}))),
        ("make token", post.clone(), "/tokens", Some(json!({"user": "x", "role": "user"}))),
        ("list tokens", get.clone(), "/tokens", None),
        ("factory heartbeat", put.clone(), "/factories/f", Some(heartbeat)),
        (
            "announce",
            post.clone(),
            "/pilots/announce",
            Some(json!({"factory": "f", "label": "l", "queue": "q", "batch": "b", "count": 1})),
        ),
        ("poll factory commands", get, "/factories/f/commands", None),
        ("batch report", post.clone(), "/pilots/batch", Some(json!({"factory": "f", "updates": []}))),
        ("post decisions", post.clone(), "/decisions", Some(json!({"decisions": []}))),
        ("write pilot log", put, "/pilots/1/logs/out", Some(json!("words"))),
        (
            "silence alarms",
            post.clone(),
            "/silences",
            Some(json!({"of": {"queue": "none"}, "reason": "r", "for_s": 1})),
        ),
        ("acknowledge alarm", post.clone(), "/alarms/999999/acknowledge", Some(json!({}))),
        ("revoke token", Method::DELETE, "/tokens/999999", None),
        ("backup", post, "/backup", Some(json!({"to": "no/absolute/path"}))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_roles_and_calls() {
    let stage = Stage::open().await;
    stage.factory.factory_heartbeat("f", &heartbeat()).await.unwrap();
    let other = stage.client("eve", "red", Role::User).await;
    let mate = stage.client("mia", "blue", Role::User).await;
    stage.announce().await;
    let mut table = String::new();
    for (name, method, path, body) in calls() {
        write!(table, "{name:<24}").unwrap();
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Pilot) {
            let sites: &[&str] = if role == Role::SiteAdmin { &["elsewhere"] } else { &[] };
            let user = if role == Role::Factory { "f" } else { "me" };
            let client = stage.client_of_sites(user, "blue", role, sites).await;
            let mut call = wire::client::Call::new(method.clone(), path);
            if let Some(body) = &body {
                call = call.bytes(filled(body, &other, &mate).await);
            }
            let verdict = match client.send(call).await {
                Ok(_) => "yes".to_owned(),
                Err(error) => error.code().map_or_else(|| error.to_string(), str::to_owned),
            };
            write!(table, " {role}={verdict}").unwrap();
        }
        table.push('\n');
    }
    insta::assert_snapshot!(table);
    stage.close().await;
}

/// The body with fresh jobs of another user and of a user of the same group.
async fn filled(body: &Value, other: &Client, mate: &Client) -> String {
    let mut text = body.to_string();
    for (word, owner) in [("OTHER", other), ("MATE", mate)] {
        if text.contains(word) {
            let request = SubmitRequest { spec: job("x"), array: None };
            let id = owner.submit(&request, &fresh_key()).await.unwrap().first;
            text = text.replace(word, &id.to_string());
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_only_speaks_for_itself() {
    let stage = Stage::open().await;
    let (one, two) = (stage.pilot(1).await, stage.pilot(1).await);
    let error = one.client.heartbeat(two.id, &HeartbeatRequest::default()).await.unwrap_err();
    assert_eq!(error.code(), Some("not-this-pilot"));
    assert_eq!(one.client.jobs(&JobQuery::default()).await.unwrap_err().code(), Some("forbidden"));
    assert_eq!(one.client.whoami().await.unwrap().role, Role::Pilot);
    let error = stage.admin.heartbeat(two.id, &HeartbeatRequest::default()).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(403), Some("forbidden")));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factory_only_speaks_for_itself() {
    let stage = Stage::open().await;
    let pilot = stage.pilot(1).await.id;
    let other = stage.client("g", "", Role::Factory).await;
    let drain =
        CommandRequest { target: Target::Pilot(pilot), verb: Verb::Drain, arguments: Vec::new(), expires_s: None };
    let log = other.put_pilot_log(pilot, "out", "x".into()).await.map(drop);
    let batch = other.report_batch(&BatchReport { factory: "f".into(), updates: Vec::new() }).await;
    let poll = other.factory_commands("f", 0).await.map(drop);
    let said = other.factory_heartbeat("f", &heartbeat()).await;
    let announced = AnnounceRequest {
        factory: "f".into(),
        label: "l".into(),
        queue: "q".into(),
        batch: "b".into(),
        count: 1,
        test: None,
    };
    for (call, answer) in [
        ("drain", other.command(&drain).await.map(drop)),
        ("log", log),
        ("batch", batch),
        ("poll", poll),
        ("heartbeat", said),
        ("announce", other.announce(&announced).await.map(drop)),
    ] {
        let error = answer.expect_err(call);
        assert_eq!((error.status(), error.code()), (Some(403), Some("not-this-factory")), "{call}: {error}");
    }
    assert!(!stage.admin.pilot(pilot).await.unwrap().summary.state.is_final());
    let own = stage.client("f", "", Role::Factory).await;
    own.command(&drain).await.unwrap();
    stage.close().await;
}

/// Fair share counts groups first, so that a group which anybody could invent would be a place at the head of the line.
#[tokio::test(flavor = "multi_thread")]
async fn a_credential_without_group_may_claim_none() {
    let stage = Stage::open().await;
    let user = stage.client("me", "", Role::User).await;
    let request = |group: &str| {
        let spec = JobSpec { group: group.into(), ..job("x") };
        SubmitRequest { spec, array: None }
    };
    let error = user.submit(&request("red"), &fresh_key()).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(403), Some("not-you")), "{error}");
    user.submit(&request(""), &fresh_key()).await.unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_operator_submits_for_others() {
    let stage = Stage::open().await;
    let user = stage.client("me", "blue", Role::User).await;
    let request = |user: &str, group: &str| {
        let spec = JobSpec { user: user.into(), group: group.into(), ..job("x") };
        SubmitRequest { spec, array: None }
    };
    let code = async |user_name: &str, group: &str| {
        let error = user.submit(&request(user_name, group), &fresh_key()).await.unwrap_err();
        error.code().map(str::to_owned)
    };
    assert_eq!(code("you", "").await.as_deref(), Some("not-you"));
    assert_eq!(code("", "red").await.as_deref(), Some("not-you"));
    let own = user.submit(&request("", ""), &fresh_key()).await.unwrap().first;
    let summary = stage.admin.job(own).await.unwrap().summary;
    assert_eq!((summary.user.as_str(), summary.group.as_str()), ("me", "blue"));
    let other = stage.admin.submit(&request("you", "red"), &fresh_key()).await.unwrap().first;
    assert_eq!(stage.admin.job(other).await.unwrap().summary.user, "you");
    stage.close().await;
}
