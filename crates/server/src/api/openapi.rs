//! The OpenAPI document, made from the handlers.

use axum::response::IntoResponse;
use http::{HeaderValue, header};
use std::sync::LazyLock;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Pilotage", description = "One job queue over many clusters: the native interface."),
    modifiers(&Bearer),
    security(("token" = [])),
    paths(
        super::submit::submit, super::submit::submit_bulk, super::jobs::list, super::jobs::count_route,
        super::jobs::failures, super::jobs::wait, super::jobs::kill, super::jobs::retry, super::jobs::show,
        super::log_read::read, super::log_write::write, super::outputs::list, super::outputs::read,
        super::outputs::write, super::pilot_list::list, super::pilot_list::show, super::pilot_ends::list,
        super::pilot_errors::list, super::pilot_errors::history, super::core_time::list, super::core_time::history, super::nodes::list, super::find::find,
        super::history::read, super::pilot_search::search, super::told::feed, super::told::of_pilot,
        super::labels::list, super::factories::announce, super::factories::batch, super::pilot_hello::hello,
        super::pilot_work::lease, super::pilot_work::report, super::pilot_work::heartbeat, super::pilot_work::exit,
        super::commands::poll_pilot, super::pilot_lines::read, super::pilot_logs::write, super::pilot_logs::read,
        super::pilot_logs::read_by_path, super::log_index::all, super::log_index::of_factory,
        super::log_index::of_day, super::log_index::of_label, super::queues::list, super::queues::show,
        super::queues::put_queue, super::queues::set_status, super::queues::sites, super::queues::tags,
        super::queues::demand, super::decisions::add, super::decisions::list, super::factories::list,
        super::configuration::outline, super::configuration::sections, super::configuration::show,
        super::factories::pilots, super::factories::heartbeat, super::commands::poll_factory, super::commands::give,
        super::commands::list, super::commands::outcome, super::orders::give, super::orders::list, super::orders::end,
        super::alarms::list, super::alarms::show, super::alarms::acknowledge, super::alarms::comment,
        super::silences::list, super::silences::create, super::silences::end, super::programs::list,
        super::programs::read, super::programs::write, super::programs::remove, super::tokens::create,
        super::tokens::list, super::tokens::revoke, super::tokens::whoami, super::backup::backup,
        super::service::events, super::service::metrics, super::service::healthz, super::service::readyz,
    )
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut text = Document::openapi().to_pretty_json().unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"));
    text.push('\n');
    text
});

/// The document as it is checked in.
pub fn text() -> &'static str {
    &TEXT
}

/// Serves the document; needs no credential.
pub async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text())
}
