//! Tokens of programs, and of an OpenID provider that answers, refuses, lies and hangs.

use crate::grid_proxy::put;
use crate::site::{Site, WAITS};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use factory::credential::Credentials;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A token that lasts an hour.
fn token(scope: &str) -> String {
    let now = jiff::Timestamp::now().as_second();
    let claims = format!(r#"{{"iss":"https://iam","sub":"robot","scope":"{scope}","iat":{now},"exp":{}}}"#, now + 3600);
    format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(claims))
}

fn credentials(site: &Site, section: &str) -> Credentials {
    let more = format!("credential = \"t\"\n[credential.t]\nkind = \"token\"\nrenew.timeout_s = 2\n{section}");
    Credentials::of(&site.config(1, 1.0, &more))
}

fn look(credentials: &Credentials) -> model::CredentialInfo {
    credentials.look(crate::server::now()).remove("t").unwrap().info
}

#[tokio::test]
async fn a_program_prints_a_token_that_is_told_to_nobody() {
    let site = Site::new(WAITS);
    let path = |name: &str| site.dir.path().join(name);
    let script = "#!/bin/sh\ncat $(dirname \"$0\")/said\n[ ! -e $(dirname \"$0\")/fails ] || exit 7\n";
    put(&path("get"), script, 0o755);
    let credentials = credentials(&site, &format!("command = [{:?}, \"--audience\", \"ce\"]\n", path("get")));
    put(&path("said"), &format!("{}\n", token("compute.read")), 0o600);
    credentials.renew("t").await.unwrap();
    let file = path("credentials/t.token");
    let good = fs::read_to_string(&file).unwrap();
    assert!(!good.ends_with('\n') && fs::metadata(&file).unwrap().permissions().mode() & 0o777 == 0o600);
    let info = look(&credentials);
    assert_eq!((info.who.as_str(), info.attributes.join(" ")), ("robot by https://iam", "compute.read".to_owned()));
    assert!(info.is_usable, "{info:?}");

    put(&path("fails"), "", 0o600);
    let error = credentials.renew("t").await.unwrap_err();
    assert_eq!(error, format!("run {}: exit code 7: it said nothing", path("get").display()));
    fs::remove_file(path("fails")).unwrap();
    for said in ["", "<html>Sorry, come back later</html>", "secret-but-opaque"] {
        put(&path("said"), said, 0o600);
        let error = credentials.renew("t").await.unwrap_err();
        assert!(error.starts_with("use what was made: ") && !error.contains("opaque"), "{error}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), good);
}

/// An OpenID provider: what it answers to whoever asks for its token end point, and what it was asked.
#[derive(Clone, Default)]
struct Provider {
    answer: Arc<Mutex<String>>,
    asked: Arc<Mutex<String>>,
}

impl Provider {
    async fn start(&self, tasks: &mut JoinSet<()>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/realm", listener.local_addr().unwrap());
        let (provider, url) = (self.clone(), issuer.clone());
        tasks.spawn(async move {
            let mut answers = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                answers.spawn(provider.clone().serve(stream, url.clone()));
            }
        });
        issuer
    }

    async fn serve(self, mut stream: TcpStream, issuer: String) {
        let request = read(&mut stream).await;
        let answer = if request.starts_with("GET /realm/.well-known/openid-configuration ") {
            let body = format!(r#"{{"issuer":"{issuer}/","token_endpoint":"{issuer}/token"}}"#);
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        } else {
            *self.asked.lock().unwrap() = request;
            self.answer.lock().unwrap().clone()
        };
        if answer.is_empty() {
            return std::future::pending().await;
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        let _ = stream.shutdown().await;
    }

    fn answers(&self, status: &str, body: &str) {
        let length = body.len();
        *self.answer.lock().unwrap() =
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    }
}

/// A request with its whole body.
async fn read(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    loop {
        let lower = request.to_lowercase();
        if let Some((head, body)) = lower.split_once("\r\n\r\n") {
            let length = head
                .split_once("content-length: ")
                .map_or(0, |(_, rest)| rest.lines().next().unwrap().parse().unwrap());
            if body.len() >= length {
                return request;
            }
        }
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).await.unwrap();
        request.push_str(std::str::from_utf8(&piece[..length]).unwrap());
    }
}

#[tokio::test]
async fn a_provider_gives_tokens_for_the_secret_of_a_file() {
    let (site, provider, mut tasks) = (Site::new(WAITS), Provider::default(), JoinSet::new());
    let issuer = provider.start(&mut tasks).await;
    let secret = site.dir.path().join("secret");
    put(&secret, "s e+cret\n", 0o600);
    let credentials = credentials(
        &site,
        &format!(
            "issuer = \"{issuer}\"\nclient_id = \"factory\"\nclient_secret_file = {secret:?}\n\
             scopes = [\"compute.create\", \"compute.read\"]\naudience = \"https://ce:9619\"\n"
        ),
    );
    provider.answers("200 OK", &format!(r#"{{"access_token":"{}","token_type":"Bearer"}}"#, token("compute.create")));
    credentials.renew("t").await.unwrap();
    assert_eq!(look(&credentials).attributes, ["compute.create"]);
    let asked = provider.asked.lock().unwrap().clone();
    assert!(asked.starts_with("POST /realm/token HTTP/1.1\r\n"), "{asked}");
    let body = "grant_type=client_credentials&scope=compute.create+compute.read&audience=https%3A%2F%2Fce%3A9619";
    assert!(asked.ends_with(&format!("\r\n\r\n{body}")), "{asked}");
    let header = format!("authorization: Basic {}\r\n", STANDARD.encode("factory:s+e%2Bcret"));
    assert!(asked.to_lowercase().contains(&header.to_lowercase()), "{asked}");

    let refusal = r#"{"error":"invalid_client","error_description":"the client is disabled"}"#;
    for (status, body, words) in [
        ("401 Unauthorized", refusal, "it answered 401 Unauthorized: invalid_client: the client is disabled"),
        ("500 Internal Server Error", "<html>", "it answered 500 Internal Server Error"),
        ("200 OK", r#"{"token":"abc"}"#, "the answer is not what such a server says"),
    ] {
        provider.answers(status, body);
        let error = credentials.renew("t").await.unwrap_err();
        assert_eq!(error, format!("get a token from {issuer}/token: {words}"));
    }
    *provider.answer.lock().unwrap() = String::new();
    let error = credentials.renew("t").await.unwrap_err();
    assert!(error.starts_with(&format!("get a token from {issuer}/token: ")), "{error}");
    assert!(
        look(&credentials).is_usable && look(&credentials).trouble.starts_with("failed 4 times in a row, at last to ")
    );

    put(&secret, "s e+cret\n", 0o644);
    let error = credentials.renew("t").await.unwrap_err();
    assert!(error.ends_with("can be used by others (mode 0644); make it 0600"), "{error}");
}
