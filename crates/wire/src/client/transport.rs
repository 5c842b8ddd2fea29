//! How calls travel: HTTP with failover between servers, or straight into a router of the same process.

use super::call::Content;
use super::error::{FOREIGN, with_causes};
use super::{Answer, Call, ClientConfig, Error};
use crate::api::Problem;
use crate::tls::{self, Trust};
use crate::upload::{STALLED, UploadError, exchange, send_file};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, HeaderValue};
use http::{Request, Response, StatusCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A server of the same process: takes a whole request, gives a whole response.
pub type InProcess = Arc<dyn Fn(Request<Bytes>) -> BoxFuture<'static, Response<Bytes>> + Send + Sync>;

/// Longest time for opening a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) enum Transport {
    Http(Http),
    InProcess(InProcess),
}

pub(super) struct Http {
    servers: Vec<Server>,
    /// Index of the server that answered last.
    current: AtomicUsize,
    timeout: Duration,
}

/// One of several servers of the same store. Each has a client of its own: whether a proxy is asked depends on the URL.
struct Server {
    url: String,
    client: reqwest::Client,
}

impl Server {
    fn new(url: &str, trust: &Trust) -> Result<Server, Error> {
        let url = url.trim_end_matches('/');
        check_url(url)?;
        Ok(Server { url: url.to_owned(), client: http_client(url, trust)? })
    }
}

impl Transport {
    pub(super) fn http(config: ClientConfig) -> Result<Transport, Error> {
        let servers = config.urls.iter().map(|url| Server::new(url, &config.trust)).collect::<Result<Vec<_>, _>>()?;
        if servers.is_empty() {
            return Err(Error::Setup { reason: "no server URL is given".into() });
        }
        Ok(Transport::Http(Http { servers, current: AtomicUsize::new(0), timeout: config.timeout }))
    }

    pub(super) fn url(&self) -> String {
        match self {
            Transport::Http(http) => {
                http.servers[http.current.load(Ordering::Relaxed) % http.servers.len()].url.clone()
            }
            Transport::InProcess(_) => "this process".to_owned(),
        }
    }

    pub(super) async fn send(&self, call: &Call, token: Option<&str>) -> Result<Answer, Error> {
        if let Some(reason) = &call.fault {
            return Err(Error::Call { call: format!("{} {}", call.method, call.path), reason: reason.clone() });
        }
        match self {
            Transport::Http(http) => http.send(call, token).await,
            Transport::InProcess(server) => send_in_process(server, call, token).await,
        }
    }
}

fn check_url(url: &str) -> Result<(), Error> {
    let parsed = reqwest::Url::parse(url)
        .map_err(|error| Error::Setup { reason: format!("'{url}' is no server URL: {error}") })?;
    match parsed.scheme() {
        "http" | "https" => Ok(()),
        scheme => Err(Error::Setup {
            reason: format!("'{url}' is no server URL: it begins with {scheme}, not http or https"),
        }),
    }
}

/// What clients for a URL have in common. Proxies of the environment are never used for loopback.
pub(crate) fn client_builder(url: &str) -> reqwest::ClientBuilder {
    // A failure means that the same provider is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .user_agent(concat!("pilotage/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .http1_only();
    if is_loopback(url) { builder.no_proxy() } else { builder }
}

/// A client for one URL.
pub(crate) fn http_client(url: &str, trust: &Trust) -> Result<reqwest::Client, Error> {
    let setup = |error: &dyn std::error::Error| Error::Setup { reason: with_causes(error) };
    let mut builder = client_builder(url);
    let config = match trust {
        Trust::Fingerprint(pin) => tls::client_config(pin).map_err(|error| setup(&error))?,
        Trust::Authorities(pem) => authorities(pem)?,
        Trust::System => {
            if url.starts_with("http://") {
                // A node without any certificates can speak plain HTTP.
                builder = builder.tls_certs_only([]);
            }
            return builder.build().map_err(|error| setup(&error));
        }
    };
    builder.tls_backend_preconfigured(config).build().map_err(|error| setup(&error))
}

fn authorities(pem: &str) -> Result<rustls::ClientConfig, Error> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let setup = |error: &dyn std::error::Error| Error::Setup { reason: with_causes(error) };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| setup(&error))?;
        roots.add(certificate).map_err(|error| setup(&error))?;
    }
    let builder = rustls::ClientConfig::builder_with_provider(tls::provider());
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| setup(&error))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

