//! Style sheet, scripts and mark: embedded, named by their content, cached for ever.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;
use std::collections::HashMap;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Assets;

static URLS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let names = Assets::iter().filter_map(|name| {
        let hash = hex::encode(&Assets::get(&name)?.metadata.sha256_hash()[..8]);
        Some((name.to_string(), format!("/assets/{hash}/{name}")))
    });
    names.collect()
});

/// Where the browser finds an asset: its address changes with its content.
pub fn url(name: &str) -> &'static str {
    URLS.get(name).map_or("/assets/missing", String::as_str)
}

/// `GET /assets/{hash}/{name}`. An old hash gets the present content, without long caching.
pub async fn serve(Path((hash, name)): Path<(String, String)>) -> Response {
    let Some(file) = Assets::get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let is_current = url(&name) == format!("/assets/{hash}/{name}");
    let cache = if is_current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mime = file.metadata.mimetype().to_owned();
    let mut response = file.data.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"),
    );
    if let Ok(mime) = HeaderValue::from_str(&mime) {
        headers.insert(header::CONTENT_TYPE, mime);
    }
    response
}
