//! Requests of the APF monitor's clients, one pilot each: it is created, runs, exits and ends.

use super::LASTS;
use crate::report::{Figure, Target};
use anyhow::{Context, Result, ensure};
use http::Method;
use serde_json::json;
use std::time::Instant;
use wire::Client;
use wire::client::Call;

/// Requests under way at once.
const CALLERS: usize = 48;
/// Factories of other software.
const FACTORIES: usize = 20;
/// What is said of a pilot after it was created.
const WORDS: [&str; 3] = ["state=running", "state=exiting&rc=0", "state=done&rc=0"];

/// Tells for a minute, and counts what was told.
pub async fn measure(client: &Client) -> Result<Figure> {
    let begin = Instant::now();
    let callers: Vec<_> = (0..CALLERS).map(|caller| tokio::spawn(tell(client.clone(), caller, begin))).collect();
    let mut told = 0;
    for caller in callers {
        told += caller.await??;
    }
    let rate = told as f64 / begin.elapsed().as_secs_f64();
    Ok(Figure::of("monitor", "requests of APF monitor clients for a minute, a pilot each", &[rate], "/s")
        .with(Target::AtLeast(3000.0)))
}

async fn tell(client: Client, caller: usize, begin: Instant) -> Result<usize> {
    let factory = format!("reporter-{:02}", caller % FACTORIES);
    let mut told = 0;
    for nth in 0.. {
        let cid = format!("{caller}.{nth}");
        let label = format!("{factory}-{}", nth % 25);
        let created = json!([{ "cid": cid, "factory": factory, "label": label, "nick": "queue-0001" }]);
        let call = Call::outside(Method::PUT, "/api/jobs").bytes(created.to_string());
        let answer = client.send(call).await.context("failed to report a pilot")?;
        ensure!(answer.status == 201, "a new pilot was not created: {}", answer.status);
        told += 1;
        for word in WORDS {
            let call = Call::outside(Method::POST, &format!("/api/jobs/{factory}:{cid}")).bytes(word);
            client.send(call).await.with_context(|| format!("failed to report {word}"))?;
            told += 1;
        }
        if begin.elapsed() >= LASTS {
            break;
        }
    }
    Ok(told)
}