pub(crate) fn is_loopback(url: &str) -> bool {
    let host = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl Http {
    /// Tries each server once, beginning with the one that answered last.
    async fn send(&self, call: &Call, token: Option<&str>) -> Result<Answer, Error> {
        let first = self.current.load(Ordering::Relaxed);
        let mut last = None;
        for i in 0..self.servers.len() {
            let index = (first + i) % self.servers.len();
            match self.send_to(&self.servers[index], call, token).await {
                Ok(answer) => {
                    self.current.store(index, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err((error, true)) => last = Some(error),
                Err((error, false)) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::Setup { reason: "no server URL is given".into() }))
    }

    /// One try; the flag says whether another server may be asked the same.
    async fn send_to(&self, server: &Server, call: &Call, token: Option<&str>) -> Result<Answer, (Error, bool)> {
        let Server { url, client } = server;
        let whole = format!("{url}{}", call.path);
        let mut request = client.request(call.method.clone(), &whole).headers(call.headers.clone());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let broke_off = |error: UploadError| match error {
            UploadError::File(error) => (unreadable(call, &error), false),
            UploadError::Stalled(_) => (unavailable(url, error.to_string()), call.repeatable),
            UploadError::Request(error) => (unavailable(url, reason(&error)), call.repeatable || error.is_connect()),
        };
        let response = match &call.body {
            Content::Bytes(bytes) => {
                let request = request.timeout(self.timeout + call.wait).body(bytes.clone());
                exchange(request).await.map_err(UploadError::from)
            }
            Content::File(path) => send_file(request, path, STALLED).await,
        };
        let (parts, body) = response.map_err(broke_off)?.into_parts();
        let status = parts.status;
        judge(Answer { status, headers: parts.headers, body, from: format!("{} {whole}", call.method) }, url)
            .map_err(|error| (error, status == StatusCode::SERVICE_UNAVAILABLE))
    }
}

fn unavailable(url: &str, reason: String) -> Error {
    Error::Unavailable { url: url.to_owned(), reason, answered: false }
}

fn unreadable(call: &Call, error: &std::io::Error) -> Error {
    let file = match &call.body {
        Content::File(path) => path.display().to_string(),
        Content::Bytes(_) => String::new(),
    };
    Error::Call { call: format!("{} {}", call.method, call.path), reason: format!("{file}: {error}") }
}

/// Why a request failed. `reqwest::Error` repeats the URL in its text; the caller names the server already.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    let kind = match () {
        () if error.is_timeout() => "no answer in time",
        () if error.is_connect() => "no connection",
        () if error.is_body() || error.is_decode() => "the answer broke off",
        () => "the request failed",
    };
    let mut deepest: &dyn std::error::Error = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    format!("{kind} ({deepest})")
}

async fn send_in_process(server: &InProcess, call: &Call, token: Option<&str>) -> Result<Answer, Error> {
    let from = format!("{} {}", call.method, call.path);
    let refuse = |reason: String| Error::Call { call: from.clone(), reason };
    let mut request = Request::builder().method(call.method.clone()).uri(&call.path);
    if let Some(headers) = request.headers_mut() {
        headers.extend(call.headers.clone());
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|error| refuse(error.to_string()))?;
            headers.insert(AUTHORIZATION, value);
        }
    }
    let body = match &call.body {
        Content::Bytes(bytes) => bytes.clone(),
        Content::File(path) => tokio::fs::read(path).await.map_err(|error| unreadable(call, &error))?.into(),
    };
    let request = request.body(body).map_err(|error| refuse(error.to_string()))?;
    let (parts, body) = server(request).await.into_parts();
    judge(Answer { status: parts.status, headers: parts.headers, body, from }, "this process")
}

fn judge(answer: Answer, url: &str) -> Result<Answer, Error> {
    let status = answer.status;
    if status.as_u16() < 400 {
        return Ok(answer);
    }
    let problem = serde_json::from_slice::<Problem>(&answer.body).unwrap_or_else(|_| Problem {
        code: FOREIGN.into(),
        status: status.as_u16(),
        detail: format!("the server answered {status}: {}", excerpt(&answer.body)),
        field: None,
    });
    if status.is_server_error() {
        return Err(Error::Unavailable { url: url.to_owned(), reason: problem.detail, answered: true });
    }
    Err(Error::Refused { call: answer.from, problem })
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().filter(|c| !c.is_control()).take(200).collect()
}
