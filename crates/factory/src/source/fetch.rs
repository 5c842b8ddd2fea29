//! Reading sources: files, directories, URLs, programs, the server's queues. Every answer has a time-out and a bound.

use super::{Document, Documents};
use crate::Server;
use crate::config::{PROGRAM, SourceFormat, SourceSection};
use batch::BatchError;
use batch::programs::output;
use model::Time;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wire::download::{Download, DownloadError, Downloaded, Downloader};
use wire::tls::Trust;

/// The most bytes of one document.
const DOCUMENT_MAX: usize = 256 << 20;
/// The most files of one directory.
const FILES_MAX: usize = 10_000;

/// Why a source could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file or directory.
    #[error("read {}: {source}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// More than we are willing to read.
    #[error("read {place}: {what}")]
    TooMuch {
        /// The file or directory.
        place: String,
        /// What is too much.
        what: String,
    },
    /// A URL.
    #[error(transparent)]
    Url(#[from] DownloadError),
    /// A program.
    #[error(transparent)]
    Program(#[from] BatchError),
    /// The server's queues.
    #[error("ask the server for its queues: {0}")]
    Server(#[from] wire::Error),
    /// It took too long.
    #[error("read {place} within {limit_s} s")]
    TimeOut {
        /// The source.
        place: String,
        /// The limit.
        limit_s: f64,
    },
    /// Reading broke off.
    #[error("read {place}: the task broke off")]
    Broken {
        /// The place.
        place: String,
    },
}

/// Reads sources.
#[derive(Clone)]
pub struct Fetcher {
    server: Option<Arc<dyn Server>>,
}

impl Fetcher {
    /// With the server whose queues can be a source.
    pub fn new(server: Option<Arc<dyn Server>>) -> Fetcher {
        Fetcher { server }
    }

    /// All documents of a source at this time. What a URL's server calls unchanged is taken from the copy.
    pub async fn fetch(
        &self,
        section: &SourceSection,
        kept: Option<&Documents>,
        now: Time,
    ) -> Result<Documents, SourceError> {
        let documents = match section.format {
            SourceFormat::Server => vec![self.queues(section).await?],
            _ => read_all(section, kept).await?,
        };
        Ok(Documents { at: now, documents })
    }

    async fn queues(&self, section: &SourceSection) -> Result<Document, SourceError> {
        let late = || SourceError::TimeOut { place: "the server's queues".to_owned(), limit_s: section.timeout_s };
        let Some(server) = &self.server else {
            let reason = "there is no connection to a server here".to_owned();
            return Err(SourceError::Server(wire::Error::Setup { reason }));
        };
        let queues = tokio::time::timeout(section.timeout(), server.queues()).await.map_err(|_| late())??;
        let body = serde_json::to_string(&queues).unwrap_or_default();
        Ok(Document { from: "the server".to_owned(), etag: None, body })
    }
}

async fn read_all(section: &SourceSection, kept: Option<&Documents>) -> Result<Vec<Document>, SourceError> {
    let known: BTreeMap<&str, &Document> =
        kept.iter().flat_map(|kept| &kept.documents).map(|document| (document.from.as_str(), document)).collect();
    let mut documents = Vec::new();
    for place in &section.from {
        if place.starts_with("http://") || place.starts_with("https://") {
            documents.push(download(section, place, known.get(place.as_str()).copied()).await?);
        } else if let Some(program) = place.strip_prefix(PROGRAM) {
            let body = output(program, section.timeout()).await?;
            documents.push(Document { from: place.clone(), etag: None, body });
        } else {
            documents.extend(read_place(section, place).await?);
        }
    }
    Ok(documents)
}

async fn download(section: &SourceSection, url: &str, kept: Option<&Document>) -> Result<Document, SourceError> {
    let trust = if section.authorities.as_os_str().is_empty() {
        Trust::System
    } else {
        Trust::Authorities(read_file(section.authorities.clone())?)
    };
    let etag = kept.and_then(|kept| kept.etag.clone());
    let call = Download { url: url.to_owned(), etag, timeout: section.timeout(), bytes_max: DOCUMENT_MAX };
    match (Downloader::new(url, &trust)?.download(&call).await?, kept) {
        (Downloaded::Unchanged, Some(kept)) => Ok(kept.clone()),
        (Downloaded::Unchanged, None) => Ok(Document { from: url.to_owned(), etag: None, body: String::new() }),
        (Downloaded::New { body, etag }, _) => Ok(Document { from: url.to_owned(), etag, body }),
    }
}

/// A network file system may hang: the thread then stays behind, the factory does not.
async fn read_place(section: &SourceSection, place: &str) -> Result<Vec<Document>, SourceError> {
    let path = PathBuf::from(place.strip_prefix("file://").unwrap_or(place));
    let ending = match section.format {
        SourceFormat::Toml => "toml",
        SourceFormat::AutoPyFactory => "conf",
        _ => "json",
    };
    let reading = tokio::task::spawn_blocking(move || read_path(&path, ending));
    match tokio::time::timeout(section.timeout(), reading).await {
        Ok(Ok(documents)) => documents,
        Ok(Err(_)) => Err(SourceError::Broken { place: place.to_owned() }),
        Err(_) => Err(SourceError::TimeOut { place: place.to_owned(), limit_s: section.timeout_s }),
    }
}

fn read_path(path: &Path, ending: &str) -> Result<Vec<Document>, SourceError> {
    let files = if path.is_dir() { files_of(path, ending)? } else { vec![path.to_owned()] };
    let read = |file: PathBuf| {
        let from = file.display().to_string();
        Ok(Document { from, etag: None, body: read_file(file)? })
    };
    files.into_iter().map(read).collect()
}

fn files_of(dir: &Path, ending: &str) -> Result<Vec<PathBuf>, SourceError> {
    let failed = |source| SourceError::File { path: dir.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == ending) && path.is_file() {
            files.push(path);
        }
    }
    if files.len() > FILES_MAX {
        let what = format!("it has {} files, more than {FILES_MAX}", files.len());
        return Err(SourceError::TooMuch { place: dir.display().to_string(), what });
    }
    files.sort();
    Ok(files)
}

fn read_file(path: PathBuf) -> Result<String, SourceError> {
    use std::io::Read;
    let failed = |source| SourceError::File { path: path.clone(), source };
    // A named pipe would hold up the thread for ever.
    if !std::fs::metadata(&path).map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::other("it is neither a file nor a directory")));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&path).map_err(failed)?;
    file.take(DOCUMENT_MAX as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > DOCUMENT_MAX {
        let what = format!("it has more than {DOCUMENT_MAX} bytes");
        return Err(SourceError::TooMuch { place: path.display().to_string(), what });
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
