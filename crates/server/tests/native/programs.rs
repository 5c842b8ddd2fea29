//! Programs that nodes download.

use crate::harness::{Stage, eventually};
use model::Role;
use ring::digest::{SHA256, digest};
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use wire::client::{Call, program_path};
use wire::{Client, ClientConfig};

const PROGRAM: &[u8] = b"#!/bin/sh\nexec \"$@\"\n";

fn sum(content: &[u8]) -> String {
    hex::encode(digest(&SHA256, content))
}

fn files(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path.display().to_string()] }).collect()
}

async fn put(client: &Client, version: &str, content: &'static [u8], sum: &str) -> Result<(), wire::Error> {
    let call = Call::put(&format!("/programs/vo/{version}?sha256={sum}")).bytes(content);
    client.send(call).await.map(drop)
}

fn code(put: Result<(), wire::Error>) -> Option<String> {
    put.err()?.code().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_reads_what_an_operator_stored() {
    let stage = Stage::open().await;
    let user = stage.client("eve", "", Role::User).await;
    let refused = code(put(&user, "1", PROGRAM, &sum(PROGRAM)).await);
    assert_eq!(refused.as_deref(), Some("forbidden"));
    put(&stage.admin, "1", PROGRAM, &sum(PROGRAM).to_uppercase()).await.unwrap();
    put(&stage.admin, "1", PROGRAM, &sum(PROGRAM)).await.unwrap();
    put(&stage.admin, "2", PROGRAM, &sum(PROGRAM)).await.unwrap();
    assert_eq!(code(put(&stage.admin, "1", b"other", &sum(b"other")).await).as_deref(), Some("program-exists"));

    let nobody = Client::new(ClientConfig::new([stage.running.url().to_owned()], None)).unwrap();
    let read = async |version: &str, known: &str| {
        let call = Call::get_outside(&program_path("vo", version)).header(http::header::IF_NONE_MATCH, known);
        nobody.send(call).await
    };
    let answer = read("2", "").await.unwrap();
    let etag = format!("\"{}\"", sum(PROGRAM));
    assert_eq!((&answer.body[..], answer.header("etag")), (PROGRAM, Some(etag.as_str())));
    assert_eq!(read("2", &etag).await.unwrap().status, http::StatusCode::NOT_MODIFIED);
    assert_eq!(read("3", "").await.unwrap_err().code(), Some("unknown-program"));
    let list = user.programs().await.unwrap().programs;
    assert_eq!(list.iter().map(|one| one.version.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!((list[0].bytes, list[0].added_by.as_str()), (PROGRAM.len() as u64, "ada"));

    stage.admin.drop_program("vo", "1").await.unwrap();
    assert_eq!(stage.admin.drop_program("vo", "1").await.unwrap_err().code(), Some("unknown-program"));
    assert_eq!(&read("2", "").await.unwrap().body[..], PROGRAM, "its file is that of version 1");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_what_it_should_be_is_not_stored() {
    let stage = Stage::open().await;
    assert_eq!(code(put(&stage.admin, "1", PROGRAM, &sum(b"other")).await).as_deref(), Some("wrong-checksum"));
    assert_eq!(code(put(&stage.admin, "1", PROGRAM, "12").await).as_deref(), Some("bad-value"));
    assert_eq!(code(put(&stage.admin, "..1", PROGRAM, &sum(PROGRAM)).await).as_deref(), Some("bad-value"));

    // An uploader that is killed in the middle.
    let address = stage.running.url().trim_start_matches("http://").to_owned();
    let path = format!("{}?sha256={}", program_path("vo", "1"), sum(PROGRAM));
    let mut stream = TcpStream::connect(&address).unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        stage.running.admin_token(),
        PROGRAM.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&PROGRAM[..5]).unwrap();
    drop(stream);
    put(&stage.admin, "1", PROGRAM, &sum(PROGRAM)).await.unwrap();
    eventually("one file", async || {
        files(stage.dir.path()).iter().filter(|path| path.contains("/programs/")).count() == 1
    })
    .await;
    stage.close().await;
}
