//! Who may ask what, and what do they see? Dispatcher, monitor, controller and pages behind one HTTP server.

mod aggregates;
pub mod apfmon;
pub mod api;
pub mod attention;
pub mod auth;
pub mod bells;
pub mod brokerage;
mod changes;
pub mod config;
mod counted;
mod directory;
mod duties;
pub mod error;
pub mod events;
pub mod extract;
pub mod hub;
mod in_process;
mod listen;
pub mod live;
mod measure;
pub mod metrics;
pub mod names;
pub mod objects;
pub mod pages;
pub mod panda;
pub mod pilot_log;
mod places;
mod remembered;
mod start;
pub mod state;
pub mod waiters;

pub use auth::Identity;
pub use config::{Alarms, Config, Destination, LogKeeping, MailServer, Receiver, TlsMode, Watermark};
pub use error::ApiError;
pub use start::{Running, Server, StartError};
pub use state::AppState;

/// The time at this moment; the server's edge to the clock.
pub fn now() -> model::Time {
    jiff::Timestamp::now().into()
}

/// The OpenAPI document of the native interface, as it is checked in.
pub fn openapi() -> &'static str {
    api::openapi::text()
}
