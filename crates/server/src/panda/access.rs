//! Who may call the PanDA face.

use crate::{AppState, auth};
use http::request::Parts;
use model::Permission;

/// Why a caller is refused; upstream answers 403 with such a text.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("this interface is not for pages of other servers")]
    ForeignPage,
    #[error("{0}")]
    Credential(String),
    #[error("the token is not for the site of this call")]
    Site,
}

/// Which sites a caller may speak for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Any.
    Everywhere,
    /// These.
    Sites(Vec<String>),
}

impl Access {
    /// Whether the caller may speak for a site.
    pub(super) fn covers(&self, site: &str) -> bool {
        match self {
            Access::Everywhere => true,
            Access::Sites(sites) => sites.iter().any(|own| own == site),
        }
    }
}

/// Lets everybody in on loopback, as `--compat` says; elsewhere a bearer token is needed, of a factory or for the PanDA
/// pilots of some sites. A pilot of ours has no business here, least of all after its end.
pub(super) async fn check(parts: &Parts, state: &AppState) -> Result<Access, Refused> {
    if auth::is_foreign_page(&parts.headers) {
        return Err(Refused::ForeignPage);
    }
    if state.config.is_private() {
        return Ok(Access::Everywhere);
    }
    let identity = auth::identify(&parts.headers, &parts.method, state).await;
    let identity = identity.map_err(|error| Refused::Credential(error.detail))?;
    if identity.role.may(Permission::RunFactory) {
        return Ok(Access::Everywhere);
    }
    if identity.role.may(Permission::RunPilot) && identity.pilot.is_none() {
        return Ok(Access::Sites(identity.sites));
    }
    Err(Refused::Credential(format!("'{}' has the role {}, which runs no PanDA pilots", identity.user, identity.role)))
}

#[cfg(test)]
mod tests {
    use crate::auth::is_foreign_page;
    use http::{HeaderMap, HeaderValue};

    #[test]
    fn pages_are_told_from_clients() {
        let with = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            is_foreign_page(&headers)
        };
        assert!(!is_foreign_page(&HeaderMap::new()));
        assert!(!with("origin", "atlas.pilot"));
        assert!(with("origin", "http://evil.example"));
        assert!(with("origin", "null"));
        assert!(with("sec-fetch-site", "cross-site"));
        assert!(!with("sec-fetch-site", "none"), "somebody typed it");
    }
}
