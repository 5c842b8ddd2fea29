//! `/login`.

use super::frame::{self, Frame};
use super::{assets, moment, problem};
use crate::extract::parameters;
use askama::Template;
use axum::response::Response;
use http::{StatusCode, Uri};
use serde::Deserialize;

/// What the redirects to this page say.
#[derive(Default, Deserialize)]
pub struct LoginQuery {
    #[serde(default)]
    failed: String,
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    frame: Frame,
    refused: &'static str,
    next: String,
}

/// `GET /login`.
pub async fn show(uri: Uri) -> Response {
    let query: LoginQuery = parameters(&uri).unwrap_or_default();
    let page = Login { frame: problem::anonymous("Log in"), refused: refused(&query.failed), next: query.next };
    frame::page(StatusCode::OK, &page)
}

fn refused(code: &str) -> &'static str {
    match code {
        "" => "",
        "expired-credential" => "This token has expired. Ask for a new one.",
        "ended-session" => "The session has ended. Log in again.",
        _ => "The server does not know this token, or it was revoked.",
    }
}
