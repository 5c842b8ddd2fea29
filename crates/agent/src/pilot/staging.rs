//! Brings inputs into a scratch directory and takes outputs out of it.

use super::session::Session;
use crate::runner::url_file_name;
use futures_util::StreamExt;
use model::JobSpec;
use model::job::FileTransfer;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use wire::api::LeasedJob;

/// How long a transfer may stand still.
const STALLED: Duration = Duration::from_secs(60);
/// How often a transfer over the network is tried.
const TRIES: u32 = 3;
/// The most bytes of an output that the server keeps.
const KEPT_OUTPUT_MAX: u64 = 1 << 30;

/// Whether a job needs its slot for itself before and after it runs.
pub(super) fn is_staged(spec: &JobSpec) -> bool {
    let fetched = spec.script.is_none() && url_file_name(&spec.transformation).is_some();
    fetched || !spec.inputs.is_empty() || !spec.outputs.is_empty()
}

/// Brings the transformation, if it is a URL, and all inputs. The error names the file.
pub(super) async fn stage_in(spec: &JobSpec, dir: &Path) -> Result<(), String> {
    if let Some(name) = url_file_name(&spec.transformation).filter(|_| spec.script.is_none()) {
        let path = dir.join(name);
        fetch(&spec.transformation, &path).await?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).map_err(|error| error.to_string())?;
    }
    for input in &spec.inputs {
        let path = dir.join(&input.name);
        make_parents(&path).map_err(|error| format!("input '{}': {error}", input.name))?;
        let brought = match input.url.starts_with('/') {
            true => copy(PathBuf::from(&input.url), path).await,
            false => fetch(&input.url, &path).await,
        };
        brought.map_err(|error| format!("input '{}': {error}", input.name))?;
    }
    Ok(())
}

/// Takes all outputs away. The error names the file.
pub(super) async fn stage_out(session: &Session, job: &LeasedJob, spec: &JobSpec, dir: &Path) -> Result<(), String> {
    for output in &spec.outputs {
        take_out(session, job, output, dir).await.map_err(|error| format!("output '{}': {error}", output.name))?;
    }
    Ok(())
}

async fn take_out(session: &Session, job: &LeasedJob, output: &FileTransfer, dir: &Path) -> Result<(), String> {
    let path = dir.join(&output.name);
    match fs::metadata(&path) {
        Ok(seen) if seen.is_file() => {}
        Ok(_) => return Err("is not a file".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err("was not made by the job".to_owned()),
        Err(error) => return Err(error.to_string()),
    }
    if output.url.is_empty() {
        return keep_on_server(session, job, output, &path).await;
    }
    if output.url.starts_with('/') {
        return copy(path, PathBuf::from(&output.url)).await;
    }
    put(&output.url, &path).await
}

async fn keep_on_server(session: &Session, job: &LeasedJob, output: &FileTransfer, path: &Path) -> Result<(), String> {
    let bytes = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if bytes > KEPT_OUTPUT_MAX {
        return Err(format!("has {bytes} bytes, the server keeps at most {KEPT_OUTPUT_MAX}; give it a URL"));
    }
    let content = tokio::fs::read(path).await.map_err(|error| error.to_string())?;
    let content = bytes::Bytes::from(content);
    let mut back_off = super::session::BackOff::new();
    loop {
        match session.upload_client().put_output(job, &output.name, content.clone()).await {
            Err(error) if error.is_temporary() => tokio::time::sleep(back_off.next()).await,
            other => return other.map_err(|error| error.to_string()),
        }
    }
}

fn make_parents(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// Copies a file so that nobody ever sees half of it.
async fn copy(from: PathBuf, to: PathBuf) -> Result<(), String> {
    let copied = tokio::task::spawn_blocking(move || {
        let partial = partial_name(&to);
        let words = |error: io::Error| format!("{} to {}: {error}", from.display(), to.display());
        make_parents(&to).and_then(|()| fs::copy(&from, &partial)).map_err(words)?;
        fs::rename(&partial, &to).map_err(|error| {
            let _ = fs::remove_file(&partial);
            words(error)
        })
    });
    copied.await.map_err(|error| error.to_string())?
}

fn partial_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

fn http() -> Result<&'static reqwest::Client, String> {
    static CLIENT: OnceLock<Result<reqwest::Client, reqwest::Error>> = OnceLock::new();
    let client = CLIENT.get_or_init(|| {
        // A failure means that the same provider is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Plain HTTP works on nodes without any certificates, too.
        client_builder().build().or_else(|_| client_builder().tls_certs_only([]).build())
    });
    client.as_ref().map_err(|error| format!("HTTP cannot be used on this node: {error}"))
}

fn client_builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder().connect_timeout(Duration::from_secs(10)).read_timeout(STALLED)
}

/// A transfer that did not work, and whether another try may help.
struct Failed {
    words: String,
    again: bool,
}

fn broke_off(url: &str, error: &reqwest::Error) -> Failed {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Failed { words: format!("{url}: {cause}"), again: true }
}

fn on_disk(path: &Path, error: &io::Error) -> Failed {
    Failed { words: format!("{}: {error}", path.display()), again: false }
}

fn check_status(url: &str, status: reqwest::StatusCode) -> Result<(), Failed> {
    match status.is_success() {
        true => Ok(()),
        false => Err(Failed { words: format!("{url} answered {status}"), again: status.is_server_error() }),
    }
}

async fn fetch(url: &str, path: &Path) -> Result<(), String> {
    let client = http()?;
    let mut tries = 1;
    loop {
        match fetch_once(client, url, path).await {
            Err(failed) if failed.again && tries < TRIES => tokio::time::sleep(Duration::from_secs(tries.into())).await,
            other => return other.map_err(|failed| failed.words),
        }
        tries += 1;
    }
}

async fn fetch_once(client: &reqwest::Client, url: &str, path: &Path) -> Result<(), Failed> {
    let answer = client.get(url).send().await.map_err(|error| broke_off(url, &error))?;
    check_status(url, answer.status())?;
    let mut file = tokio::fs::File::create(path).await.map_err(|error| on_disk(path, &error))?;
    let mut parts = answer.bytes_stream();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|error| broke_off(url, &error))?;
        file.write_all(&part).await.map_err(|error| on_disk(path, &error))?;
    }
    file.flush().await.map_err(|error| on_disk(path, &error))
}

async fn put(url: &str, path: &Path) -> Result<(), String> {
    let client = http()?;
    let mut tries = 1;
    loop {
        match put_once(client, url, path).await {
            Err(failed) if failed.again && tries < TRIES => tokio::time::sleep(Duration::from_secs(tries.into())).await,
            other => return other.map_err(|failed| failed.words),
        }
        tries += 1;
    }
}

async fn put_once(client: &reqwest::Client, url: &str, path: &Path) -> Result<(), Failed> {
    let file = tokio::fs::File::open(path).await.map_err(|error| on_disk(path, &error))?;
    let bytes = file.metadata().await.map_err(|error| on_disk(path, &error))?.len();
    let body = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::new(file));
    let request = client.put(url).header(reqwest::header::CONTENT_LENGTH, bytes).body(body);
    let answer = request.send().await.map_err(|error| broke_off(url, &error))?;
    check_status(url, answer.status())
}
