//! Pages for what did not work: what happened, and what to do next.

use super::about::About;
use super::frame::{self, Asked, Frame, Section};
use super::{assets, moment, number};
use crate::error::Refusal;
use crate::{ApiError, AppState};
use askama::Template;
use axum::extract::{FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri};

/// A refused request for a page.
#[derive(Debug)]
pub struct PageError {
    error: ApiError,
    asked: Option<Box<Asked>>,
}

/// The page.
#[derive(Template)]
#[template(path = "problem.html")]
struct Problem {
    frame: Frame,
    status: u16,
    code: &'static str,
    heading: &'static str,
    detail: String,
    advice: &'static str,
    retry: bool,
}

impl PageError {
    /// For somebody who is logged in.
    pub fn for_asked(error: ApiError, asked: &Asked) -> PageError {
        PageError { error, asked: Some(Box::new(asked.clone())) }
    }
}

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> PageError {
        PageError { error, asked: None }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        if self.asked.as_ref().is_some_and(|asked| asked.json) {
            return self.error.into_response();
        }
        let status = self.error.status;
        let heading = heading(status);
        let frame = match &self.asked {
            Some(asked) => Frame { fragment: false, ..Frame::new(Section::None, heading, asked) },
            None => anonymous(heading),
        };
        let page = Problem {
            frame,
            status: status.as_u16(),
            code: self.error.code,
            heading,
            detail: sentence(&self.error.detail),
            advice: advice(status),
            retry: status.is_server_error() && self.asked.is_some(),
        };
        let mut response = frame::page(status, &page);
        response.extensions_mut().insert(Refusal { code: self.error.code, detail: self.error.detail });
        response
    }
}

/// A frame for somebody who is not known.
pub fn anonymous(title: &str) -> Frame {
    Frame {
        title: title.to_owned(),
        section: Section::None,
        identity: None,
        now: crate::now(),
        counted: crate::now(),
        fragment: false,
        url: "/".to_owned(),
        topics: Vec::new(),
        has_plots: false,
        alarms: 0,
        about: About::default(),
        trouble: None,
        ticket: None,
    }
}

fn heading(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "There is no such thing",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::UNAUTHORIZED => "Not logged in",
        StatusCode::SERVICE_UNAVAILABLE => "Not available at present",
        status if status.is_server_error() => "A fault of the server",
        StatusCode::CONFLICT => "That does not fit what is",
        _ => "That was not understood",
    }
}

fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "It may have been deleted since, or the address was mistyped.",
        StatusCode::FORBIDDEN => "Log in with a token whose role includes it, or ask who runs this server.",
        StatusCode::UNAUTHORIZED => "Log in first.",
        StatusCode::SERVICE_UNAVAILABLE => "Nothing is lost: jobs and pilots go on. Try again in a moment.",
        status if status.is_server_error() => "The server's log has the details. Jobs and pilots go on.",
        _ => "Go back and change what the message names.",
    }
}

fn sentence(detail: &str) -> String {
    let end = if detail.ends_with(['.', '?', '!']) { "" } else { "." };
    number::capitalised(detail) + end
}

/// The same for a request that another interface did not understand.
pub(crate) async fn missing_for(state: &AppState, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let asked = Asked::from_request_parts(&mut parts, state).await.map_err(IntoResponse::into_response);
    missing(parts.uri, asked).await
}

/// What is left: there is no such page.
pub async fn missing(uri: Uri, asked: Result<Asked, Response>) -> Response {
    let detail = format!("there is no page {}", number::capped(uri.path(), 200));
    let error = ApiError::missing("unknown-path", detail);
    match asked {
        Ok(asked) => PageError::for_asked(error, &asked).into_response(),
        Err(_) => PageError::from(error).into_response(),
    }
}
