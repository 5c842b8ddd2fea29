//! The things Pilotage works on and what may happen to them.
//!
//! Pure values only: no I/O, no async, no clock. Whoever needs the time passes a [`Time`] in.

pub mod alarm;
pub mod backoff;
pub mod brokerage;
pub mod command;
pub mod configuration;
pub mod core_time;
pub mod decision;
pub mod demand;
pub mod error_class;
pub mod factory;
pub mod factory_health;
pub mod fair_share;
pub mod history;
pub mod id;
pub mod id_set;
pub mod job;
pub mod label_status;
pub mod node;
pub mod node_health;
pub mod offer;
pub mod order;
pub mod pilot;
pub mod pilot_choice;
pub mod program;
pub mod queue;
pub mod reported;
pub mod role;
pub mod spelling;
pub mod template;
pub mod time;
pub mod token;

pub use command::{Command, CommandState, Target, Verb};
pub use configuration::{ConfigSection, Configuration, Setting, SettingChange};
pub use core_time::{CoreTime, Usefulness};
pub use decision::{Decision, Step};
pub use demand::{Demand, IdlePilots, Shape, WaitingShape};
pub use error_class::ErrorClass;
pub use factory::{CredentialInfo, FactoryHeartbeat, FactorySummary, LabelInfo, MonitorInfo, SourceInfo};
pub use factory_health::{EndPointHealth, FactoryHealth, FileSystemHealth};
pub use history::{Durations, FlowAt, History, Levels, PilotFlow, Span};
pub use id::{AlarmId, CommandId, DecisionId, JobId, OrderId, PilotId, SilenceId, SubmissionId, TaskId};
pub use id_set::IdSet;
pub use job::{
    AttemptOutcome, AttemptRecord, JobCounts, JobDetail, JobEvent, JobReport, JobSpec, JobState, JobSummary, Killed,
    LogStream, Placement, RefusedReport, Retried, Submitted, Usage,
};
pub use label_status::{LabelStatus, Since, label_statuses};
pub use node::{BadNode, FailedCheck, NodeCheck, NodeNeeds, NodeProfile};
pub use node_health::NodeCounts;
pub use offer::Offer;
pub use order::{Hold, Order, OrderEnd, OrderScope, orders_on};
pub use pilot::{BatchUpdate, EndedPilots, PilotEvent, PilotFlag, PilotState, PilotSummary};
pub use pilot_choice::PilotChoice;
pub use program::ProgramInfo;
pub use queue::{QueueRecord, QueueStatus, StatusChange, Written};
pub use reported::{Claim, LabelPatterns, Reported};
pub use role::{Permission, Role};
pub use template::template;
pub use time::Time;
pub use token::TokenInfo;
