//! The web pages of a running server, asked for as a browser does, and in a real browser.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop where it is")]

mod actions;
mod admin;
mod alarms;
mod browser;
mod configured;
mod control;
mod crawl;
mod ended;
mod grid;
mod log_search;
mod look;
mod reported;
mod screenshots;
mod showcase;
mod size;
mod world;
