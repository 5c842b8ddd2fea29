//! Who may call the APFmon face, and where a call comes from.

use super::{Access, Face};
use crate::listen::Peer;
use crate::{ApiError, Identity, auth};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use ipnet::IpNet;
use model::Permission;
use std::net::IpAddr;

/// Who calls.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Its address; empty within the process.
    pub(super) address: String,
    /// Whom its token says it is; none where none is needed.
    identity: Option<Identity>,
}

impl Caller {
    /// Whether the caller's role includes the permission; where no token is needed, everybody's does.
    pub(super) fn require(&self, permission: Permission) -> Result<(), ApiError> {
        self.identity.as_ref().map_or(Ok(()), |identity| identity.require(permission))
    }

    /// Whether the caller may report for a factory: with a token, for the factories that it is for.
    pub(super) fn may_report(&self, factory: &str) -> Result<(), ApiError> {
        self.identity.as_ref().map_or(Ok(()), |identity| identity.require_factory(factory))
    }
}

/// Lets in whom the configuration lets in.
pub(super) async fn check(parts: &Parts, face: &Face) -> Result<Caller, ApiError> {
    if auth::is_foreign_page(&parts.headers) {
        let detail = "this interface is not for pages of other servers";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "foreign-page", detail));
    }
    let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
    let from = peer.map(|peer| origin(peer, &parts.headers, &face.state.config.trusted_proxies));
    let address = from.map(|from| from.to_string()).unwrap_or_default();
    let is_open = match &face.config.access {
        Access::Auto => face.state.config.is_private(),
        Access::Open => true,
        Access::Networks(networks) => from.is_none_or(|from| networks.iter().any(|network| network.contains(&from))),
        Access::Token => false,
    };
    if is_open {
        return Ok(Caller { address, identity: None });
    }
    let identity = auth::identify(&with_bearer(&parts.headers), &Method::GET, &face.state).await?;
    identity.require(Permission::RunFactory)?;
    Ok(Caller { address, identity: Some(identity) })
}

/// Clients of the field can put a token in the URL only, as a password, which they send as basic credentials.
fn with_bearer(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let encoded =
        basic.and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let decoded = encoded.and_then(|(_, text)| BASE64_STANDARD.decode(text.trim()).ok());
    let password =
        decoded.and_then(|bytes| String::from_utf8(bytes).ok()?.split_once(':').map(|(_, word)| word.to_owned()));
    if let Some(value) = password.and_then(|word| HeaderValue::from_str(&format!("Bearer {word}")).ok()) {
        headers.insert(header::AUTHORIZATION, value);
    }
    headers
}

/// The address behind proxies that are trusted: the last one of `X-Forwarded-For` that is none of them.
fn origin(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let forwarded: Vec<IpAddr> =
        forwarded.flat_map(|text| text.split(',')).filter_map(|text| text.trim().parse().ok()).collect();
    let mut from = peer.to_canonical();
    for before in forwarded.into_iter().rev() {
        if !is_trusted(&from) {
            break;
        }
        from = before.to_canonical();
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let from = |peer: &str, forwarded: &'static str| {
            origin(peer.parse().unwrap(), &headers(&[("x-forwarded-for", forwarded)]), &trusted).to_string()
        };
        assert_eq!(from("10.1.1.1", "192.0.2.7"), "192.0.2.7");
        assert_eq!(from("10.1.1.1", "203.0.113.9, 192.0.2.7, 10.2.2.2"), "192.0.2.7");
        assert_eq!(from("192.0.2.8", "203.0.113.9"), "192.0.2.8", "it may say what it wants");
        assert_eq!(from("::ffff:10.1.1.1", "192.0.2.7"), "192.0.2.7");
        assert_eq!(from("10.1.1.1", ""), "10.1.1.1");
    }

    #[test]
    fn a_password_of_the_url_is_a_token() {
        let basic = format!("Basic {}", BASE64_STANDARD.encode("any:plt_x"));
        let mut sent = HeaderMap::new();
        sent.insert(header::AUTHORIZATION, HeaderValue::from_str(&basic).unwrap());
        assert_eq!(with_bearer(&sent)[header::AUTHORIZATION], "Bearer plt_x");
        let bearer = headers(&[("authorization", "Bearer y")]);
        assert_eq!(with_bearer(&bearer), bearer);
    }
}
