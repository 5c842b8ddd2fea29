//! Pilots as callers.

use super::{Identity, bearer, unauthorized};
use crate::{ApiError, AppState};
use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use model::{Permission, PilotId};

/// A pilot that showed the session token of its hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PilotCaller {
    /// The pilot.
    pub pilot: PilotId,
    /// The incarnation that said hello.
    pub incarnation: u32,
}

impl PilotCaller {
    /// Refuses a pilot that uses another one's path.
    pub fn must_be(self, pilot: PilotId) -> Result<(), ApiError> {
        if self.pilot == pilot {
            return Ok(());
        }
        let detail = format!("the token is that of pilot {}, the call is about pilot {pilot}", self.pilot);
        Err(ApiError::new(StatusCode::FORBIDDEN, "not-this-pilot", detail))
    }
}

/// Who may report about the jobs of a pilot, each of which carries a token of its own.
pub enum Reporter {
    /// The pilot.
    Pilot(PilotCaller),
    /// Its factory, after its end.
    Factory(Identity),
}

impl FromRequestParts<AppState> for Reporter {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Reporter, ApiError> {
        let is_factory = |who: &Identity| who.role.may(Permission::RunFactory);
        match super::identify(&parts.headers, &parts.method, state).await {
            Ok(who) if is_factory(&who) => Ok(Reporter::Factory(who)),
            _ => PilotCaller::from_request_parts(parts, state).await.map(Reporter::Pilot),
        }
    }
}

impl FromRequestParts<AppState> for PilotCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<PilotCaller, ApiError> {
        let Some(token) = bearer(&parts.headers)? else {
            return Err(unauthorized("no-credential", "the call carries no credential; send the token of the hello"));
        };
        if let Some((pilot, incarnation)) = state.key.read_pilot_token(token) {
            return Ok(PilotCaller { pilot, incarnation });
        }
        let identity = super::identify(&parts.headers, &parts.method, state).await?;
        identity.require(Permission::RunPilot)?;
        Err(unauthorized("bad-credential", "the token is none of a pilot"))
    }
}
