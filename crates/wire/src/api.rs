//! Requests and answers of `/pilotage/v1/`, shared by the server and everything that calls it.

mod alarm;
mod backup;
mod command;
mod decision;
mod factory;
mod history;
mod job;
mod label;
mod log_index;
mod log_lines;
mod monitor;
mod order;
mod pilot;
mod problem;
mod program;
mod queue;
mod token;
mod told;

pub use alarm::*;
pub use backup::*;
pub use command::*;
pub use decision::*;
pub use factory::*;
pub use history::*;
pub use job::*;
pub use label::*;
pub use log_index::*;
pub use log_lines::*;
pub use monitor::*;
pub use order::*;
pub use pilot::*;
pub use problem::*;
pub use program::*;
pub use queue::*;
pub use token::*;
pub use told::*;

/// Path prefix of the native interface.
pub const PREFIX: &str = "/pilotage/v1";
/// Header that makes a repeated submission harmless: the same key by the same user gets the first answer again. With
/// another request it is refused.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The most rows of one page of a listing.
pub const PAGE_MAX: u32 = 1000;
/// The most jobs of one bulk submission.
pub const BULK_MAX: usize = 10_000;
/// The most jobs of one lease.
pub const LEASE_MAX: u32 = 512;
/// The most slots that one lease call may ask jobs for.
pub const LEASE_SLOTS_MAX: u32 = 8192;
/// The most reports of one request.
pub const REPORTS_MAX: usize = 2000;
/// The most pilots of one announcement.
pub const ANNOUNCE_MAX: u32 = 10_000;
/// Code of the problem that a factory gets whose name another process has.
pub const FACTORY_TAKEN: &str = "factory-taken";
/// The longest long poll, in seconds.
pub const LONG_POLL_MAX_S: u32 = 60;
/// The most bytes of one output file that the server keeps.
pub const OUTPUT_MAX: u64 = 2 << 30;
/// The most bytes of one log chunk.
pub const LOG_CHUNK_MAX: usize = 1 << 20;
/// The most bytes of one output of one attempt that the server keeps.
pub const LOG_MAX: u64 = 1 << 30;
