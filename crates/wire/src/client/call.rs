//! One request and its answer, independent of the transport.

use super::Error;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One request below [`crate::api::PREFIX`], or with a path of its own.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Content,
    pub(super) wait: Duration,
    pub(super) repeatable: bool,
    pub(super) fault: Option<String>,
}

/// What a call carries.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// These bytes.
    Bytes(Bytes),
    /// What is in this file when it is sent.
    File(PathBuf),
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Below 400.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    pub(super) from: String,
}

impl Call {
    /// A call of `path`, which begins with `/` and is below [`crate::api::PREFIX`].
    pub fn new(method: Method, path: &str) -> Call {
        let repeatable = method != Method::POST;
        Call {
            method,
            path: format!("{}{path}", crate::api::PREFIX),
            headers: HeaderMap::new(),
            body: Content::Bytes(Bytes::new()),
            wait: Duration::ZERO,
            repeatable,
            fault: None,
        }
    }

    /// A `GET`.
    pub fn get(path: &str) -> Call {
        Call::new(Method::GET, path)
    }

    /// A `POST`.
    pub fn post(path: &str) -> Call {
        Call::new(Method::POST, path)
    }

    /// A `PUT`.
    pub fn put(path: &str) -> Call {
        Call::new(Method::PUT, path)
    }

    /// A `GET` of a path that is not below the prefix, such as `/readyz`.
    pub fn get_outside(path: &str) -> Call {
        Call::outside(Method::GET, path)
    }

    /// A call of a path that is not below the prefix.
    pub fn outside(method: Method, path: &str) -> Call {
        Call { path: path.to_owned(), ..Call::new(method, "") }
    }

    /// Adds the fields of `query` to the URL; absent ones are left out.
    pub fn query(mut self, query: &impl Serialize) -> Call {
        match serde_urlencoded::to_string(query) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => {
                self.path.push(if self.path.contains('?') { '&' } else { '?' });
                self.path.push_str(&text);
            }
            Err(error) => self.fault = Some(error.to_string()),
        }
        self
    }

    /// Sends `value` as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Call {
        match serde_json::to_vec(value) {
            Ok(text) => self.body = Content::Bytes(text.into()),
            Err(error) => self.fault = Some(error.to_string()),
        }
        self.headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self
    }

    /// Sends bytes as they are.
    pub fn bytes(mut self, bytes: impl Into<Bytes>) -> Call {
        self.body = Content::Bytes(bytes.into());
        self.headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        self
    }

    /// Sends the content of a file, however long that takes; see [`crate::upload`].
    pub fn file(mut self, path: &Path) -> Call {
        self.body = Content::File(path.to_owned());
        self.headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: HeaderName, value: &str) -> Call {
        match HeaderValue::from_str(value) {
            Ok(value) => {
                self.headers.insert(name, value);
            }
            Err(error) => self.fault = Some(format!("header {name}: {error}")),
        }
        self
    }

    /// The server may take this long before it begins to answer.
    pub fn waiting(mut self, seconds: u32) -> Call {
        self.wait = Duration::from_secs(seconds.into());
        self
    }

    /// Doing it twice does no harm: it is sent again to another server when one broke off.
    pub fn repeatable(mut self) -> Call {
        self.repeatable = true;
        self
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|source| Error::Answer { url: self.from.clone(), source })
    }

    /// A header as text, if it is there and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
