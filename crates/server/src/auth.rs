//! Who calls, and whether they may.

use crate::{ApiError, AppState};
use axum::extract::FromRequestParts;
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use model::{Permission, Role};

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
    /// Sites that a site admin may act on.
    pub sites: Vec<String>,
}

impl Identity {
    /// Refuses when the role does not include the permission.
    pub fn require(&self, permission: Permission) -> Result<(), ApiError> {
        if self.role.may(permission) {
            return Ok(());
        }
        let detail = format!("the role {} does not include the permission {permission:?}", self.role);
        Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", detail))
    }
}

impl FromRequestParts<AppState> for Identity {
    type Rejection = Response;

    async fn from_request_parts(_parts: &mut Parts, _state: &AppState) -> Result<Identity, Response> {
        use axum::response::IntoResponse;
        Err(ApiError::new(StatusCode::UNAUTHORIZED, "no-credential", "send a token").into_response())
    }
}
