//! A real TLS server with its own authority, and clients that trust it or not.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wire::client::Call;
use wire::tls::{Authority, Trust};
use wire::{Client, ClientConfig, Error};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// Answers every request on a free port of loopback; the certificate carries a name that nobody asks for.
async fn serve(authority: &Authority) -> String {
    let config = Arc::new(authority.server_config(&["login01.example.org".to_owned()]).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(config);
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0u8; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(ANSWER).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

async fn call(url: &str, trust: Trust) -> Result<String, Error> {
    let client = Client::new(ClientConfig { trust, ..ClientConfig::new([url.to_owned()], None) })?;
    let answer = client.send(Call::get_outside("/readyz")).await?;
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

#[tokio::test]
async fn a_pinned_authority_is_trusted_whatever_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::open_or_create(dir.path()).unwrap();
    let url = serve(&authority).await;
    let answer = call(&url, Trust::Fingerprint(authority.fingerprint())).await.unwrap();
    assert_eq!(answer, "ok");
}

#[tokio::test]
async fn the_authority_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let pin = Authority::open_or_create(dir.path()).unwrap().fingerprint();
    let again = Authority::open_or_create(dir.path()).unwrap();
    assert_eq!(again.fingerprint(), pin);
    let url = serve(&again).await;
    assert_eq!(call(&url, Trust::Fingerprint(pin)).await.unwrap(), "ok");
}

/// A crash while the authority was made leaves a certificate without a key, and files that were not finished.
#[test]
fn a_half_made_authority_is_made_anew_and_a_broken_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    std::fs::write(file("ca.pem"), "half a certif").unwrap();
    std::fs::write(file("ca.part"), "half").unwrap();
    let pin = Authority::open_or_create(dir.path()).unwrap().fingerprint();
    assert_eq!(Authority::open_or_create(dir.path()).unwrap().fingerprint(), pin);
    let mode = std::os::unix::fs::PermissionsExt::mode(&file("ca.key").metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let mut names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["ca.key", "ca.pem"]);
    std::fs::write(file("ca.key"), "").unwrap();
    let error = Authority::open_or_create(dir.path()).err().unwrap().to_string();
    assert_eq!(error, format!("use the private key in {}", file("ca.key").display()));
}

#[tokio::test]
async fn another_authority_is_refused() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let url = serve(&Authority::open_or_create(dir.path()).unwrap()).await;
    let pin = Authority::open_or_create(other.path()).unwrap().fingerprint();
    let error = call(&url, Trust::Fingerprint(pin)).await.unwrap_err();
    assert!(error.is_temporary() && error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn the_next_server_is_asked_when_one_is_away() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::open_or_create(dir.path()).unwrap();
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("https://{}", listener.local_addr().unwrap())
    };
    let url = serve(&authority).await;
    let trust = Trust::Fingerprint(authority.fingerprint());
    let client = Client::new(ClientConfig { trust, ..ClientConfig::new([gone, url.clone()], None) }).unwrap();
    client.send(Call::post("/pilots/announce")).await.unwrap();
    assert_eq!(client.url(), url);
}
