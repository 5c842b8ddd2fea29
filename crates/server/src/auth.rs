//! Who calls, and whether they may.

mod cache;
mod login;
mod pilot;

pub use cache::TokenCache;
pub use login::{login, logout};
pub use pilot::{PilotCaller, Reporter};

use crate::{ApiError, AppState};
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use model::{Permission, PilotId, Role};
use ring::digest;
use store::Scope;

/// Whom the server takes the caller for. As an extractor it refuses callers without a valid credential; a browser
/// that asks for a page is sent to the login page instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// User, or name of a factory, or number of a pilot.
    pub user: String,
    /// Group; may be empty.
    pub group: String,
    /// What the credential allows.
    pub role: Role,
    /// Sites that a site admin may act on, or whose PanDA pilots use the credential.
    pub sites: Vec<String>,
    /// The pilot of ours whose session the credential is.
    pub pilot: Option<PilotId>,
}

/// Name of the factory tokens that may act for a factory of any name: the one a server makes for its own directory.
pub const ANY_FACTORY: &str = "factory";

impl Identity {
    /// Refuses when the role does not include the permission.
    pub fn require(&self, permission: Permission) -> Result<(), ApiError> {
        if self.role.may(permission) {
            return Ok(());
        }
        let detail = format!("'{}' has the role {}, which does not include {permission:?}", self.user, self.role);
        Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", detail))
    }

    /// Refuses a factory that speaks for another one.
    pub fn require_factory(&self, name: &str) -> Result<(), ApiError> {
        self.require(Permission::RunFactory)?;
        if self.role != Role::Factory || self.user == name || self.user == ANY_FACTORY {
            return Ok(());
        }
        let detail = format!("the credential is that of the factory '{}', not of '{name}'", self.user);
        Err(ApiError::new(StatusCode::FORBIDDEN, "not-this-factory", detail))
    }

    /// Refuses a site admin of other sites.
    pub fn require_site(&self, site: &str) -> Result<(), ApiError> {
        if self.role != Role::SiteAdmin || self.sites.iter().any(|own| own == site) {
            return Ok(());
        }
        let detail = format!("'{}' is admin of {}, not of the site '{site}'", self.user, self.sites.join(", "));
        Err(ApiError::new(StatusCode::FORBIDDEN, "not-your-site", detail))
    }

    /// Whose jobs the caller may kill, retry and change.
    pub async fn job_scope(&self, state: &AppState) -> Result<Scope, ApiError> {
        let user = self.user.clone();
        if self.role == Role::SiteAdmin {
            let queues = state.store.queues().await?.into_iter();
            let queues = queues.filter(|queue| self.sites.contains(&queue.site)).map(|queue| queue.name).collect();
            return Ok(Scope::Queues { user, queues });
        }
        if self.role.may(Permission::ManageAllJobs) {
            return Ok(Scope::All);
        }
        self.require(Permission::ManageOwnJobs)?;
        match self.role.may(Permission::ManageGroupJobs) && !self.group.is_empty() {
            true => Ok(Scope::Group { user, group: self.group.clone() }),
            false => Ok(Scope::User(user)),
        }
    }
}

impl FromRequestParts<AppState> for Identity {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Identity, Response> {
        match identify(&parts.headers, &parts.method, state).await {
            Ok(identity) => Ok(identity),
            Err(error) if wants_page(parts) && error.status == StatusCode::UNAUTHORIZED => {
                let next = parts.uri.path_and_query().map_or("/", |path| path.as_str());
                Err(Redirect::to(&format!("/login?next={}", login::escaped(next))).into_response())
            }
            Err(error) => Err(error.into_response()),
        }
    }
}

fn wants_page(parts: &Parts) -> bool {
    let accepts = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    parts.method == Method::GET && accepts.contains("text/html") && !parts.uri.path().starts_with(wire::api::PREFIX)
}

/// Who sends these headers: by bearer token, or by the session of a browser.
pub async fn identify(headers: &HeaderMap, method: &Method, state: &AppState) -> Result<Identity, ApiError> {
    if let Some(token) = bearer(headers)? {
        return by_token(token, state).await;
    }
    if let Some(session) = login::session(headers, state) {
        login::refuse_foreign_origin(headers, method)?;
        return state.tokens.of_session(session, state).await;
    }
    let detail = "the call carries no credential; send 'Authorization: Bearer TOKEN'";
    Err(unauthorized("no-credential", detail))
}

async fn by_token(token: &str, state: &AppState) -> Result<Identity, ApiError> {
    if token.starts_with(wire::credential::TOKEN_PREFIX) {
        return state.tokens.identity(token_hash(token), state).await;
    }
    match state.key.read_pilot_token(token) {
        Some((pilot, _)) => {
            let (user, group, sites) = (pilot.to_string(), String::new(), Vec::new());
            Ok(Identity { user, group, role: Role::Pilot, sites, pilot: Some(pilot) })
        }
        None => Err(unauthorized("bad-credential", "the token is none of this server's")),
    }
}

/// The bearer token; an error when the header holds something else.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(unauthorized("bad-credential", "the Authorization header is not of the form 'Bearer TOKEN'")),
    }
}

pub(crate) fn unauthorized(code: &'static str, detail: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, code, detail)
}

/// SHA-256 of a token or secret; what the store keeps.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    hash
}

/// A page in a browser on this machine could call without a credential. Browsers tell the page's origin, a URL;
/// PanDA's clients send the name of their VO in the same header. What a person typed, and what our own pages link to, comes
/// from no other page.
pub(crate) fn is_foreign_page(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN.as_str()).unwrap_or_default();
    let is_other_site = text("sec-fetch-site").is_some_and(|site| !matches!(site, "none" | "same-origin"));
    origin == "null" || origin.contains("://") || is_other_site
}
