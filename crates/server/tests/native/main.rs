//! The native interface of a real server on a free port, used as people, factories and pilots would.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

mod admin;
mod alarms;
mod commands;
mod configuration;
mod factory_counts;
mod harness;
mod history;
mod job_life;
mod keys;
mod leases;
mod log_keeping;
mod logs;
mod monitor;
mod nodes;
mod openapi;
mod orders;
mod permissions;
mod pilot_logs;
mod programs;
mod refusals;
mod retention;
mod secure;
mod service;
mod spools;
mod told;
mod two_servers;
mod uploads;
mod watching;
