//! The checked-in OpenAPI document.

use crate::harness::Stage;
use std::path::Path;

/// Renew with `cargo xtask generate`.
#[test]
fn the_checked_in_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(held.trim_end() == server::openapi().trim_end(), "docs/openapi.json is stale; run cargo xtask generate");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_served_without_a_credential() {
    let stage = Stage::open().await;
    let text = reqwest::get(stage.url("/pilotage/v1/openapi.json")).await.unwrap().text().await.unwrap();
    assert_eq!(text, server::openapi());
    stage.close().await;
}

/// Every route of the document answers, and none without a credential but those that say so.
#[tokio::test(flavor = "multi_thread")]
async fn every_documented_call_exists_and_wants_a_credential() {
    let stage = Stage::open().await;
    let document: serde_json::Value = serde_json::from_str(server::openapi()).unwrap();
    let http = reqwest::Client::new();
    // What everybody may read must be there to be read.
    let sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let nothing = wire::client::Call::put(&format!("/programs/name/version?sha256={sum}"));
    stage.admin.send(nothing).await.unwrap();
    for (path, calls) in document["paths"].as_object().unwrap() {
        for (method, call) in calls.as_object().unwrap() {
            let real = path.replace("{stream}", "stdout").replace("{kind}", "out").replace("{id}", "1");
            let real = real.replace("{attempt}", "1").replace(['{', '}'], "");
            let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = http.request(method.clone(), stage.url(&format!("{real}?"))).send().await.unwrap();
            let status = answer.status().as_u16();
            let is_free =
                call["security"].as_array().is_some_and(|schemes| schemes.iter().any(|s| *s == serde_json::json!({})));
            assert!(status != 404 && status != 405, "{method} {path} answered {status}");
            assert_eq!(status == 401, !is_free, "{method} {path} answered {status} without a credential");
        }
    }
    stage.close().await;
}
