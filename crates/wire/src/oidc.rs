//! Access tokens by OAuth 2.0 client credentials (RFC 6749, section 4.4), from an issuer found by OpenID discovery.

use crate::client::{http_client, is_loopback, reason};
use crate::tls::Trust;
use http::StatusCode;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The most bytes of an answer.
const ANSWER_MAX: usize = 1 << 20;

/// Who wants a token of whom.
pub struct Grant<'a> {
    /// Base URL of the issuer.
    pub issuer: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// Its secret.
    pub client_secret: &'a str,
    /// What the token is to allow; the issuer's choice when empty.
    pub scopes: &'a [String],
    /// Who is to accept it; the issuer's choice when empty.
    pub audience: &'a str,
    /// Whom to trust to be the issuer.
    pub trust: &'a Trust,
    /// Longest time for each answer.
    pub timeout: Duration,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[error("get a token from {url}: {reason}")]
pub struct OidcError {
    /// Who was asked.
    pub url: String,
    /// What went wrong.
    pub reason: String,
}

/// What discovery answers.
#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    token_endpoint: String,
}

/// What the token end point answers.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
}

/// What it answers when it refuses.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
    error_description: String,
}

impl Grant<'_> {
    /// Asks for a token.
    pub async fn token(&self) -> Result<String, OidcError> {
        let issuer = self.issuer.trim_end_matches('/');
        let discovery = format!("{issuer}/.well-known/openid-configuration");
        let found: Configuration = self.ask(&discovery, self.client(&discovery)?.get(&discovery)).await?;
        // Otherwise one issuer could have tokens made in the name of another.
        if found.issuer.trim_end_matches('/') != issuer {
            return Err(failed(&discovery, format!("it is '{}' that answers", found.issuer)));
        }
        let url = found.token_endpoint;
        // RFC 6749, section 2.3.1: both are encoded as in forms before they become user and password.
        let [id, secret] = [self.client_id, self.client_secret].map(encoded);
        let post = self.client(&url)?.post(&url).basic_auth(id, Some(secret)).body(self.form());
        let post =
            post.header("content-type", "application/x-www-form-urlencoded").header("accept", "application/json");
        let answer: Answer = self.ask(&url, post).await?;
        Ok(answer.access_token)
    }

    fn form(&self) -> String {
        let (scopes, mut fields) = (self.scopes.join(" "), vec![("grant_type", "client_credentials")]);
        let optional = [("scope", &*scopes), ("audience", self.audience)];
        fields.extend(optional.into_iter().filter(|(_, value)| !value.is_empty()));
        serde_urlencoded::to_string(fields).unwrap_or_default()
    }

    fn client(&self, url: &str) -> Result<Client, OidcError> {
        if !keeps_secrets(url) {
            return Err(failed(url, "a secret is sent to https:// only, or to this machine".to_owned()));
        }
        http_client(url, self.trust).map_err(|error| failed(url, error.to_string()))
    }

    async fn ask<T: DeserializeOwned>(&self, url: &str, request: RequestBuilder) -> Result<T, OidcError> {
        let mut response = request.timeout(self.timeout).send().await.map_err(|error| failed(url, reason(&error)))?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(url, reason(&error)))? {
            if body.len() + chunk.len() > ANSWER_MAX {
                return Err(failed(url, format!("the answer has more than {ANSWER_MAX} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        if status != StatusCode::OK {
            let Refusal { error, error_description } = serde_json::from_slice(&body).unwrap_or_default();
            let words = [format!("it answered {status}"), error, error_description];
            return Err(failed(
                url,
                words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(": "),
            ));
        }
        // The answer may hold a secret, and so may what is said about its mistakes.
        serde_json::from_slice(&body).map_err(|_| failed(url, "the answer is not what such a server says".to_owned()))
    }
}

fn failed(url: &str, reason: String) -> OidcError {
    OidcError { url: url.to_owned(), reason }
}

fn encoded(text: &str) -> String {
    let pair = serde_urlencoded::to_string([("", text)]).unwrap_or_default();
    pair.trim_start_matches('=').to_owned()
}

fn keeps_secrets(url: &str) -> bool {
    url.starts_with("https://") || (url.starts_with("http://") && is_loopback(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_sent_where_nobody_listens() {
        let urls = ["https://iam.example/", "http://127.0.0.1:1/", "http://iam.example/", "ftp://127.0.0.1/", "x"];
        assert_eq!(urls.map(keeps_secrets), [true, true, false, false, false]);
    }

    #[test]
    fn what_forms_cannot_hold_is_encoded() {
        assert_eq!(encoded("a b:=&ü"), "a+b%3A%3D%26%C3%BC");
        assert_eq!(encoded("="), "%3D");
    }
}
