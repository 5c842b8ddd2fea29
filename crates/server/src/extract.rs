//! Strict input: bodies, queries and paths that say exactly what is wrong with them.

pub mod body;

pub use body::read_body;

use crate::ApiError;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::request::Parts;
use http::{StatusCode, Uri};
use model::spelling::{hint, in_words};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// The most bytes of the body of most calls.
pub const BODY_MAX: usize = 1 << 20;
/// The most bytes of one submission, and of one factory's batch report: eight times the payload, for JSON's escapes.
pub const SUBMIT_BODY_MAX: usize = 8 << 20;
/// The most bytes of a bulk submission and of a call with reports.
pub const BULK_BODY_MAX: usize = 64 << 20;

/// A JSON body of at most `MAX` bytes.
pub struct Body<T, const MAX: usize = BODY_MAX>(pub T);

/// The query of the URL; every parameter must be known.
pub struct Params<T>(pub T);

/// Parts of the path.
pub struct Segments<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned, const MAX: usize> FromRequest<S> for Body<T, MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let (bytes, _held) = read_body(request.into_body(), MAX).await?;
        from_json(&bytes).map(Body)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parameters(&parts.uri).map(Params)
    }
}

/// The query of a URL; every parameter must be known.
pub fn parameters<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    let read = Query::<T>::try_from_uri(uri);
    read.map(|Query(value)| value).map_err(|rejection| bad_query(&rejection.body_text()))
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = Path::<T>::from_request_parts(parts, state).await;
        read.map(|Path(value)| Segments(value)).map_err(|rejection| {
            let detail = format!("the path {} is wrong: {}", parts.uri.path(), plain(&rejection.body_text()));
            ApiError::new(StatusCode::BAD_REQUEST, "bad-path", detail)
        })
    }
}

/// Reads JSON; an error tells line and column where the text is no JSON, else the field.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| explain::<T>(bytes, &error))
}

fn explain<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> ApiError {
    if let Err(bad) = std::str::from_utf8(bytes) {
        let detail = format!("the body is not UTF-8: the byte at offset {} is wrong", bad.valid_up_to());
        return ApiError::new(StatusCode::BAD_REQUEST, "not-utf8", detail);
    }
    if bytes.is_empty() {
        return ApiError::new(StatusCode::BAD_REQUEST, "bad-json", "the body is empty, JSON is expected");
    }
    if matches!(error.classify(), Category::Syntax | Category::Eof | Category::Io) {
        let detail = format!("the body is no JSON: {error}");
        return ApiError::new(StatusCode::BAD_REQUEST, "bad-json", detail);
    }
    let deserializer = &mut serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize::<_, T>(deserializer) {
        Err(located) => bad_value(&located.path().to_string(), &located.inner().to_string()),
        Ok(_) => bad_value(".", &error.to_string()),
    }
}

/// The problem of one value that serde refused; `path` is `.` when serde does not know where it was.
pub fn bad_value(path: &str, message: &str) -> ApiError {
    let path = if path == "." || path.contains('?') { "" } else { path };
    if let Some(name) = quoted_after(message, "unknown field `") {
        return unknown_field(path, name, message);
    }
    if let Some(name) = quoted_after(message, "missing field `") {
        let field = below(path, name);
        return ApiError::invalid("missing-field", field.clone(), format!("the field '{field}' is missing"));
    }
    let place = if path.is_empty() { "the body".to_owned() } else { format!("the field '{path}'") };
    let mut refused = ApiError::invalid("bad-value", path, format!("{place} is wrong: {}", in_words(message)));
    refused.field = refused.field.filter(|field| !field.is_empty());
    refused
}

fn unknown_field(path: &str, name: &str, message: &str) -> ApiError {
    // serde's path ends with the unknown key itself in some formats and with its parent in others.
    let field = if path.rsplit('.').next() == Some(name) { path.to_owned() } else { below(path, name) };
    let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
    let hint = if known.is_empty() { String::new() } else { hint(name, known) };
    ApiError::invalid("unknown-field", field.clone(), format!("there is no field '{field}'{hint}"))
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn quoted_after<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    let begin = message.find(before)? + before.len();
    message[begin..].split('`').next()
}

fn bad_query(text: &str) -> ApiError {
    let message = plain(text);
    if let Some(name) = quoted_after(message, "unknown field `") {
        let mut error = unknown_field("", name, message);
        error.code = "unknown-parameter";
        error.detail = error.detail.replacen("field", "parameter", 1);
        error.status = StatusCode::BAD_REQUEST;
        return error;
    }
    let (field, reason) = message.split_once(": ").unwrap_or(("", message));
    let reason = in_words(reason);
    let detail = match field {
        "" => format!("the query is wrong: {reason}"),
        _ => format!("the parameter '{field}' is wrong: {reason}"),
    };
    let error = ApiError::new(StatusCode::BAD_REQUEST, "bad-parameter", detail);
    if field.is_empty() { error } else { error.at(field) }
}

/// What serde said, without axum's introduction.
fn plain(text: &str) -> &str {
    let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(text);
    text.strip_prefix("Invalid URL: ").unwrap_or(text)
}
