//! What every page has around its content, and what every request for a page says.

use super::about::About;
use super::as_json::{self, AsJson};
use super::problem::PageError;
use super::ticket::{self, Linked};
use super::{moment, number};
use crate::auth::identify;
use crate::counted;
use crate::extract::parameters;
use crate::{ApiError, AppState, Identity};
use axum::Json;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use model::Time;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::str::FromStr;
use store::WriteTrouble;

/// Version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a page may load and do: only what this server serves, no inline script or style.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The topic of [`crate::hub`] that tells of alarms.
const ALARMS: &str = "alarms";

/// The part of the pages that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// `/`.
    Overview,
    /// `/jobs...`.
    Jobs,
    /// `/queues...`.
    Queues,
    /// `/pilots...`.
    Pilots,
    /// `/sites...`, `/regions...` and `/tags...`.
    Sites,
    /// `/factories...` and `/decisions`.
    Factories,
    /// `/errors`, `/nodes...` and `/efficiency`.
    Errors,
    /// `/alarms...`.
    Alarms,
    /// Login and problems.
    None,
}

impl Section {
    /// The main navigation, in its order.
    pub const NAVIGATION: [Section; 8] = [
        Section::Overview,
        Section::Alarms,
        Section::Jobs,
        Section::Queues,
        Section::Sites,
        Section::Pilots,
        Section::Factories,
        Section::Errors,
    ];

    /// Name in the navigation.
    pub fn name(&self) -> &'static str {
        match self {
            Section::Overview => "Overview",
            Section::Jobs => "Jobs",
            Section::Queues => "Queues",
            Section::Pilots => "Pilots",
            Section::Sites => "Sites",
            Section::Errors => "Errors",
            Section::Factories => "Factories",
            Section::Alarms => "Alarms",
            Section::None => "",
        }
    }

    /// Its first page.
    pub fn path(&self) -> &'static str {
        match self {
            Section::Overview | Section::None => "/",
            Section::Jobs => "/jobs",
            Section::Queues => "/queues",
            Section::Pilots => "/pilots",
            Section::Sites => "/sites",
            Section::Errors => "/errors",
            Section::Factories => "/factories",
            Section::Alarms => "/alarms",
        }
    }
}

/// What a handler of a page answers.
pub type Answer = Result<Response, PageError>;

/// The page, with status 200.
pub fn shown(template: &impl askama::Template) -> Answer {
    Ok(page(StatusCode::OK, template))
}

/// What a page is made of, for programs: the same address with `.json` at its end.
pub fn data(value: &impl Serialize) -> Answer {
    let mut response = Json(value).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The id in a path.
pub fn id_of<T: FromStr>(what: &str, text: &str, asked: &Asked) -> Result<T, PageError> {
    text.parse().map_err(|_| {
        let detail = format!("'{}' is no id of a {what}", number::capped(text, 80));
        PageError::for_asked(ApiError::missing("bad-path", detail), asked)
    })
}

/// Everything around the content of one page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Title of the window.
    pub title: String,
    /// Part of the pages.
    pub section: Section,
    /// Who looks; none on the login page.
    pub identity: Option<Identity>,
    /// The time the page is of.
    pub now: Time,
    /// When the oldest of its numbers was counted.
    pub counted: Time,
    /// Only the content is wanted, for a live update.
    pub fragment: bool,
    /// Path and query of the page.
    pub url: String,
    /// Topics of [`crate::hub`] that change it; empty for a page without live updates.
    pub topics: Vec<String>,
    /// It has plots, and needs what draws them.
    pub has_plots: bool,
    /// Open alarms that nobody looks after.
    pub alarms: usize,
    /// Open alarms about what the page is about.
    pub about: About,
    /// What is wrong with writing to the store.
    pub trouble: Option<WriteTrouble>,
    /// Address of a ticket.
    pub ticket: Option<String>,
}

impl Frame {
    /// A page without live updates, of what was read until now.
    pub fn new(section: Section, title: impl Into<String>, asked: &Asked) -> Frame {
        Frame {
            title: title.into(),
            section,
            identity: Some(asked.identity.clone()),
            now: asked.now,
            counted: asked.now - counted::age(),
            fragment: asked.fragment,
            url: asked.url(),
            topics: Vec::new(),
            has_plots: false,
            alarms: asked.alarms,
            about: About::default(),
            trouble: asked.trouble.clone(),
            ticket: asked.ticket.clone(),
        }
    }

    /// The same with the open alarms about what it is about.
    #[must_use]
    pub fn about(self, about: About) -> Frame {
        Frame { about, ..self }
    }

