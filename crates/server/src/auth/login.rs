//! Sessions of browsers: a cookie that stands for a token.
//!
//! The cookie holds a random word whose hash the store keeps beside that of the token, so that a session ends when its
//! user logs out, and with its token. `SameSite=Strict` and the check of the origin keep other sites from using it.

use super::token_hash;
use crate::extract::read_body;
use crate::{ApiError, AppState, now};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::time::Duration;
use wire::credential::random_bytes;

/// How long a browser stays logged in.
const SESSION: Duration = Duration::from_secs(12 * 3600);
/// The most bytes of the login page's form.
const FORM_MAX: usize = 16 << 10;

/// What the login page sends.
#[derive(Default)]
struct LoginForm {
    token: String,
    /// The path to go to afterwards.
    next: String,
}

impl LoginForm {
    fn read(body: &[u8]) -> LoginForm {
        let mut form = LoginForm::default();
        for (key, value) in form_urlencoded::parse(body) {
            match &*key {
                "token" => form.token = value.trim().to_owned(),
                "next" => form.next = value.into_owned(),
                _ => {}
            }
        }
        form
    }
}

/// `POST /login`: exchanges a token for a session cookie. A wrong token leads back to the login page.
pub async fn login(State(state): State<AppState>, request: Request) -> Result<Response, ApiError> {
    refuse_foreign_origin(request.headers(), &Method::POST)?;
    let (body, _held) = read_body(request.into_body(), FORM_MAX).await?;
    let form = LoginForm::read(&body);
    let hash = token_hash(&form.token);
    let next = if is_own_path(&form.next) { form.next.as_str() } else { "/" };
    match state.tokens.identity(hash, &state).await {
        Ok(_) => Ok(with_cookie(Redirect::to(next), &new_session(hash, &state).await?, SESSION, &state)),
        Err(error) if error.status == StatusCode::UNAUTHORIZED => {
            Ok(Redirect::to(&format!("/login?failed={}&next={}", error.code, escaped(next))).into_response())
        }
        Err(error) => Err(error),
    }
}

/// `POST /logout`: ends the session of this browser.
pub async fn logout(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, ApiError> {
    refuse_foreign_origin(&headers, &Method::POST)?;
    if let Some(session) = session(&headers, &state)
        && !state.tokens.drop_session(&session)
    {
        state.store.end_session(session).await?;
        state.tokens.clear();
    }
    Ok(with_cookie(Redirect::to("/login"), "", Duration::ZERO, &state))
}

/// Paths of this server only: `//host` would lead elsewhere.
fn is_own_path(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && !path.contains(char::is_control)
}

async fn new_session(token: [u8; 32], state: &AppState) -> Result<String, ApiError> {
    let cookie = hex::encode(random_bytes::<32>()?);
    let (session, ends) = (token_hash(&cookie), now() + SESSION);
    // Whoever wants to see why nothing can be written must be let in.
    if let Err(error) = state.store.begin_session(session, token, ends).await {
        tracing::warn!(%error, "failed to write down a session; it lasts until this server stops");
        state.tokens.hold_session(session, token, ends);
    }
    Ok(cookie)
}

fn with_cookie(answer: Redirect, value: &str, age: Duration, state: &AppState) -> Response {
    let secure = if state.config.is_reached_by_https() { "; Secure" } else { "" };
    let cookie = format!(
        "{}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{secure}",
        state.session_cookie,
        age.as_secs()
    );
    let mut response = answer.into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Hash of the session that the browser says it has.
pub(super) fn session(headers: &HeaderMap, state: &AppState) -> Option<[u8; 32]> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == state.session_cookie)?;
    Some(token_hash(value))
}

/// A browser tells where a changing request comes from; anything but this server is refused.
pub(super) fn refuse_foreign_origin(headers: &HeaderMap, method: &Method) -> Result<(), ApiError> {
    if method.is_safe() {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let same_site = text("sec-fetch-site").map(|site| site == "same-origin" || site == "none");
    let same_host = || {
        let origin = text("origin").and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
        origin.is_some() && origin == text("host")
    };
    if same_site.unwrap_or_else(same_host) {
        return Ok(());
    }
    let detail = "a session may only be used from this server's own pages; programs send a bearer token";
    Err(ApiError::new(StatusCode::FORBIDDEN, "foreign-origin", detail))
}

/// Text inside the query of a URL.
pub(super) fn escaped(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
