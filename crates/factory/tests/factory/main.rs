//! The factory with local pilots and a server that is simulated behind the same calls.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

mod apf;
mod asked;
mod autopyfactory;
mod closing;
mod commands;
mod configuration;
mod crash;
mod credentials;
mod cycle;
mod documented;
mod grid_proxy;
mod jobs;
mod monitor;
mod orders;
mod programs;
mod refusal;
mod reload;
mod renewal;
mod running;
mod server;
mod silence;
mod site;
mod sources;
mod steps;
mod test_pilots;
mod tokens;
mod web;