    /// The same in words.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.as_ref().map(|trouble| match trouble {
            WriteTrouble::Failing { since, why } => format!(
                "Nothing could be written for {}: {why}. What is shown was written before. Pilots and factories keep \
                 what they have to tell.",
                moment::span(*since)
            ),
            WriteTrouble::Slow { since } => format!(
                "Writing is slow: one commit takes {} already, and everything that is told waits for it.",
                moment::span(*since)
            ),
        })
    }

    /// What somebody wrote, with its tickets as links.
    pub fn said(&self, text: impl AsRef<str>) -> Linked<'_> {
        ticket::linked(text.as_ref(), &self.ticket)
    }

    /// The same, updated when one of these topics changes.
    #[must_use]
    pub fn live(mut self, topics: &[&str]) -> Frame {
        self.topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        self
    }

    /// The same with what draws plots.
    #[must_use]
    pub fn with_plots(self) -> Frame {
        Frame { has_plots: true, ..self }
    }

    /// The htmx triggers of a live update: an event of each topic, or the page's own script.
    pub fn triggers(&self) -> String {
        let topics: String = self.topics.iter().map(|topic| format!("sse:{topic}, ")).collect();
        topics + "refresh"
    }

    /// The page for programs.
    pub fn as_json(&self) -> Option<String> {
        as_json::address(&self.url)
    }

    /// Where the events of the topics come from, and those of alarms, whose count is in the navigation.
    pub fn events(&self) -> String {
        let mut topics: Vec<&str> = self.topics.iter().map(String::as_str).collect();
        if !topics.contains(&ALARMS) {
            topics.push(ALARMS);
        }
        format!("/events?topics={}", super::link::encoded(&topics.join(",")))
    }
}

/// A request for a page by somebody who is logged in.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who asks.
    pub identity: Identity,
    /// When.
    pub now: Time,
    /// Path and query, without empty parameters.
    pub uri: Uri,
    /// Only the content is wanted.
    pub fragment: bool,
    /// Only what the page is made of is wanted, as JSON.
    pub json: bool,
    /// Open alarms that nobody looks after.
    pub alarms: usize,
    /// What is wrong with writing to the store.
    pub trouble: Option<WriteTrouble>,
    /// Address of a ticket.
    pub ticket: Option<String>,
}

impl Asked {
    /// Path and query.
    pub fn url(&self) -> String {
        path_and_query(&self.uri)
    }

    /// The query as the API's type for it.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, PageError> {
        parameters(&self.uri).map_err(|error| PageError::for_asked(error, self))
    }
}

impl FromRequestParts<AppState> for Asked {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Asked, Response> {
        let fragment = wants_fragment(&parts.headers);
        let json = parts.extensions.get::<AsJson>().is_some();
        let identity = match identify(&parts.headers, &parts.method, state).await {
            Ok(identity) => identity,
            Err(error) if json => return Err(error.into_response()),
            Err(error) if error.status == StatusCode::UNAUTHORIZED && !fragment => {
                return Err(to_login(&parts.uri, &parts.method));
            }
            Err(error) => return Err(PageError::from(error).into_response()),
        };
        if let Some(clean) = without_empty_parameters(&parts.uri).filter(|_| parts.method == Method::GET) {
            return Err(Redirect::to(&clean).into_response());
        }
        // The navigation of a live update stays as it is.
        let alarms = if fragment || json { Ok(0) } else { state.attention.count(state).await };
        let alarms = alarms.map_err(|error| PageError::from(error).into_response())?;
        let trouble = state.store.write_trouble();
        let ticket = state.config.alarms.ticket.clone();
        Ok(Asked { identity, now: crate::now(), uri: parts.uri.clone(), fragment, json, alarms, trouble, ticket })
    }
}

/// Back to this page after logging in; a form that was sent without a session leads to the overview.
fn to_login(uri: &Uri, method: &Method) -> Response {
    let next = if method == Method::GET { path_and_query(uri) } else { String::new() };
    Redirect::to(&super::link::Link::to("/login").with("next", next).url()).into_response()
}

/// A form sends all its fields; the URL shall hold only those that say something.
fn without_empty_parameters(uri: &Uri) -> Option<String> {
    let query = uri.query()?;
    let kept: Vec<&str> =
        query.split('&').filter(|pair| pair.split_once('=').is_some_and(|(_, value)| !value.is_empty())).collect();
    let kept = kept.join("&");
    match kept.as_str() {
        same if same == query => None,
        "" => Some(uri.path().to_owned()),
        kept => Some(format!("{}?{kept}", uri.path())),
    }
}

fn wants_fragment(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request")
}

fn path_and_query(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

/// Renders a page with the headers that all pages have.
pub fn page(status: StatusCode, template: &impl askama::Template) -> Response {
    match template.render() {
        Ok(html) => {
            let mut response = (status, html).into_response();
            secure(response.headers_mut());
            response
        }
        Err(error) => ApiError::internal(format!("cannot write the page: {error}")).into_response(),
    }
}

fn secure(headers: &mut HeaderMap) {
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "hx-request, cookie"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_parameters_leave_the_url() {
        let clean = |uri: &str| without_empty_parameters(&uri.parse().unwrap());
        assert_eq!(clean("/jobs?queue=&user=ann&state="), Some("/jobs?user=ann".into()));
        assert_eq!(clean("/jobs?queue="), Some("/jobs".into()));
        assert_eq!(clean("/jobs?user=ann"), None);
    }
}
