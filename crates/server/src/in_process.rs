//! The server as its own process sees it: the same router without a socket.

use crate::Running;
use axum::Router;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use std::sync::Arc;
use tower::ServiceExt;
use wire::InProcess;

/// The most bytes of one answer within the process.
const ANSWER_MAX: usize = 256 << 20;

impl Running {
    /// For [`wire::Client::in_process`].
    pub fn in_process(&self) -> InProcess {
        let router = self.router();
        Arc::new(move |request| Box::pin(answer(router.clone(), request)))
    }
}

async fn answer(router: Router, request: Request<Bytes>) -> Response<Bytes> {
    let Ok(response) = router.oneshot(request.map(Body::from)).await;
    let (parts, body) = response.into_parts();
    match to_bytes(body, ANSWER_MAX).await {
        Ok(bytes) => Response::from_parts(parts, bytes),
        Err(error) => {
            let mut response = Response::new(Bytes::from(error.to_string()));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}
