//! TLS, sessions of browsers, the directory.

use crate::harness::*;
use server::{Config, Server, TlsMode};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;
use tower::ServiceExt;
use wire::tls::Trust;
use wire::{Client, ClientConfig};

#[tokio::test(flavor = "multi_thread")]
async fn off_loopback_the_server_encrypts_by_itself() {
    let dir = TempDir::new().unwrap();
    let listen = Some(SocketAddr::from(([0, 0, 0, 0], 0)));
    let stage = Stage::start(Config { listen, ..config(&dir) }, dir).await;
    assert!(stage.running.url().starts_with("https://"), "{}", stage.running.url());
    let port = stage.running.url().rsplit(':').next().unwrap();
    let client = |pin: &str| {
        let mut config = ClientConfig::new([format!("https://127.0.0.1:{port}")], None);
        config.trust = Trust::Fingerprint(pin.to_owned());
        Client::new(config).unwrap()
    };
    let pin = stage.running.fingerprint().unwrap().to_owned();
    client(&pin).ready().await.unwrap();
    assert!(client(&"0".repeat(64)).ready().await.is_err(), "another authority is not trusted");
    let plain = reqwest::get(format!("http://127.0.0.1:{port}/healthz")).await;
    assert!(plain.is_err(), "plain HTTP gets no answer");
    let stage = stage.restart(|config| config.listen = listen).await;
    assert_eq!(stage.running.fingerprint(), Some(pin.as_str()), "the authority outlives the server");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn off_loopback_plain_must_be_asked_for() {
    let dir = TempDir::new().unwrap();
    let listen = Some(SocketAddr::from(([0, 0, 0, 0], 0)));
    let stage = Stage::start(Config { listen, tls: TlsMode::Plain, ..config(&dir) }, dir).await;
    assert!(stage.running.url().starts_with("http://"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_is_private_locked_and_tells_the_address() {
    let stage = Stage::open().await;
    let path = stage.dir.path();
    for file in ["admin.token", "factory.token"] {
        assert_eq!(path.join(file).metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
    assert_eq!(std::fs::read_to_string(path.join("url")).unwrap().trim(), stage.running.url());
    let error = Server::start(config(&stage.dir)).await.err().unwrap().to_string();
    assert!(error.contains("another server uses this directory (process "), "{error}");
    let token = stage.running.admin_token().to_owned();
    let stage = stage.restart(|_| {}).await;
    assert_eq!(stage.running.admin_token(), token);
    assert_eq!(stage.admin.whoami().await.unwrap().user, "ada");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_revocation_of_its_own_tokens_a_server_makes_new_ones() {
    let stage = Stage::open().await;
    let (admin, factory) = (stage.running.admin_token().to_owned(), stage.running.factory_token().to_owned());
    let mut tokens = stage.admin.tokens().await.unwrap().tokens;
    // The one that revokes comes last.
    tokens.sort_by_key(|token| token.role == model::Role::Operator);
    for token in &tokens {
        stage.admin.revoke_token(token.id).await.unwrap();
    }
    let stage = stage.restart(|_| {}).await;
    assert_ne!((stage.running.admin_token(), stage.running.factory_token()), (admin.as_str(), factory.as_str()));
    assert_eq!(stage.admin.whoami().await.unwrap().role, model::Role::Operator);
    assert_eq!(stage.factory.whoami().await.unwrap().role, model::Role::Factory);
    let written = std::fs::read_to_string(stage.dir.path().join("admin.token")).unwrap();
    assert_eq!(written.trim(), stage.running.admin_token());
    let old = stage.admin.with_token(&admin);
    assert_eq!(old.whoami().await.unwrap_err().code(), Some("bad-credential"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_cannot_be_written_is_named() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let mut config = config(&dir);
    config.dir = dir.path().join("file/below");
    let error = Server::start(config).await.err().unwrap().to_string();
    assert!(error.contains("file/below"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_port_is_named_when_it_was_asked_for() {
    let stage = Stage::open().await;
    let taken: SocketAddr = stage.running.url().trim_start_matches("http://").parse().unwrap();
    let dir = TempDir::new().unwrap();
    let error = Server::start(Config { listen: Some(taken), ..config(&dir) }).await.err().unwrap();
    assert_eq!(error.to_string(), format!("listen on {taken}"));
    stage.close().await;
}

/// Browsers open few connections to one server; each tab listens to events.
#[tokio::test(flavor = "multi_thread")]
async fn one_encrypted_connection_of_http2_serves_many_requests_at_once() {
    let dir = TempDir::new().unwrap();
    let stage = Stage::start(Config { tls: TlsMode::Own, ..config(&dir) }, dir).await;
    let address: SocketAddr = stage.running.url().trim_start_matches("https://").parse().unwrap();
    let mut tls = wire::tls::client_config(stage.running.fingerprint().unwrap()).unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = address.ip().to_string().try_into().unwrap();
    let stream = tokio_rustls::TlsConnector::from(std::sync::Arc::new(tls)).connect(name, stream).await.unwrap();
    let executor = hyper_util::rt::TokioExecutor::new();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    let driven = tokio::spawn(connection);
    let get = async |path: &str| {
        let request = http::Request::get(format!("https://{address}{path}"));
        let request = request.header("authorization", format!("Bearer {}", stage.running.admin_token()));
        let answer = sender.clone().send_request(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2), "{path}");
        answer
    };
    let mut listening = Vec::new();
    for _ in 0..10 {
        listening.push(get("/events?topics=jobs").await);
    }
    get("/pilotage/v1/jobs").await;
    drop((listening, sender));
    stage.close().await;
    let _ = driven.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_an_encrypting_proxy_the_session_is_for_https_only() {
    let dir = TempDir::new().unwrap();
    let public_url = Some("https://pilotage.example".to_owned());
    let stage = Stage::start(Config { tls: TlsMode::Plain, public_url, ..config(&dir) }, dir).await;
    let body = format!("token={}", stage.running.admin_token());
    let request = http::Request::post("/login").header("origin", "https://x").header("host", "x");
    let answer = stage.running.router().oneshot(request.body(axum::body::Body::from(body)).unwrap()).await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_logs_in_with_a_token_and_no_other_site_can_use_its_session() {
    let stage = Stage::open().await;
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let origin = stage.running.url();
    let login = async |token: &str, origin: &str| {
        let body = format!("token={token}&next=%2Fjobs");
        let kind = "application/x-www-form-urlencoded";
        let request = browser.post(stage.url("/login")).header("origin", origin).header("content-type", kind);
        request.body(body).send().await.unwrap()
    };
    let wrong = login("pilotage_no", origin).await;
    assert_eq!(wrong.headers()["location"], "/login?failed=bad-credential&next=/jobs");
    assert_eq!(login(stage.running.admin_token(), "http://evil").await.status().as_u16(), 403);
    let right = login(stage.running.admin_token(), origin).await;
    assert_eq!((right.status().as_u16(), right.headers()["location"].to_str().unwrap()), (303, "/jobs"));
    let cookie = right.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains(stage.running.admin_token()));
    let cookie = cookie.split(';').next().unwrap();
    let whoami = browser.get(stage.url("/pilotage/v1/whoami")).header("cookie", cookie).send().await.unwrap();
    assert!(whoami.status().is_success());
    let kill = async |origin: &str| {
        let request = browser.post(stage.url("/pilotage/v1/jobs/kill")).header("cookie", cookie);
        request.header("origin", origin).body(r#"{"ids":"1"}"#).send().await.unwrap().status().as_u16()
    };
    assert_eq!((kill("http://evil").await, kill(origin).await), (403, 200));
    let forged = format!("{cookie}1");
    let whoami = browser.get(stage.url("/pilotage/v1/whoami")).header("cookie", forged).send().await.unwrap();
    assert_eq!(whoami.status().as_u16(), 401);
    stage.close().await;
}
