//! A web server with one document, which it sends only to those who do not know it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

#[derive(Default)]
struct Content {
    document: Mutex<(String, String)>,
    hangs: Mutex<bool>,
    asked: AtomicUsize,
    sent: AtomicUsize,
}

pub struct Web {
    pub url: String,
    content: Arc<Content>,
    _tasks: JoinSet<()>,
}

impl Web {
    pub async fn start() -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/labels", listener.local_addr().unwrap());
        let content = Arc::new(Content::default());
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&content);
        tasks.spawn(async move {
            let mut answers = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                answers.spawn(answer(stream, Arc::clone(&shared)));
            }
        });
        Web { url, content, _tasks: tasks }
    }

    pub fn serve(&self, document: &str, etag: &str) {
        *self.content.document.lock().unwrap() = (document.to_owned(), format!("\"{etag}\""));
    }

    /// From now on it takes requests and never answers.
    pub fn hang(&self) {
        *self.content.hangs.lock().unwrap() = true;
    }

    pub fn asked(&self) -> usize {
        self.content.asked.load(Ordering::SeqCst)
    }

    pub fn sent(&self) -> usize {
        self.content.sent.load(Ordering::SeqCst)
    }
}

async fn answer(mut stream: TcpStream, content: Arc<Content>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await.unwrap_or(0) == 0 {
            return;
        }
        request.push(byte[0]);
    }
    if *content.hangs.lock().unwrap() {
        return std::future::pending().await;
    }
    let (document, etag) = content.document.lock().unwrap().clone();
    content.asked.fetch_add(1, Ordering::SeqCst);
    let knows_it = String::from_utf8_lossy(&request).contains(&etag);
    let answer = if knows_it {
        "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_owned()
    } else {
        content.sent.fetch_add(1, Ordering::SeqCst);
        let length = document.len();
        format!("HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{document}")
    };
    let _ = stream.write_all(answer.as_bytes()).await;
}
