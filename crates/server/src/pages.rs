//! Web pages, rendered on the server: one template serves the first load and every live update.
//!
//! A page is a view (a value that a template is written from) and a handler that reads what the view needs through
//! [`reading`], the same way as the API does. Handlers hold no logic of their own.

mod assets;
mod cells;
mod decisions;
mod factories;
mod factory;
mod frame;
mod job;
mod jobs;
mod link;
mod moment;
mod number;
mod overview;
mod pilot;
mod pilots;
mod problem;
mod queue;
mod queues;
mod result;
mod tone;
mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod views_test;

use crate::AppState;
use axum::Router;
use axum::routing::get;

/// All pages, to be merged into the server's router.
pub fn router() -> Router<AppState> {
    Router::new().route("/assets/{hash}/{name}", get(assets::serve))
}
