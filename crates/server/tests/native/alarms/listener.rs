//! A real HTTP listener that remembers what it was told.

use super::DEADLINE;
use axum::Router;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// One call.
pub struct Told {
    pub authorization: String,
    pub key: String,
    pub body: Value,
}

/// The listener; it ends when dropped.
pub struct Listener {
    url: String,
    told: Mutex<UnboundedReceiver<Told>>,
    mind: Arc<Mind>,
    task: tokio::task::JoinHandle<()>,
}

struct Mind {
    told: UnboundedSender<Told>,
    refuses: AtomicBool,
    accepted: AtomicUsize,
}

impl Listener {
    pub async fn start() -> Listener {
        let (sender, told) = unbounded_channel();
        let mind = Arc::new(Mind { told: sender, refuses: AtomicBool::default(), accepted: AtomicUsize::default() });
        let router = Router::new().fallback(take).with_state(Arc::clone(&mind));
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
        Listener { url, told: Mutex::new(told), mind, task }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Answers 503 from now on, or does not.
    pub fn refuse(&self, refuses: bool) {
        self.mind.refuses.store(refuses, Ordering::Relaxed);
    }

    /// Calls that were not refused.
    pub fn accepted(&self) -> usize {
        self.mind.accepted.load(Ordering::Relaxed)
    }

    /// The next call, refused or not.
    pub async fn next(&self) -> Told {
        let mut told = self.told.lock().await;
        tokio::time::timeout(DEADLINE, told.recv()).await.expect("a call in time").unwrap()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(mind): State<Arc<Mind>>, headers: HeaderMap, body: String) -> StatusCode {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let (authorization, key) = (header("authorization"), header(wire::webhook::REPETITION_KEY));
    mind.told.send(Told { authorization, key, body: serde_json::from_str(&body).unwrap() }).unwrap();
    if mind.refuses.load(Ordering::Relaxed) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    mind.accepted.fetch_add(1, Ordering::Relaxed);
    StatusCode::NO_CONTENT
}
