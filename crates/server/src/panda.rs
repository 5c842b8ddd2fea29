//! The PanDA face: what unmodified PanDA pilots and clients call.

mod answer;
mod arguments;
mod body;
mod error_codes;
mod labels;
mod queue_data;
mod record;
mod script;

use crate::AppState;
use axum::Router;

/// PanDA's paths, to be merged into the server's router when the configuration asks for them.
pub fn router() -> Router<AppState> {
    Router::new()
}
