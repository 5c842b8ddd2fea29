//! Tokens, and who the caller is.

use super::committed;
use crate::auth::{Identity, token_hash};
use crate::extract::{Body, Segments};
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::queue::check_name;
use model::{Permission, Role};
use std::time::Duration;
use store::NewTokenRow;
use wire::api::{NewToken, TokenList, TokenRequest};

/// The longest name, group or note, in bytes.
const TEXT_MAX: usize = 256;
/// The longest life of a token that has an end, in seconds: a hundred years.
const EXPIRES_MAX_S: u64 = 100 * 365 * 24 * 3600;

/// Makes a token. The answer is the only time it is seen.
#[utoipa::path(post, path = "/pilotage/v1/tokens", tag = "tokens", request_body = TokenRequest,
    responses((status = 200, body = NewToken), (status = "4XX", body = wire::api::Problem)))]
pub async fn create(
    State(state): State<AppState>,
    who: Identity,
    Body(request): Body<TokenRequest>,
) -> Result<Json<NewToken>, ApiError> {
    who.require(Permission::Administer)?;
    check(&request)?;
    let token = wire::credential::new_token()?;
    let now = now();
    tracing::info!(user = request.user, role = %request.role, issuer = who.user, "token made");
    let row = NewTokenRow {
        hash: token_hash(&token),
        user: request.user,
        group: request.group,
        role: request.role,
        sites: request.sites,
        note: request.note,
        expires: request.expires_s.map(|seconds| now + Duration::from_secs(seconds)),
        now,
    };
    let id = committed(&state, state.store.add_token(row)).await?;
    let id = id.ok_or_else(|| ApiError::internal("a new token is one that was made before"))?;
    Ok(Json(NewToken { id, token }))
}

fn check(request: &TokenRequest) -> Result<(), ApiError> {
    for (field, text) in [("user", &request.user), ("group", &request.group), ("note", &request.note)] {
        if text.len() > TEXT_MAX || text.contains(char::is_control) {
            let detail = format!("'{field}' has control characters or more than {TEXT_MAX} bytes");
            return Err(ApiError::invalid("bad-value", field, detail));
        }
    }
    if request.user.trim().is_empty() {
        return Err(ApiError::invalid("bad-value", "user", "'user' is empty"));
    }
    check_sites(request)?;
    match request.expires_s.filter(|seconds| !(1..=EXPIRES_MAX_S).contains(seconds)) {
        Some(seconds) => {
            let detail = format!("'expires_s' is {seconds}; it must be between 1 and {EXPIRES_MAX_S}");
            Err(ApiError::invalid("bad-value", "expires_s", detail))
        }
        None => Ok(()),
    }
}

/// Pilots of ours get their token by their hello; one that is made here is for the PanDA pilots of its sites.
fn check_sites(request: &TokenRequest) -> Result<(), ApiError> {
    let who = match request.role {
        Role::SiteAdmin => "a site admin",
        Role::Pilot => "a token for PanDA pilots",
        _ if request.sites.is_empty() => return Ok(()),
        role => {
            let detail = format!("the role {role} has no sites; site-admin and pilot have");
            return Err(ApiError::invalid("bad-value", "sites", detail));
        }
    };
    if request.sites.is_empty() {
        return Err(ApiError::invalid("missing-field", "sites", format!("{who} needs at least one site")));
    }
    let named = |error: model::queue::BadName| ApiError::invalid("bad-name", "sites", error.to_string());
    request.sites.iter().try_for_each(|site| check_name(site)).map_err(named)
}

/// All valid tokens, without the tokens themselves.
#[utoipa::path(get, path = "/pilotage/v1/tokens", tag = "tokens",
    responses((status = 200, body = TokenList), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(State(state): State<AppState>, who: Identity) -> Result<Json<TokenList>, ApiError> {
    who.require(Permission::Administer)?;
    let mut tokens = state.store.tokens(now()).await?;
    let used = state.tokens.used();
    tokens.iter_mut().for_each(|token| token.last_used = token.last_used.max(used.get(&token.id).copied()));
    Ok(Json(TokenList { tokens }))
}

/// Ends a token at once; on other servers of the same store within seconds.
#[utoipa::path(delete, path = "/pilotage/v1/tokens/{id}", tag = "tokens", params(("id" = i64, Path)),
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn revoke(
    State(state): State<AppState>,
    who: Identity,
    Segments(id): Segments<i64>,
) -> Result<StatusCode, ApiError> {
    who.require(Permission::Administer)?;
    let was_there = committed(&state, state.store.revoke_token(id)).await?;
    state.tokens.clear();
    tracing::info!(token = id, issuer = who.user, "token revoked");
    match was_there {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::missing("unknown-token", format!("there is no token {id}"))),
    }
}

/// Who the server takes the caller for.
#[utoipa::path(get, path = "/pilotage/v1/whoami", tag = "tokens",
    responses((status = 200, body = wire::api::Identity), (status = "4XX", body = wire::api::Problem)))]
pub async fn whoami(who: Identity) -> Json<wire::api::Identity> {
    Json(wire::api::Identity { user: who.user, group: who.group, role: who.role, sites: who.sites })
}
