//! Looking for a line in a pilot's log, on its page and for programs.

use crate::world::World;
use bytes::Bytes;
use model::PilotId;
use reqwest::StatusCode;
use serde_json::Value;
use std::time::{Duration, Instant};

/// A log of about 40 MiB takes no longer, in a debug build on a busy machine.
const ANSWER_MAX: Duration = Duration::from_secs(6);

async fn with_log(text: impl Into<Bytes>) -> World {
    let (world, pilot) = World::filled().await;
    assert_eq!(pilot.id, PilotId(1));
    world.factory.put_pilot_log(pilot.id, "out", text.into()).await.unwrap();
    world
}

async fn lines(world: &World, query: &str) -> Value {
    let answer = world.get(&format!("/pilotage/v1/pilots/1/logs/out/lines{query}")).await;
    assert_eq!(answer.status(), StatusCode::OK, "{query}");
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_line_is_found_and_has_an_address() {
    let mut log: Vec<String> = (1..=1000).map(|line| format!("line {line}")).collect();
    log[499] = "cvmfs <i>lost</i>: \u{1b}[31mNot Mounted\u{1b}[0m".into();
    let world = with_log(log.join("\n")).await;
    let html = world.page("/pilots/1?log=out&find=not+mounted").await;
    assert!(html.contains("1 line of 1\u{202f}000 holds “not mounted”."), "{html}");
    assert!(html.contains("cvmfs &#60;i&#62;lost&#60;/i&#62;: Not Mounted") && !html.contains("<i>lost"), "{html}");
    let address = "/pilots/1?log=out&amp;line=500#log-out";
    let escaped = address.replace("&amp;", "&#38;");
    assert!(html.contains(address) || html.contains(&escaped), "{html}");
    let html = world.page("/pilots/1?log=out&line=500").await;
    assert!(html.contains("Lines 490 to 689.") && html.contains("line 499<") && !html.contains("line 489<"), "{html}");
    assert_eq!(html.matches("aria-current=\"true\"><a").count(), 1);
    assert!(world.page("/pilots/1?log=err&find=x").await.contains("Find in this log"), "other logs stay as they are");
    let none = world.page("/pilots/1?log=out&find=%3Cb%3E").await;
    assert!(none.contains("No line of 1\u{202f}000 holds “&#60;b&#62;”."), "{none}");
    let wrong = world.get("/pilots/1?logs=out").await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    let live = world.fragment("/pilots/1?log=out&find=not+mounted").await;
    assert!(live.contains(r#"id="log-out" data-keep"#), "a live update leaves what was found");
    world.server.shutdown().await;
}

#[tokio::test]
async fn programs_get_lines_within_bounds() {
    let world = with_log("error 1\nfine\nERROR 2\n").await;
    let found = lines(&world, "?find=error").await;
    assert_eq!((&found["found"], &found["read"], &found["complete"]), (&2.into(), &3.into(), &true.into()));
    assert_eq!(found["lines"][1], serde_json::json!({ "number": 3, "text": "ERROR 2" }));
    assert_eq!(lines(&world, "?line=2").await["lines"][0]["text"], "fine");
    let long = "x".repeat(201);
    let path = "/pilotage/v1/pilots/1/logs";
    for (wrong, status) in [
        (format!("{path}/out/lines?find={long}"), StatusCode::UNPROCESSABLE_ENTITY),
        (format!("{path}/out/lines?grep=x"), StatusCode::BAD_REQUEST),
        (format!("{path}/all/lines"), StatusCode::NOT_FOUND),
        (format!("{path}/err/lines"), StatusCode::NOT_FOUND),
        ("/pilotage/v1/pilots/99/logs/out/lines".to_owned(), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(world.get(&wrong).await.status(), status, "{wrong}");
    }
    world.server.shutdown().await;
}

#[tokio::test]
async fn a_long_log_is_looked_through_within_its_time() {
    let world = with_log("all is well on this node, and nothing of note happens\n".repeat(750_000)).await;
    let began = Instant::now();
    let found = lines(&world, "?find=trouble").await;
    assert!(began.elapsed() < ANSWER_MAX, "it took {:?}", began.elapsed());
    let read = found["read"].as_u64().unwrap();
    assert!(found["complete"] == true && read == 750_000 || found["complete"] == false && read > 0, "{found}");
    assert_eq!(lines(&world, "?find=NODE").await["lines"].as_array().unwrap().len(), 200);
    world.server.shutdown().await;
}
