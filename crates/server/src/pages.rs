//! Web pages, rendered on the server.

use crate::AppState;
use axum::Router;

/// All pages, to be merged into the server's router.
pub fn router() -> Router<AppState> {
    Router::new()
}
