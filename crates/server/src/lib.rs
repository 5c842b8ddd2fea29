//! Who may ask what, and what do they see? Dispatcher, monitor, controller and pages behind one HTTP server.

pub mod auth;
pub mod config;
mod directory;
pub mod error;
pub mod hub;
mod listen;
pub mod pages;
pub mod panda;
mod start;
pub mod state;

pub use auth::Identity;
pub use config::{Config, TlsMode};
pub use error::ApiError;
pub use start::{Running, Server, StartError};
pub use state::AppState;

/// The time at this moment; the server's edge to the clock.
pub fn now() -> model::Time {
    jiff::Timestamp::now().into()
}
