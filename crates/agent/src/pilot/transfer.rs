//! Files over HTTP, from and to servers that are not ours.

use futures_util::StreamExt;
use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use wire::upload::{STALLED, UploadError, send_file};

/// How often a transfer is tried.
const TRIES: u32 = 3;

/// A transfer that did not work.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// Why.
    pub(super) words: String,
    /// Whether another try may help.
    pub(super) again: bool,
}

impl Trouble {
    /// Trying again does not help.
    pub(super) fn lasting(words: impl Into<String>) -> Trouble {
        Trouble { words: words.into(), again: false }
    }

    fn passing(words: String) -> Trouble {
        Trouble { words, again: true }
    }
}

impl From<wire::Error> for Trouble {
    fn from(error: wire::Error) -> Trouble {
        Trouble { again: error.is_temporary() || error.is_foreign(), words: error.to_string() }
    }
}

/// Brings what is at `url` into the file at `path`; ends early when it is cancelled.
pub(super) async fn fetch(url: &str, path: &Path, cancel: &CancellationToken) -> Result<(), Trouble> {
    let client = http()?;
    repeat(|| fetch_once(client, url, path, cancel, STALLED)).await
}

/// Brings the file at `path` to `url`.
pub(super) async fn put(url: &str, path: &Path) -> Result<(), Trouble> {
    let client = http()?;
    repeat(|| put_once(client, url, path, STALLED)).await
}

async fn repeat<F>(transfer: impl Fn() -> F) -> Result<(), Trouble>
where
    F: Future<Output = Result<(), Trouble>>,
{
    for tries in 1..TRIES {
        match transfer().await {
            Err(Trouble { again: true, .. }) => tokio::time::sleep(Duration::from_secs(tries.into())).await,
            other => return other,
        }
    }
    transfer().await.map_err(|trouble| Trouble::lasting(trouble.words))
}

fn http() -> Result<&'static reqwest::Client, Trouble> {
    static CLIENT: OnceLock<Result<reqwest::Client, reqwest::Error>> = OnceLock::new();
    let client = CLIENT.get_or_init(|| {
        // A failure means that the same provider is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A time-out of the client for reading would also count while a body is sent.
        let builder = || reqwest::Client::builder().connect_timeout(Duration::from_secs(10));
        // Plain HTTP works on nodes without any certificates, too.
        builder().build().or_else(|_| builder().tls_certs_only([]).build())
    });
    client.as_ref().map_err(|error| Trouble::lasting(format!("HTTP cannot be used on this node: {error}")))
}

/// Everything that touches the file is waited for, so that nothing writes to it any more once this has ended.
async fn fetch_once(
    client: &reqwest::Client,
    url: &str,
    path: &Path,
    cancel: &CancellationToken,
    still_max: Duration,
) -> Result<(), Trouble> {
    let answer =
        until(cancel, url, still_max, client.get(url).send()).await?.map_err(|error| broke_off(url, &error))?;
    check_status(url, answer.status())?;
    let mut file = tokio::fs::File::create(path).await.map_err(|error| on_disk(path, &error))?;
    let mut parts = answer.bytes_stream();
    while let Some(part) = until(cancel, url, still_max, parts.next()).await? {
        let part = part.map_err(|error| broke_off(url, &error))?;
        file.write_all(&part).await.map_err(|error| on_disk(path, &error))?;
    }
    file.flush().await.map_err(|error| on_disk(path, &error))
}

async fn until<T>(
    cancel: &CancellationToken,
    url: &str,
    still_max: Duration,
    step: impl Future<Output = T>,
) -> Result<T, Trouble> {
    tokio::select! {
        () = cancel.cancelled() => Err(Trouble::lasting("is not wanted any more")),
        done = timeout(still_max, step) => done.map_err(|_| stalled(url, still_max)),
    }
}

async fn put_once(client: &reqwest::Client, url: &str, path: &Path, still_max: Duration) -> Result<(), Trouble> {
    match send_file(client.put(url), path, still_max).await {
        Ok(answer) => check_status(url, answer.status()),
        Err(UploadError::File(error)) => Err(on_disk(path, &error)),
        Err(UploadError::Stalled(_)) => Err(stalled(url, still_max)),
        Err(UploadError::Request(error)) => Err(broke_off(url, &error)),
    }
}

fn broke_off(url: &str, error: &reqwest::Error) -> Trouble {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Trouble::passing(format!("{url}: {cause}"))
}

fn stalled(url: &str, still_max: Duration) -> Trouble {
    Trouble::passing(format!("{url}: nothing moved for {} s", still_max.as_secs_f64()))
}

fn on_disk(path: &Path, error: &io::Error) -> Trouble {
    Trouble::lasting(format!("{}: {error}", path.display()))
}

fn check_status(url: &str, status: reqwest::StatusCode) -> Result<(), Trouble> {
    match status.is_success() {
        true => Ok(()),
        false => Err(Trouble { words: format!("{url} answered {status}"), again: status.is_server_error() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;

    /// A server of one call that takes at most `pieces` of the body, one every `pause`, answers if that was all, and
    /// hangs up when the other value is dropped.
    fn slow_server(pieces: usize, pause: Duration) -> (String, mpsc::Sender<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/out", listener.local_addr().unwrap());
        let (held, hold) = mpsc::channel();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut got, mut buffer) = (0, vec![0; LARGE / 10]);
            for _ in 0..pieces {
                std::thread::sleep(pause);
                got += stream.read(&mut buffer).unwrap();
                if got > LARGE {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
                    break;
                }
            }
            let _ = hold.recv();
        });
        (url, held)
    }

    fn large_file() -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&vec![7; LARGE]).unwrap();
        file
    }

    /// More than the kernel keeps for a connection that nobody reads from.
    const LARGE: usize = 64 << 20;

    #[tokio::test]
    async fn a_slow_upload_may_last_longer_than_it_may_stand_still() {
        let (still_max, file) = (Duration::from_millis(1500), large_file());
        let (url, _held) = slow_server(100, still_max / 10);
        let begin = std::time::Instant::now();
        assert_eq!(put_once(http().unwrap(), &url, file.path(), still_max).await, Ok(()));
        assert!(begin.elapsed() > still_max, "too quick to show anything");
    }

    #[tokio::test]
    async fn an_upload_that_stands_still_is_given_up() {
        let (still_max, file) = (Duration::from_millis(300), large_file());
        let (url, _held) = slow_server(1, Duration::ZERO);
        let trouble = put_once(http().unwrap(), &url, file.path(), still_max).await.unwrap_err();
        assert!(trouble.again && trouble.words.ends_with("nothing moved for 0.3 s"), "{trouble:?}");
    }

    #[tokio::test]
    async fn a_cancelled_download_ends_at_once() {
        let (cancel, dir) = (CancellationToken::new(), tempfile::tempdir().unwrap());
        let (url, _held) = slow_server(1, Duration::ZERO);
        let client = http().unwrap();
        let path = dir.path().join("file");
        let download = fetch_once(client, &url, &path, &cancel, STALLED);
        let (ended, ()) = tokio::join!(download, async { cancel.cancel() });
        assert!(!ended.unwrap_err().again);
    }
}
