//! Web pages, rendered on the server: one template serves the first load and every live update.
//!
//! A page is a view (a value that a template is written from) and a handler that reads what the view needs through
//! [`reading`], the same way as the API does. Handlers hold no logic of their own; they come last in the file of
//! their page.

mod about;
mod activity;
mod admin;
mod alarm;
mod alarm_forms;
mod alarms;
mod as_json;
mod assets;
mod cells;
mod commands;
mod configuration;
mod control;
mod decisions;
mod efficiency;
mod elsewhere;
mod ended;
mod error_times;
mod errors;
mod factories;
mod factory;
mod factory_row;
mod frame;
mod group;
mod groups;
mod help;
mod job;
mod jobs;
mod label;
mod label_pilots;
mod link;
mod log_index;
mod log_search;
mod login;
mod messages;
mod moment;
mod native_states;
mod node;
mod nodes;
mod number;
mod open_alarms;
mod orders;
mod overview;
mod pilot;
mod pilots;
mod plots;
mod problem;
mod queue;
mod queue_row;
mod queues;
mod reading;
mod red;
mod result;
mod search;
mod sorting;
mod ticket;
mod times;
mod tone;
mod trouble_tabs;
mod use_of_cores;
mod words;

pub use activity::HOURS as ACTIVITY_HOURS;
pub use as_json::layer as as_json;
pub use elsewhere::{Elsewhere, Links};
pub use number::bytes as in_bytes;
pub(crate) use problem::missing_for as missing;
pub use words::sentence as decision_sentence;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod views_test;

use crate::AppState;
use axum::Router;
use axum::routing::{get, post};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

/// All pages, to be merged into the server's router.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(overview::show))
        .route("/login", get(login::show))
        .route("/admin", get(admin::show))
        .route("/admin/silences/{id}/end", post(admin::end_silence))
        .route("/admin/tokens/{id}/revoke", post(admin::revoke))
        .route("/red", get(red::show))
        .route("/alarms", get(alarms::show))
        .route("/alarms/count", get(open_alarms::show))
        .route("/alarms/{id}", get(alarm::show))
        .route("/alarms/{id}/acknowledge", post(alarm_forms::acknowledge))
        .route("/alarms/{id}/comment", post(alarm_forms::comment))
        .route("/alarms/{id}/silence", post(alarm_forms::silence))
        .route("/silences/{id}/end", post(alarm_forms::end_silence))
        .route("/jobs", get(jobs::show))
        .route("/jobs/{id}", get(job::show))
        .route("/jobs/{id}/kill", post(job::kill))
        .route("/jobs/{id}/retry", post(job::retry))
        .route("/queues", get(queues::show))
        .route("/queues/{name}", get(queue::show))
        .route("/pilots", get(pilots::show))
        .route("/pilots/{id}", get(pilot::show))
        .route("/pilots/{id}/drain", post(pilot::drain))
        .route("/factories", get(factories::show))
        .route("/factories/{name}", get(factory::show))
        .route("/factories/{name}/labels/{label}", get(label::show))
        .route("/sites", get(groups::sites))
        .route("/sites/{name}", get(group::site))
        .route("/regions", get(groups::regions))
        .route("/regions/{name}", get(group::region))
        .route("/tags", get(groups::tags))
        .route("/tags/{name}", get(group::tag))
        .route("/nodes", get(nodes::show))
        .route("/nodes/{name}", get(node::show))
        .route("/errors", get(errors::show))
        .route("/efficiency", get(efficiency::show))
        .route("/search", get(search::show))
        .route("/help", get(help::show))
        .route("/factories/{name}/cycle", post(control::cycle))
        .route("/factories/{name}/stop", post(control::stop))
        .route("/factories/{name}/orders", post(control::hold_factory))
        .route("/factories/{name}/labels/{label}/orders", post(control::hold_label))
        .route("/factories/{name}/labels/{label}/test", post(control::test))
        .route("/orders", get(orders::show))
        .route("/orders/{id}/end", post(control::end))
        .route("/commands", get(commands::show))
        .route("/decisions", get(decisions::show))
        .route("/logs", get(log_index::slashed))
        .route("/logs/", get(log_index::logs))
        .route("/logs/{factory}", get(log_index::slashed))
        .route("/logs/{factory}/", get(log_index::logs_of_factory))
        .route("/logs/{factory}/{date}", get(log_index::slashed))
        .route("/logs/{factory}/{date}/", get(log_index::logs_of_day))
        .route("/logs/{factory}/{date}/{label}", get(log_index::slashed))
        .route("/logs/{factory}/{date}/{label}/", get(log_index::logs_of_label))
        .route("/assets/{hash}/{name}", get(assets::serve))
        .fallback(problem::missing)
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
}
