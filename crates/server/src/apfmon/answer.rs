//! Answers: text that nobody reads, or JSON as APFmon wrote it.

use super::body::Undecodable;
use crate::ApiError;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use model::Time;
use serde_json::Value;

/// What a call gets.
pub(super) type Answer = Result<Answered, Failed>;

/// An answer under construction.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    status: StatusCode,
    content_type: &'static str,
    text: String,
    location: Option<String>,
}

/// Why a call cannot be answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Body(#[from] Undecodable),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Refused(#[from] ApiError),
    #[error("{0} is not known")]
    Missing(String),
}

impl Answered {
    /// Words.
    pub(super) fn text(text: impl Into<String>) -> Answered {
        let content_type = "text/plain; charset=utf-8";
        Answered { status: StatusCode::OK, content_type, text: text.into(), location: None }
    }

    /// A document, indented by 2 and with its keys in order.
    pub(super) fn json(value: &Value) -> Answered {
        let text = format!("{value:#}");
        Answered { content_type: "application/json", ..Answered::text(text) }
    }

    /// The same, for a PUT that made something.
    pub(super) fn created(self, is_new: bool) -> Answered {
        Answered { status: if is_new { StatusCode::CREATED } else { StatusCode::OK }, ..self }
    }

    /// To another page.
    pub(super) fn redirect(to: String) -> Answered {
        Answered { status: StatusCode::FOUND, location: Some(to), ..Answered::text("") }
    }

    /// As it is sent. Proxies of sites must not keep it: reports are GETs too.
    pub(super) fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, self.content_type), (header::CACHE_CONTROL, "no-store")];
        let mut response = (self.status, headers, self.text).into_response();
        if let Some(location) = self.location.and_then(|url| HeaderValue::from_str(&url).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

/// A refusal. Reports by GET come from wrappers that hold a batch slot while they try again, so even a store that is away is
/// no error to them; whoever sends by PUT or POST may keep it and send it again.
pub(super) fn refused(method: &Method, error: &Failed) -> Response {
    let status = match error {
        Failed::Body(_) => StatusCode::BAD_REQUEST,
        Failed::Missing(_) => StatusCode::NOT_FOUND,
        Failed::Refused(error) => error.status,
        Failed::Store(error) => {
            tracing::warn!(%error, "an APFmon call failed");
            if method == Method::GET { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
        }
    };
    text(status, error.to_string())
}

/// Bare text.
pub(super) fn text(status: StatusCode, text: impl Into<String>) -> Response {
    Answered { status, ..Answered::text(text) }.into_response()
}

/// A time as APFmon wrote it: with milliseconds only when there are any.
pub(super) fn time(time: Time) -> Value {
    let text = time.to_string();
    Value::from(text.replace(".000Z", "Z"))
}
