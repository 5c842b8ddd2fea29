//! Web pages, rendered on the server: one template serves the first load and every live update.
//!
//! A page is a view (a value that a template is written from) and a handler that reads what the view needs through
//! [`reading`], the same way as the API does. Handlers hold no logic of their own.

mod assets;
mod cells;
mod decisions;
mod elsewhere;
mod factories;
mod factory;
mod frame;
mod handlers;
mod job;
mod jobs;
mod label;
mod label_pilots;
mod link;
mod log_index;
mod login;
mod moment;
mod number;
mod overview;
mod pilot;
mod pilots;
mod plots;
mod problem;
mod queue;
mod queues;
mod reading;
mod result;
mod tone;
mod words;

pub use elsewhere::{Elsewhere, Links};
pub use number::bytes as in_bytes;
pub use words::sentence as decision_sentence;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod views_test;

use crate::AppState;
use axum::Router;
use axum::routing::{get, post};

/// All pages, to be merged into the server's router.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(handlers::overview))
        .route("/login", get(login::show))
        .route("/jobs", get(handlers::jobs))
        .route("/jobs/{id}", get(handlers::job))
        .route("/jobs/{id}/kill", post(handlers::kill))
        .route("/jobs/{id}/retry", post(handlers::retry))
        .route("/queues", get(handlers::queues))
        .route("/queues/{name}", get(handlers::queue))
        .route("/pilots", get(handlers::pilots))
        .route("/pilots/{id}", get(handlers::pilot))
        .route("/pilots/{id}/drain", post(handlers::drain))
        .route("/factories", get(handlers::factories))
        .route("/factories/{name}", get(handlers::factory))
        .route("/factories/{name}/labels/{label}", get(handlers::label))
        .route("/decisions", get(handlers::decisions))
        .route("/logs", get(handlers::slashed))
        .route("/logs/", get(handlers::logs))
        .route("/logs/{factory}", get(handlers::slashed))
        .route("/logs/{factory}/", get(handlers::logs_of_factory))
        .route("/logs/{factory}/{date}", get(handlers::slashed))
        .route("/logs/{factory}/{date}/", get(handlers::logs_of_day))
        .route("/logs/{factory}/{date}/{label}", get(handlers::slashed))
        .route("/logs/{factory}/{date}/{label}/", get(handlers::logs_of_label))
        .route("/assets/{hash}/{name}", get(assets::serve))
        .fallback(handlers::missing)
}
