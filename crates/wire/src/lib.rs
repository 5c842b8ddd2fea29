//! How Pilotage's processes talk, and prove who they are.

pub mod api;
