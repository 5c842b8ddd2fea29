//! A server that speaks APFmon's language, in a temporary directory.

use model::{PilotState, PilotSummary};
use server::apfmon::Apfmon;
use server::{Config, Running, Server};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::PilotFilter;
use tempfile::TempDir;

/// The longest time that anything may take.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A running server.
pub struct Stage {
    pub running: Running,
    pub http: reqwest::Client,
    _dir: TempDir,
}

impl Stage {
    pub async fn open() -> Stage {
        Stage::with(|_| {}, |_| {}).await
    }

    /// A server whose configuration was changed.
    pub async fn with(apfmon: impl FnOnce(&mut Apfmon), change: impl FnOnce(&mut Config)) -> Stage {
        // Fails when another test of this process did it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = TempDir::new().unwrap();
        let mut face = Apfmon::default();
        apfmon(&mut face);
        let mut config = Config {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            apfmon: Some(Arc::new(face)),
            ..Config::in_dir(dir.path())
        };
        change(&mut config);
        let running = Server::start(config).await.unwrap();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Stage { running, http, _dir: dir }
    }

    pub async fn close(self) {
        self.running.shutdown().await;
    }

    /// Sends a body as it is, without a content type unless one is given; gives status and text.
    pub async fn send(&self, method: &str, path: &str, content_type: Option<&str>, body: &str) -> (u16, String) {
        let url = format!("{}{path}", self.running.url());
        let mut request = self.http.request(method.parse().unwrap(), url).body(body.to_owned());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub async fn put(&self, path: &str, body: &str) -> u16 {
        self.send("PUT", path, None, body).await.0
    }

    pub async fn post(&self, path: &str, body: &str) -> u16 {
        self.send("POST", path, Some("application/x-www-form-urlencoded"), body).await.0
    }

    pub async fn get(&self, path: &str) -> (u16, String) {
        self.send("GET", path, None, "").await
    }

    pub async fn json(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.get(path).await.1).unwrap()
    }

    /// All pilots, the oldest first.
    pub async fn pilots(&self) -> Vec<PilotSummary> {
        let page = self.running.state().store.pilots(PilotFilter::default(), None, 1000).await.unwrap();
        page.rows.into_iter().rev().collect()
    }

    /// Batch id and state of all pilots, the oldest first.
    pub async fn states(&self) -> Vec<(String, PilotState)> {
        self.pilots().await.into_iter().map(|pilot| (pilot.batch_id, pilot.state)).collect()
    }

    pub async fn state_of(&self, batch_id: &str) -> Option<PilotState> {
        self.states().await.into_iter().find(|(id, _)| id == batch_id).map(|(_, state)| state)
    }

    /// Waits until the pilot is in the state.
    pub async fn until(&self, batch_id: &str, state: PilotState) {
        let began = Instant::now();
        while self.state_of(batch_id).await != Some(state) {
            assert!(began.elapsed() < DEADLINE, "{batch_id} is {:?}, not {state}", self.state_of(batch_id).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
