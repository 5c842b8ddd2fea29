//! How long a page that is open waits for what happened.

use super::pages;
use crate::grid;
use crate::instance::Instance;
use anyhow::{Context, Result, bail};
use model::{PilotEvent, PilotId};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use wire::Client;
use wire::api::BatchReport;

/// Pause between two events.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest that one is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The event stream of a page.
pub struct Stream {
    lines: Lines<BufReader<TcpStream>>,
    topic: String,
}

impl Stream {
    /// Listens to a topic, as the script of a page does.
    pub async fn open(server: &Instance, topic: &str) -> Result<Stream> {
        let address = server.url.strip_prefix("http://").context("the server speaks no plain HTTP")?;
        let mut socket = TcpStream::connect(address).await?;
        let request = format!(
            "GET /events?topics={topic} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\r\n",
            server.token()?
        );
        socket.write_all(request.as_bytes()).await?;
        let mut stream = Stream { lines: BufReader::new(socket).lines(), topic: topic.to_owned() };
        stream.wait("event: connected").await?;
        Ok(stream)
    }

    /// Waits until the topic has changed.
    async fn changed(&mut self) -> Result<()> {
        let line = format!("event: {}", self.topic);
        self.wait(&line).await
    }

    async fn wait(&mut self, wanted: &str) -> Result<()> {
        let found = async {
            while let Some(line) = self.lines.next_line().await? {
                if line == wanted {
                    return Ok(());
                }
            }
            bail!("the stream ended before '{wanted}'")
        };
        tokio::time::timeout(PATIENCE, found).await.with_context(|| format!("no '{wanted}' within {PATIENCE:?}"))?
    }
}

/// Seconds from the telling of each event of a pilot until its page, read again when the stream says so, is there.
pub async fn watch(
    client: Client,
    mut stream: Stream,
    factory: String,
    pilot: PilotId,
    stop: Arc<AtomicBool>,
) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    let mut event = PilotEvent::Queue;
    while !stop.load(Ordering::Relaxed) {
        let begin = Instant::now();
        let report = BatchReport { factory: factory.clone(), updates: vec![grid::update(pilot, event)] };
        let (told, changed) = tokio::join!(client.report_batch(&report), stream.changed());
        told?;
        changed?;
        pages::look(&client, &format!("/pilots/{pilot}")).await?;
        times.push(begin.elapsed().as_secs_f64());
        event = if event == PilotEvent::Queue { PilotEvent::Run } else { PilotEvent::Queue };
        tokio::time::sleep(PAUSE).await;
    }
    Ok(times)
}
