//! Refused requests: a status, a stable word for programs and one sentence for people.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use wire::api::Problem;

/// What a refused request gets.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// Stable word for programs, such as `unknown-queue`.
    pub code: &'static str,
    /// One sentence for people: what was wrong, where.
    pub detail: String,
    /// The field or parameter that was wrong.
    pub field: Option<String>,
    /// Seconds after which it may be tried again.
    pub retry_after_s: Option<u32>,
}

impl ApiError {
    /// An error with any status.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> ApiError {
        ApiError { status, code, detail: detail.into(), field: None, retry_after_s: None }
    }

    /// 422: the request was understood and cannot be done as it is.
    pub fn invalid(code: &'static str, field: impl Into<String>, detail: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail).at(field)
    }

    /// 404: there is no such thing.
    pub fn missing(code: &'static str, detail: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 409: it contradicts what is.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::CONFLICT, code, detail)
    }

    /// 503: try again soon.
    pub fn unavailable(code: &'static str, detail: impl Into<String>) -> ApiError {
        let mut error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        error.retry_after_s = Some(2);
        error
    }

    /// 500: a fault of the server itself. The detail is logged, not hidden: it never holds a secret.
    pub fn internal(detail: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// The same with the field or parameter that was wrong.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> ApiError {
        self.field = Some(field.into());
        self
    }

    /// The document that travels.
    pub fn problem(&self) -> Problem {
        Problem {
            code: self.code.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            field: self.field.clone(),
        }
    }
}

/// What a response refuses, kept beside it so that it can be counted and logged once, with the route.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.problem())).into_response();
        response.extensions_mut().insert(Refusal { code: self.code, detail: self.detail });
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"pilotage\""));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<model::job::SpecError> for ApiError {
    fn from(error: model::job::SpecError) -> ApiError {
        ApiError::invalid("bad-job", error.field.clone(), error.to_string())
    }
}

impl From<model::queue::BadName> for ApiError {
    fn from(error: model::queue::BadName) -> ApiError {
        ApiError::invalid("bad-name", "name", error.to_string())
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> ApiError {
        use store::Error as E;
        let detail = error.to_string();
        match error {
            E::Busy { .. } => ApiError::unavailable("busy", detail),
            E::Full => ApiError::unavailable("no-space", detail),
            E::Unavailable { .. } | E::Collision => ApiError::unavailable("store-unavailable", detail),
            E::NotFound { .. } => ApiError::missing("not-found", detail),
            E::Forbidden { .. } => ApiError::new(StatusCode::FORBIDDEN, "not-yours", detail),
            E::KeyReused => ApiError::invalid("key-reused", wire::api::IDEMPOTENCY_KEY, detail),
            E::AttemptOver { .. } => ApiError::conflict("attempt-over", detail),
            E::Conflict(_) => ApiError::conflict("conflict", detail),
            E::Invalid(_) => ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail),
            _ => ApiError::internal(detail),
        }
    }
}

impl From<object_store::Error> for ApiError {
    fn from(error: object_store::Error) -> ApiError {
        match error {
            object_store::Error::NotFound { .. } => ApiError::missing("not-found", "the file is not kept any more"),
            error => ApiError::unavailable("object-store-unavailable", format!("the object store failed: {error}")),
        }
    }
}

impl From<wire::credential::NoRandomness> for ApiError {
    fn from(error: wire::credential::NoRandomness) -> ApiError {
        ApiError::internal(error.to_string())
    }
}
