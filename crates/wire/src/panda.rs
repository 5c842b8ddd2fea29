//! Asking a PanDA server: GET with a proxy or a token, from the first of its servers that answers.

use crate::client::{client_builder, reason};
use crate::download::DownloadError;
use http::header::{ACCEPT, AUTHORIZATION, HeaderValue, ORIGIN};
use reqwest::{Certificate, Client, ClientBuilder, Identity};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Most bytes of an answer; that of all queues of a large experiment has some 10 MB.
const ANSWER_MAX: usize = 64 << 20;

/// How to reach a PanDA server, and as whom.
#[derive(Clone, Debug, Default)]
pub struct PandaAccess {
    /// Base URLs such as `https://pandaserver.cern.ch:25443`, in order of preference.
    pub servers: Vec<String>,
    /// PEM file with certificate, key and chain, such as a grid proxy; none when empty.
    pub proxy: PathBuf,
    /// File with a bearer token; none when empty.
    pub token_file: PathBuf,
    /// The VO that the token is for, sent as `Origin`; not sent when empty.
    pub vo: String,
    /// Authorities that the server's certificate may be signed by: a PEM file, or a directory such as
    /// `/etc/grid-security/certificates`; the system's when empty.
    pub authorities: PathBuf,
    /// Longest time for one answer.
    pub timeout: Duration,
}

/// Why a credential or an authority cannot be used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("read {}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("find an authority in {}", .0.display())]
    NoAuthority(PathBuf),
    #[error("use the certificate and key of {}: {source}", path.display())]
    Identity { path: PathBuf, source: reqwest::Error },
    #[error("use the text of {} as a token", .0.display())]
    Token(PathBuf),
    #[error("set up TLS: {0}")]
    Setup(reqwest::Error),
}

/// One or several servers of the same PanDA.
pub struct Panda {
    servers: Vec<(String, Client)>,
    token: Option<HeaderValue>,
    vo: Option<HeaderValue>,
    timeout: Duration,
}

impl Panda {
    /// Reads the credentials, which may have been renewed since the last time.
    pub fn open(access: &PandaAccess) -> Result<Panda, DownloadError> {
        let failed = |error| DownloadError { url: access.servers.join(", "), reason: format!("failed to {error}") };
        Panda::with_credentials(access).map_err(failed)
    }

    fn with_credentials(access: &PandaAccess) -> Result<Panda, Unusable> {
        let identity = identity_of(&access.proxy)?;
        let authorities = authorities_in(&access.authorities)?;
        let token = token_of(&access.token_file)?;
        let vo = Some(&access.vo).filter(|vo| !vo.is_empty()).and_then(|vo| HeaderValue::from_str(vo).ok());
        let client = |url: &String| {
            let url = url.trim_end_matches('/').to_owned();
            let builder = with_tls(client_builder(&url), &url, identity.as_ref(), authorities.as_deref());
            Ok((url, builder.build().map_err(Unusable::Setup)?))
        };
        let servers = access.servers.iter().map(client).collect::<Result<_, _>>()?;
        Ok(Panda { servers, token, vo, timeout: access.timeout })
    }

    /// The body of an answer of 200. The error is that of the last server.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>, DownloadError> {
        let mut last = DownloadError { url: path.to_owned(), reason: "no server is named".to_owned() };
        for (url, client) in &self.servers {
            let url = format!("{url}{path}");
            match self.get_from(client, &url).await {
                Ok(body) => return Ok(body),
                Err(reason) => last = DownloadError { url, reason },
            }
        }
        Err(last)
    }

    async fn get_from(&self, client: &Client, url: &str) -> Result<Vec<u8>, String> {
        let mut request = client.get(url).timeout(self.timeout).header(ACCEPT, "application/json");
        // A token never travels in the clear, but on this machine.
        if let Some(token) = self.token.clone().filter(|_| url.starts_with("https://")) {
            request = request.header(AUTHORIZATION, token);
        }
        if let Some(vo) = &self.vo {
            request = request.header(ORIGIN, vo);
        }
        let mut response = request.send().await.map_err(|error| reason(&error))?;
        if response.status() != http::StatusCode::OK {
            return Err(format!("the server answered {}", response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
            if body.len() + chunk.len() > ANSWER_MAX {
                return Err(format!("the answer has more than {ANSWER_MAX} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

fn with_tls(
    builder: ClientBuilder,
    url: &str,
    identity: Option<&Identity>,
    authorities: Option<&[Certificate]>,
) -> ClientBuilder {
    let builder = match authorities {
        // A node without any certificates can speak plain HTTP.
        None if url.starts_with("http://") => builder.tls_certs_only([]),
        None => builder,
        Some(authorities) => builder.tls_certs_only(authorities.iter().cloned()),
    };
    match identity {
        Some(identity) => builder.identity(identity.clone()),
        None => builder,
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Unusable> {
    fs::read(path).map_err(|source| Unusable::File { path: path.to_owned(), source })
}

fn identity_of(path: &Path) -> Result<Option<Identity>, Unusable> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let identity = Identity::from_pem(&read(path)?);
    identity.map(Some).map_err(|source| Unusable::Identity { path: path.to_owned(), source })
}

fn token_of(path: &Path) -> Result<Option<HeaderValue>, Unusable> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let text = read(path)?;
    let mut value = HeaderValue::from_bytes(&[b"Bearer ", text.trim_ascii()].concat())
        .map_err(|_| Unusable::Token(path.to_owned()))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// The authorities of a file, or of all files `*.0` and `*.pem` of a directory. Grids have some that are too old to be
/// read; these are left out.
fn authorities_in(path: &Path) -> Result<Option<Vec<Certificate>>, Unusable> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        let entries = fs::read_dir(path).map_err(|source| Unusable::File { path: path.to_owned(), source })?;
        let is_authority = |file: &PathBuf| ["0", "pem"].map(OsStr::new).map(Some).contains(&file.extension());
        files = entries.flatten().map(|entry| entry.path()).filter(is_authority).collect();
    }
    let mut found = Vec::new();
    for file in files {
        let text = read(&file)?;
        let usable = CertificateDer::pem_slice_iter(&text)
            .flatten()
            .filter(|der| RootCertStore::empty().add(der.clone()).is_ok());
        found.extend(usable.filter_map(|der| Certificate::from_der(&der).ok()));
    }
    if found.is_empty() { Err(Unusable::NoAuthority(path.to_owned())) } else { Ok(Some(found)) }
}
