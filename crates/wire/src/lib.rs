//! How Pilotage's processes talk, and prove who they are.

pub mod apfmon;
pub mod api;
pub mod client;
pub mod credential;
pub mod download;
pub mod oidc;
pub mod panda;
pub mod pilot_secret;
pub mod spool;
pub mod tls;
pub mod upload;
pub mod webhook;

pub use client::{Client, ClientConfig, Error, InProcess};
pub use pilot_secret::PilotSecret;
pub use spool::Spool;
