//! The REST interface of an APF monitor, in the forms that AutoPyFactory and its wrappers send.

use crate::client::{http_client, reason};
use crate::tls::Trust;
use http::Method;
use http::header::CONTENT_TYPE;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The most bytes of an answer; a list of 10,000 labels has about 4 MiB.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// The most characters of a refusal that are told.
const EXCERPT_MAX: usize = 120;

/// Calls one monitor.
#[derive(Clone)]
pub struct ApfMonitor {
    base: Url,
    client: reqwest::Client,
    timeout: Duration,
}

/// A factory as it registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Registration {
    /// Version of its program.
    pub version: String,
    /// Mail address of its operators.
    pub email: String,
    /// Base URL of its pilots' logs; the monitor adds `/YYYY-MM-DD/LABEL/CID.out`.
    pub url: String,
}

/// A label as it is registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LabelEntry {
    /// The label.
    pub name: String,
    /// Its factory.
    pub factory: String,
    /// The queue its pilots serve, as the WMS calls it.
    pub wmsqueue: String,
    /// The same queue; the monitor's pages of queues go by it.
    pub batchqueue: String,
    /// Where its pilots run.
    pub resource: String,
    /// The local batch queue; empty when it is not known.
    pub localqueue: String,
}

/// A pilot that was submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobEntry {
    /// The batch system's id of it.
    pub cid: String,
    /// Its label.
    pub label: String,
    /// Its factory.
    pub factory: String,
}

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// No answer that can be understood.
    #[error("{call}: {reason}")]
    NoAnswer {
        /// The call.
        call: String,
        /// What happened.
        reason: String,
    },
    /// An answer that is no success.
    #[error("{call}: it answered {status}{}{excerpt}", if excerpt.is_empty() { "" } else { ": " })]
    Answered {
        /// The call.
        call: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        excerpt: String,
    },
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

impl ApfMonitor {
    /// For a base URL such as `http://apfmon.example/api`. Proxies are taken from the environment, never for loopback
    /// addresses; redirections are not followed.
    pub fn new(base: &str, trust: &Trust, timeout: Duration) -> Result<ApfMonitor, crate::Error> {
        let setup = |reason: String| crate::Error::Setup { reason };
        let base = base.trim_end_matches('/');
        let parsed = Url::parse(base).map_err(|error| setup(format!("'{base}' is no URL: {error}")))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(setup(format!("'{base}' is no http:// or https:// URL")));
        }
        Ok(ApfMonitor { base: parsed, client: http_client(base, trust)?, timeout })
    }

    /// `PUT /factories/FID`: registers the factory, or renews what is known of it.
    pub async fn put_factory(&self, factory: &str, registration: &Registration) -> Result<(), MonitorError> {
        self.put(self.url(&["factories", factory]), registration).await
    }

    /// `GET /labels?factory=FID`: the names of the labels that it knows of the factory, all of them.
    pub async fn labels(&self, factory: &str) -> Result<Vec<String>, MonitorError> {
        let mut url = self.url(&["labels"]);
        // Without a limit it gives 50.
        url.query_pairs_mut().append_pair("factory", factory).append_pair("limit", "0");
        let call = format!("GET {url}");
        let body = self.send(&call, self.client.get(url)).await?;
        let known: Result<Vec<Named>, _> = serde_json::from_slice(&body);
        let no_list =
            |error| MonitorError::NoAnswer { call, reason: format!("the answer is no list of labels: {error}") };
        Ok(known.map_err(no_list)?.into_iter().map(|label| label.name).collect())
    }

    /// `PUT /labels`.
    pub async fn put_labels(&self, labels: &[LabelEntry]) -> Result<(), MonitorError> {
        self.put(self.url(&["labels"]), &labels).await
    }

    /// `PUT /jobs`. Those that it knows already stay as they are.
    pub async fn put_jobs(&self, jobs: &[JobEntry]) -> Result<(), MonitorError> {
        self.put(self.url(&["jobs"]), &jobs).await
    }

    /// `POST /labels/FID:LABEL`: what the scheduler said.
    pub async fn post_label(&self, factory: &str, label: &str, status: &str) -> Result<(), MonitorError> {
        self.post(self.url(&["labels", &format!("{factory}:{label}")]), &[("status", status)]).await
    }

    /// `POST /jobs/FID:CID`: a state, and a return code with `exiting`.
    pub async fn post_job(&self, factory: &str, cid: &str, state: &str, rc: Option<i32>) -> Result<(), MonitorError> {
        let rc = rc.map(|rc| rc.to_string());
        let form: Vec<(&str, &str)> = [("state", Some(state)), ("rc", rc.as_deref())]
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect();
        self.post(self.url(&["jobs", &format!("{factory}:{cid}")]), &form).await
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        // A URL with http has segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    async fn put(&self, url: Url, document: &impl Serialize) -> Result<(), MonitorError> {
        let call = format!("{} {url}", Method::PUT);
        let body = serde_json::to_vec(document)
            .map_err(|error| MonitorError::NoAnswer { call: call.clone(), reason: error.to_string() })?;
        let request = self.client.put(url).header(CONTENT_TYPE, "application/json").body(body);
        self.send(&call, request).await.map(drop)
    }

    async fn post(&self, url: Url, form: &[(&str, &str)]) -> Result<(), MonitorError> {
        let call = format!("{} {url}", Method::POST);
        let body = serde_urlencoded::to_string(form)
            .map_err(|error| MonitorError::NoAnswer { call: call.clone(), reason: error.to_string() })?;
        let request = self.client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        self.send(&call, request).await.map(drop)
    }

    /// Sends a request; gives the body of a success.
    async fn send(&self, call: &str, request: reqwest::RequestBuilder) -> Result<Vec<u8>, MonitorError> {
        let broken = |reason: String| MonitorError::NoAnswer { call: call.to_owned(), reason };
        let sent = request.timeout(self.timeout).send().await;
        let mut response = sent.map_err(|error| broken(reason(&error)))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| broken(reason(&error)))? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(broken(format!("the answer has more than {ANSWER_BYTES_MAX} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        let status = response.status();
        if status.is_success() { Ok(body) } else { Err(answered(call, status.as_u16(), &body)) }
    }
}

fn answered(call: &str, status: u16, body: &[u8]) -> MonitorError {
    let text = String::from_utf8_lossy(body);
    let excerpt = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(EXCERPT_MAX).collect();
    MonitorError::Answered { call: call.to_owned(), status, excerpt }
}
