//! How long each page takes to its first byte, and how large it is.

use crate::report::{Figure, Target, percentile};
use anyhow::{Context, Result};
use http::header::ACCEPT_ENCODING;
use model::PilotState;
use std::time::{Duration, Instant};
use wire::Client;
use wire::api::PilotQuery;
use wire::client::Call;

/// Times that each page is looked at.
const LOOKS: usize = 100;
/// How long nobody looks before the first looks: the server has begun to read ahead by then.
const PAUSE: Duration = Duration::from_secs(30);

/// The pages; `PILOT` is a pilot, `FROM` and `UNTIL` are four hours of yesterday.
const PAGES: [&str; 34] = [
    "/",
    "/queues",
    "/queues/queue-0001",
    "/queues/queue-0001?range=30d&before=week&with=queue-0002",
    "/sites",
    "/sites/site-001",
    "/sites/site-001?from=FROM&until=UNTIL",
    "/regions",
    "/regions/region-01",
    "/tags",
    "/pilots",
    "/pilots?state=fault",
    "/pilots?queue=queue-0001",
    "/pilots/PILOT",
    "/factories",
    "/factories/factory-001",
    "/factories/factory-001/labels/label-0025",
    "/factories/factory-001/labels/label-0025?range=1y&before=period&with=label-0026",
    "/factories/factory-001/labels/label-0025?from=FROM&until=UNTIL&before=day",
    "/decisions",
    "/errors",
    "/errors?hours=720",
    "/nodes",
    "/efficiency",
    "/efficiency?by=label&hours=720",
    "/efficiency?site=site-001",
    "/alarms",
    "/red",
    "/orders",
    "/commands",
    "/admin",
    "/jobs",
    "/help",
    "/logs/",
];

/// Every page: the time of the slowest hundredth of its looks, and its size as it is sent.
pub async fn measure(client: &Client) -> Result<Vec<Figure>> {
    let fault = PilotQuery { state: Some(PilotState::Fault), limit: Some(1), ..PilotQuery::default() };
    let pilot = client.pilots(&fault).await?.pilots.first().context("there is no pilot")?.id;
    let now = jiff::Timestamp::now();
    let hours_ago = |hours: i64| format!("{:.0}", now - jiff::SignedDuration::from_hours(hours)).replace(':', "%3A");
    let address = |page: &str| {
        let path = page.replace("PILOT", &pilot.to_string());
        path.replace("FROM", &hours_ago(24)).replace("UNTIL", &hours_ago(20))
    };
    let mut figures = vec![first_looks(client, address).await?];
    let mut largest = 0.0_f64;
    for page in PAGES {
        let path = address(page);
        let mut times = Vec::new();
        for _ in 0..LOOKS {
            let (time, size) = look(client, &path).await?;
            times.push(time);
            largest = largest.max(size as f64 / 1e3);
        }
        times.sort_by(f64::total_cmp);
        let slow = percentile(&times, 99.0);
        figures.push(
            Figure {
                median: slow,
                ..Figure::of("monitor", format!("page {page}, 99 of {LOOKS} within"), &times, "ms")
            }
            .with(Target::AtMost(50.0)),
        );
    }
    figures.push(Figure::of("monitor", "largest page as it is sent", &[largest], "kB").with(Target::AtMost(150.0)));
    Ok(figures)
}

/// A look at each page after nobody looked for a while; the middle one is shown, and the slowest.
async fn first_looks(client: &Client, address: impl Fn(&str) -> String) -> Result<Figure> {
    tokio::time::sleep(PAUSE).await;
    let mut times = Vec::new();
    for page in PAGES {
        let (time, _) = look(client, &address(page)).await?;
        eprintln!("  first look at {page}: {time:.1} ms");
        times.push(time);
    }
    Ok(Figure::of("monitor", format!("first looks at {} pages, nobody looked before", PAGES.len()), &times, "ms"))
}

/// Milliseconds until a page is there, and the bytes that were sent.
pub async fn look(client: &Client, path: &str) -> Result<(f64, usize)> {
    let begin = Instant::now();
    let call = Call::get_outside(path).header(ACCEPT_ENCODING, "gzip");
    let answer = client.send(call).await.with_context(|| format!("failed to get {path}"))?;
    Ok((begin.elapsed().as_secs_f64() * 1e3, answer.body.len()))
}
