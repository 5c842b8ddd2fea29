//! Documents of other servers, such as the queues of an information system: GET with ETag, a time-out and a bound.

use crate::client::http_client;
use crate::tls::Trust;
use crate::{Error, client::reason};
use http::StatusCode;
use http::header::{ETAG, IF_NONE_MATCH};
use std::time::Duration;

/// Fetches documents from one place.
pub struct Downloader {
    client: reqwest::Client,
}

/// What to fetch.
#[derive(Clone, Debug)]
pub struct Download {
    /// `http://` or `https://`.
    pub url: String,
    /// The version that is known already.
    pub etag: Option<String>,
    /// Longest time for the whole answer.
    pub timeout: Duration,
    /// Most bytes of the answer.
    pub bytes_max: usize,
}

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Downloaded {
    /// The version that is known already.
    Unchanged,
    /// Another one.
    New {
        /// Its text; bytes that are no UTF-8 are replaced.
        body: String,
        /// What the server calls it.
        etag: Option<String>,
    },
}

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("fetch {url}: {reason}")]
pub struct DownloadError {
    /// Where from.
    pub url: String,
    /// What went wrong.
    pub reason: String,
}

impl Downloader {
    /// For this URL. Proxies are taken from the environment, never for loopback addresses; redirections are not followed.
    pub fn new(url: &str, trust: &Trust) -> Result<Downloader, DownloadError> {
        let failed = |error: Error| DownloadError { url: url.to_owned(), reason: error.to_string() };
        Ok(Downloader { client: http_client(url, trust).map_err(failed)? })
    }

    /// Fetches a document, unless it is the known version.
    pub async fn download(&self, call: &Download) -> Result<Downloaded, DownloadError> {
        let failed = |reason: String| DownloadError { url: call.url.clone(), reason };
        let mut request = self.client.get(&call.url).timeout(call.timeout);
        if let Some(etag) = &call.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let mut response = request.send().await.map_err(|error| failed(reason(&error)))?;
        if call.etag.is_some() && response.status() == StatusCode::NOT_MODIFIED {
            return Ok(Downloaded::Unchanged);
        }
        if response.status() != StatusCode::OK {
            return Err(failed(format!("the server answered {}", response.status())));
        }
        let etag = response.headers().get(ETAG).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(reason(&error)))? {
            if body.len() + chunk.len() > call.bytes_max {
                return Err(failed(format!("the answer has more than {} bytes", call.bytes_max)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Downloaded::New { body: String::from_utf8_lossy(&body).into_owned(), etag })
    }
}
