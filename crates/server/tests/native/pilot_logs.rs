//! Logs of pilots over plain HTTP: parts, conditions, compression, folders, whatever their names are.

use crate::harness::*;
use bytes::Bytes;
use model::{PilotEvent, PilotId, Role};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Method, Response, StatusCode};
use server::pilot_log::{self, gzip};
use std::io::Read;
use std::time::Duration;
use wire::api::*;

/// A log of the pilot with this batch id.
async fn push(stage: &Stage, batch_id: &str, kind: &str, text: &[u8]) -> PilotId {
    let (pilot, _) = stage.announce().await;
    let update = BatchUpdate {
        pilot,
        event: PilotEvent::Submit,
        batch_id: batch_id.into(),
        native_state: "PENDING".into(),
        flag: None,
        error_class: None,
        message: String::new(),
    };
    let report = BatchReport { factory: "f".into(), updates: vec![update] };
    stage.factory.report_batch(&report).await.unwrap();
    stage.factory.put_pilot_log(pilot, kind, Bytes::copy_from_slice(text)).await.unwrap();
    pilot
}

fn today() -> String {
    now().to_string().chars().take(10).collect()
}

async fn ask(stage: &Stage, method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Response {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.request(method, stage.url(path)).bearer_auth(stage.running.admin_token());
    headers.iter().fold(request, |request, (name, value)| request.header(name, *value)).send().await.unwrap()
}

async fn get(stage: &Stage, path: &str, headers: &[(HeaderName, &str)]) -> (StatusCode, HeaderMap, Bytes) {
    let answer = ask(stage, Method::GET, path, headers).await;
    (answer.status(), answer.headers().clone(), answer.bytes().await.unwrap())
}

fn text(headers: &HeaderMap, name: HeaderName) -> String {
    headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

fn long_text() -> Vec<u8> {
    (0..30_000).flat_map(|line| format!("{line}: {}\n", line * 7919).into_bytes()).collect()
}

/// Compresses the log at this place as the server does after some days.
async fn compress(stage: &Stage, place: &Path) {
    let store = &*stage.running.state().objects;
    let log = pilot_log::find(store, place).await.unwrap().unwrap();
    let plain = log.open(store, 0..log.size).await.unwrap();
    let packed: Vec<Bytes> = futures_util::TryStreamExt::try_collect(gzip::packed(plain, log.arrived)).await.unwrap();
    store.put(&pilot_log::compressed(place), packed.concat().into()).await.unwrap();
    store.delete(place).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_conditions_and_compression_before_and_after_a_log_is_compressed() {
    let stage = Stage::open().await;
    let all = long_text();
    push(&stage, "4711_0", "out", &all).await;
    let path = format!("/logs/f/{}/l/4711_0.out", today());
    let plain = answers(&stage, &path, &all).await;
    compress(&stage, &Path::from(path.trim_start_matches('/'))).await;
    let packed = answers(&stage, &path, &all).await;
    assert_eq!(plain.arrived, packed.arrived, "compressing changes no date");
    assert_ne!(plain.tag, packed.tag);
    let (status, _, body) = get(&stage, &path, &[(header::RANGE, "bytes=5-"), (header::IF_RANGE, &plain.tag)]).await;
    assert_eq!((status, body.len()), (StatusCode::OK, all.len()), "a part of the object that was is not continued");
    stage.close().await;
}

struct Told {
    tag: String,
    arrived: String,
}

/// What a client sees, whichever way the log is stored.
async fn answers(stage: &Stage, path: &str, all: &[u8]) -> Told {
    let (status, headers, body) = get(stage, path, &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body == all);
    let told = |name| text(&headers, name);
    assert_eq!(told(header::CONTENT_LENGTH), all.len().to_string());
    assert_eq!((told(header::ACCEPT_RANGES), told(header::CONTENT_ENCODING)), ("bytes".into(), String::new()));
    assert_eq!(told(header::CONTENT_TYPE), "text/plain; charset=utf-8");
    assert!(told(header::VARY).contains("accept-encoding"));
    let (tag, arrived) = (told(header::ETAG), told(header::LAST_MODIFIED));
    parts(stage, path, all, &tag).await;
    known(stage, path, &tag, &arrived).await;
    compressed(stage, path, all, &tag).await;
    let head = ask(stage, Method::HEAD, path, &[]).await;
    assert_eq!((head.status(), text(head.headers(), header::ETAG)), (StatusCode::OK, tag.clone()));
    assert_eq!(text(head.headers(), header::CONTENT_LENGTH), all.len().to_string());
    assert!(head.bytes().await.unwrap().is_empty());
    let (status, _, body) = get(stage, &format!("{path}?tail=7"), &[]).await;
    assert_eq!((status, &body[..]), (StatusCode::OK, &all[all.len() - 7..]));
    Told { tag, arrived }
}

async fn parts(stage: &Stage, path: &str, all: &[u8], tag: &str) {
    let size = all.len();
    for (asked, range) in [("bytes=0-99", 0..100), ("bytes=70000-80000", 70_000..80_001), ("bytes=-5", size - 5..size)]
    {
        let headers = [(header::RANGE, asked), (header::IF_RANGE, tag), (header::ACCEPT_ENCODING, "gzip")];
        let (status, headers, body) = get(stage, path, &headers).await;
        assert_eq!(status, StatusCode::PARTIAL_CONTENT, "{asked}");
        assert!(body == all[range.clone()], "{asked}");
        let told = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        assert_eq!(text(&headers, header::CONTENT_RANGE), told);
        assert_eq!(text(&headers, header::CONTENT_LENGTH), range.len().to_string());
    }
    let (status, headers, _) = get(stage, path, &[(header::RANGE, &format!("bytes={size}-"))]).await;
    assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(text(&headers, header::CONTENT_RANGE), format!("bytes */{size}"));
}

async fn known(stage: &Stage, path: &str, tag: &str, arrived: &str) {
    for condition in [(header::IF_NONE_MATCH, tag), (header::IF_MODIFIED_SINCE, arrived)] {
        let (status, headers, body) = get(stage, path, &[condition]).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(text(&headers, header::ETAG), tag);
    }
    let (status, ..) = get(stage, path, &[(header::IF_NONE_MATCH, "\"other\"")]).await;
    assert_eq!(status, StatusCode::OK);
}

async fn compressed(stage: &Stage, path: &str, all: &[u8], tag: &str) {
    let (status, headers, body) = get(stage, path, &[(header::ACCEPT_ENCODING, "br, gzip")]).await;
    assert_eq!((status, text(&headers, header::CONTENT_ENCODING)), (StatusCode::OK, "gzip".into()));
    assert!(body.len() * 2 < all.len(), "{} of {} bytes", body.len(), all.len());
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
    assert!(plain == all);
    let own = text(&headers, header::ETAG);
    assert_ne!(own, tag, "other bytes have another tag");
    let again = [(header::ACCEPT_ENCODING, "gzip"), (header::IF_NONE_MATCH, own.as_str())];
    assert_eq!(get(stage, path, &again).await.0, StatusCode::NOT_MODIFIED);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_with_odd_characters_are_found_again() {
    let stage = Stage::open().await;
    let odd = ["1.0", "a/b:c", "..", "50%41 ä#7?x", "dos\\name", "é".repeat(20).as_str()].map(str::to_owned);
    for name in &odd {
        push(&stage, name, "out", name.as_bytes()).await;
    }
    let folder = format!("/logs/f/{}/l/", today());
    let (status, _, body) = get(&stage, &format!("{folder}index.json"), &[]).await;
    assert_eq!(status, StatusCode::OK, "{body:?}");
    let index: LogIndex = serde_json::from_slice(&body).unwrap();
    let mut names: Vec<String> = index.logs.iter().map(|log| log.name.clone()).collect();
    let mut expected: Vec<String> = odd.iter().map(|name| format!("{name}.out")).collect();
    names.sort();
    expected.sort();
    assert_eq!(names, expected);
    for name in &odd {
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let (status, _, body) = get(&stage, &format!("{folder}{encoded}.out"), &[]).await;
        assert_eq!((status, &body[..]), (StatusCode::OK, name.as_bytes()), "{name}");
    }
    let root = stage.dir.path().join("objects");
    let outside = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    assert_eq!(outside, ["logs"], "no name leads out of its folder");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_listed_a_page_at_a_time() {
    let stage = Stage::open().await;
    for (day, file) in [("2026-01-01", "1.out"), ("2026-01-03", "1.out"), ("2026-01-02", "2.err.gz")] {
        let place = Path::from_iter(["logs", "f", day, "l", file]);
        stage.running.state().objects.put(&place, "x".into()).await.unwrap();
    }
    for id in 0..5 {
        push(&stage, &format!("{id}"), "out", b"text").await;
    }
    let index = async |path: &str| -> LogIndex {
        let (status, _, body) = get(&stage, path, &[]).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body:?}");
        serde_json::from_slice(&body).unwrap()
    };
    assert_eq!(index("/logs/index.json").await.folders, ["f"]);
    let first = index("/logs/f/index.json?limit=2").await;
    assert_eq!((first.folders, first.next.as_deref()), (vec![today(), "2026-01-03".into()], Some("2026-01-03")));
    let rest = index("/logs/f/index.json?limit=2&after=2026-01-03").await;
    assert_eq!((rest.folders, rest.next), (vec!["2026-01-02".into(), "2026-01-01".to_owned()], None));
    assert_eq!(index("/logs/f/2026-01-01/index.json").await.folders, ["l"]);
    let folder = format!("/logs/f/{}/l/index.json?limit=3", today());
    let (mut names, mut at) = (Vec::new(), folder.clone());
    loop {
        let page = index(&at).await;
        assert!(page.logs.len() <= 3 && page.logs.iter().all(|log| (log.bytes, log.stored_bytes) == (4, 4)));
        names.extend(page.logs.into_iter().map(|log| log.name));
        let Some(next) = page.next else { break };
        at = format!("{folder}&after={next}");
    }
    assert_eq!(names, ["0.out", "1.out", "2.out", "3.out", "4.out"]);
    for missing in ["/logs/g/index.json", "/logs/f/2026-01-09/index.json", "/logs/f/2026-01-01/m/index.json"] {
        assert_eq!(get(&stage, missing, &[]).await.0, StatusCode::NOT_FOUND, "{missing}");
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_read_gets_no_log_and_robots_are_told_so() {
    let stage = Stage::open().await;
    let pilot = push(&stage, "1", "log", b"secret").await;
    let paths = [
        format!("/logs/f/{}/l/1.log", today()),
        format!("/logs/f/{}/l/index.json", today()),
        format!("{PREFIX}/pilots/{pilot}/logs/log"),
        "/logs/index.json".to_owned(),
    ];
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for path in &paths {
        assert_eq!(client.get(stage.url(path)).send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(get(&stage, path, &[]).await.0, StatusCode::OK, "{path}");
    }
    let robots = async |stage: &Stage| client.get(stage.url("/robots.txt")).send().await.unwrap().text().await.unwrap();
    assert_eq!(robots(&stage).await, "User-agent: *\nDisallow: /\n");
    let user = stage.client("ann", "", Role::User).await;
    assert_eq!(&user.pilot_log(pilot, "log").await.unwrap()[..], b"secret");
    let stage = stage.restart(|config| config.allow_robots = true).await;
    assert_eq!(robots(&stage).await, "User-agent: *\nDisallow:\n");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_replaced_while_it_is_read_is_one_of_the_two() {
    let stage = Stage::open().await;
    let texts = [vec![b'a'; 300_000], vec![b'b'; 200_000]];
    let pilot = push(&stage, "1", "out", &texts[0]).await;
    let factory = stage.factory.clone();
    let others = texts.clone();
    let writing = tokio::spawn(async move {
        for turn in 0..40 {
            let text = Bytes::from(others[turn % 2].clone());
            factory.put_pilot_log(pilot, "out", text).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let path = format!("/logs/f/{}/l/1.out", today());
    while !writing.is_finished() {
        let (status, _, body) = get(&stage, &path, &[]).await;
        assert_eq!(status, StatusCode::OK);
        assert!(texts.iter().any(|text| body == text[..]), "{} mixed bytes", body.len());
    }
    writing.await.unwrap();
    stage.close().await;
}
