//! Every page for programs: the same address with `.json` at the end of its path.

use axum::Router;
use axum::extract::Request;
use http::Uri;
use tower::Layer;
use tower::util::MapRequestLayer;

const ENDING: &str = ".json";
/// The first part of the paths of pages; other interfaces have addresses of their own that end so.
const PAGES: [&str; 18] = [
    "admin",
    "overview",
    "alarms",
    "red",
    "jobs",
    "queues",
    "sites",
    "regions",
    "tags",
    "pilots",
    "nodes",
    "factories",
    "decisions",
    "commands",
    "orders",
    "errors",
    "efficiency",
    "search",
];

/// Marks a request whose path had the ending.
#[derive(Clone, Copy, Debug)]
pub struct AsJson;

/// The same router, which also knows each page with the ending; `/overview.json` is that of `/`.
pub fn layer(inner: Router) -> Router {
    Router::new().fallback_service(MapRequestLayer::new(without_ending).layer(inner))
}

fn without_ending(mut request: Request) -> Request {
    if let Some(uri) = page_of(request.uri()) {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(AsJson);
    }
    request
}

fn page_of(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix(ENDING)?;
    let first = path.split('/').nth(1)?;
    if !PAGES.contains(&first) {
        return None;
    }
    let path = if path == "/overview" { "/" } else { path };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{path}{query}").parse().ok()
}

/// The address of a page for programs; none when it has none.
pub fn address(url: &str) -> Option<String> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path = if path == "/" { "/overview" } else { path };
    let address = match query {
        "" => format!("{path}{ENDING}"),
        query => format!("{path}{ENDING}?{query}"),
    };
    page_of(&address.parse().ok()?).map(|_| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_have_the_ending() {
        let page = |uri: &str| page_of(&uri.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(page("/queues/slurm.json?range=30d").as_deref(), Some("/queues/slurm?range=30d"));
        assert_eq!(page("/overview.json").as_deref(), Some("/"));
        assert_eq!(page("/pilotage/v1/openapi.json"), None);
        assert_eq!(page("/logs/f1/index.json"), None);
        assert_eq!(page("/queues/a%2Ejson"), None);
        assert_eq!(address("/queues/a?range=1y").as_deref(), Some("/queues/a.json?range=1y"));
        assert_eq!(address("/").as_deref(), Some("/overview.json"));
        assert_eq!(address("/login"), None);
    }
}
