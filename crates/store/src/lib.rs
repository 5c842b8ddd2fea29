//! What is remembered: jobs, pilots, queues, decisions, commands, tokens and logs, on SQLite or PostgreSQL.
//!
//! All methods of [`Store`] are async and may be called from any task; a `Store` is cheap to clone. A method that
//! changes something answers after the commit. No method takes the time from a clock: who calls passes `now`.

mod alarms;
mod archive;
mod backup;
mod change;
mod commands;
mod config;
mod configuration;
mod decisions;
mod discarded;
mod duty;
mod engine;
mod error;
mod factories;
mod jobs;
mod lock;
mod logs;
mod meta;
mod migrate;
mod notify;
mod orders;
mod page;
mod pilots;
mod private;
mod programs;
mod queues;
mod reader;
mod reported;
mod retention;
mod sessions;
mod shared;
mod store;
mod tokens;
mod tx;
mod writer;
mod writing;

#[cfg(test)]
mod tests;

pub use alarms::facts::LastDecision;
pub use alarms::outbox::{Message, NewMessage};
pub use archive::Archived;
pub use change::{ChangeSet, LogName};
pub use commands::{CommandFilter, NewCommand, Taken, Taker};
pub use config::{AttemptPolicy, Location, StoreConfig, bad_url};
pub use configuration::ConfigurationOutline;
pub use decisions::DecisionFilter;
pub use error::{Error, Result};
pub use jobs::broker::{Destination, WaitingRange};
pub use jobs::counts::{CountScope, JobKind};
pub use jobs::kill::{KillRequest, Scope};
pub use jobs::lease::{LeaseCall, LeaseFilter, LeasedJob, LeasedSpec, Leases};
pub use jobs::list::JobFilter;
pub use jobs::lose::{HeldJob, LostAttempt};
pub use jobs::retry::RetryRequest;
pub use jobs::submit::{Accepted, NewJobs, SubmitCall};
pub use logs::{JobOutput, LOG_KEPT_MAX, LogAppend, LogFrom, LogPosition, LogSlice};
pub use orders::OrderFilter;
pub use page::Page;
pub use pilots::announce::Announcement;
pub use pilots::batch::BatchRefusal;
pub use pilots::core_time::{CoreTimeOfPart, LabelCoreTime};
pub use pilots::ends::FaultsAt;
pub use pilots::events::{ToldFilter, ToldPage};
pub use pilots::hello::{Greeting, HelloCall};
pub use pilots::history::{FactoryFlow, HistoryOf, LabelFlow, PilotDurations};
pub use pilots::leave::PilotEnd;
pub use pilots::list::{LabelCount, PilotFilter};
pub use pilots::messages::MessageCount;
pub use pilots::nodes::NodeFlow;
pub use programs::ProgramRow;
pub use queues::QueueOrigin;
pub use reported::factories::{FactoryReport, REPORTED_FACTORIES_MAX, Registered};
pub use reported::labels::{LabelReport, LabelsReported};
pub use reported::pilots::{Claimant, PilotClaim, Verdict};
pub use reported::silent::SilentPilot;
pub use retention::kept;
pub use retention::removals::{Removable, Removal};
pub use store::{Health, Store};
pub use tokens::{NewTokenRow, TokenOwner};
pub use writing::WriteTrouble;
