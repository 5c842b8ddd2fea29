//! Around every request: a panic becomes an answer, and the request is counted.

use crate::error::Refusal;
use crate::metrics::{RouteLabels, WordLabels};
use crate::{ApiError, AppState};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::Method;
use std::panic::AssertUnwindSafe;
use tokio::time::Instant;

/// Counts the request and how long it took. Paths and headers are not logged: they may hold secrets.
pub async fn measured(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let may_wait = request.uri().query().is_some_and(|query| query.contains("wait_s"));
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let response = answered.unwrap_or_else(|_| {
        tracing::error!(%method, path = path.as_ref().map_or("", MatchedPath::as_str), "a handler panicked");
        ApiError::internal("a fault of the server; its log says more").into_response()
    });
    let path = path.as_ref().map_or("none", MatchedPath::as_str);
    let status = response.status();
    if !may_wait && !is_long(path) {
        state.metrics.request_seconds.observe(began.elapsed().as_secs_f64());
    }
    if let Some(Refusal { code, detail }) = response.extensions().get() {
        if status.is_server_error() {
            tracing::warn!(%method, path, code, detail, "request failed");
        }
        state.metrics.refusals.get_or_create(&WordLabels { kind: code }).inc();
    }
    let labels = RouteLabels { route: format!("{} {path}", word(&method)), status: status.as_u16() };
    state.metrics.requests.get_or_create(&labels).inc();
    response
}

/// The method, when it is one that servers know: any other word is the caller's own, and each would be counted apart.
fn word(method: &Method) -> &str {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
        Method::CONNECT,
        Method::TRACE,
    ];
    if known.contains(method) { method.as_str() } else { "other" }
}

/// Calls that wait by design.
fn is_long(path: &str) -> bool {
    path == "/events" || path.ends_with("/lease")
}
