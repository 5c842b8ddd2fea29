//! JSON that is posted to programs of others.

use crate::client::{http_client, reason};
use crate::tls::Trust;
use http::HeaderValue;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use std::time::Duration;

/// Header by which a receiver knows a repetition.
pub const REPETITION_KEY: &str = "idempotency-key";
/// The most characters of a refusal that are told.
const EXCERPT_MAX: usize = 120;
/// The most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 4096;

/// Posts JSON to a URL, with `secret` as bearer token when there is one. `key` is the same when it is posted again. What
/// went wrong is told in words without the URL, which may hold secrets.
pub async fn post(
    url: &str,
    secret: Option<&str>,
    key: &str,
    body: &impl serde::Serialize,
    timeout: Duration,
) -> Result<(), String> {
    let client = http_client(url, &Trust::System).map_err(|error| error.to_string())?;
    let body = serde_json::to_vec(body).map_err(|error| error.to_string())?;
    let mut request = client.post(url).timeout(timeout).header(CONTENT_TYPE, "application/json").body(body);
    request = request.header(REPETITION_KEY, key);
    if let Some(secret) = secret {
        let mut value = HeaderValue::from_str(&format!("Bearer {secret}"))
            .map_err(|_| "the secret has characters that a header cannot carry".to_owned())?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    let mut answer = request.send().await.map_err(|error| reason(&error))?;
    if answer.status().is_success() {
        return Ok(());
    }
    let mut said = Vec::new();
    while said.len() < ANSWER_BYTES_MAX
        && let Ok(Some(piece)) = answer.chunk().await
    {
        said.extend_from_slice(&piece);
    }
    let said = String::from_utf8_lossy(&said);
    let words: String = said.trim().chars().filter(|c| !c.is_control()).take(EXCERPT_MAX).collect();
    let end = if words.is_empty() { String::new() } else { format!(": {words}") };
    Err(format!("it answered {}{end}", answer.status().as_u16()))
}
