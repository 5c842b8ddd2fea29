use super::words::{error_classes, queue_statuses, states};
use super::{Narrowing, OutputChoice, ServerChoice};
use clap::{ArgGroup, Args, Subcommand};
use model::{ErrorClass, IdSet, JobId, JobState, PilotId, QueueStatus};

/// `pilotage jobs`.
#[derive(Args, Debug)]
pub struct JobsArgs {
    /// Only this state
    #[arg(long, short = 's', value_name = "STATE", value_parser = states())]
    pub state: Option<JobState>,
    /// Only these ids, such as 17-1016,2000
    #[arg(long, value_name = "IDS")]
    pub ids: Option<IdSet>,
    /// Only this queue
    #[arg(long, short = 'q', value_name = "QUEUE")]
    pub queue: Option<String>,
    /// Only this site
    #[arg(long, value_name = "SITE")]
    pub site: Option<String>,
    /// Only this user
    #[arg(long, short = 'u', value_name = "USER")]
    pub user: Option<String>,
    /// Only this group
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,
    /// Only jobs of this pilot
    #[arg(long, value_name = "PILOT")]
    pub pilot: Option<PilotId>,
    /// Only this class of error
    #[arg(long, value_name = "CLASS", value_parser = error_classes())]
    pub error_class: Option<ErrorClass>,
    /// Only this exact name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Print how many there are in each state instead of a list
    #[arg(long)]
    pub count: bool,
    /// Rows wanted [default: 20 for people, 100 for programs]
    #[arg(long, short = 'n', value_name = "N", conflicts_with = "all", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Go on where an earlier listing ended: its `next`
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
    /// All pages
    #[arg(long)]
    pub all: bool,
    /// More columns: group and message
    #[arg(long, short = 'l')]
    pub long: bool,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage job`.
#[derive(Args, Debug)]
pub struct JobArgs {
    /// The job
    pub id: JobId,
    /// Save an output file that the server keeps: NAME, or NAME=PATH
    #[arg(long, value_name = "NAME[=PATH]")]
    pub fetch: Vec<String>,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage logs`.
#[derive(Args, Debug)]
pub struct LogsArgs {
    /// The job
    pub id: JobId,
    /// Standard error instead of standard output
    #[arg(long)]
    pub stderr: bool,
    /// Go on while the job writes
    #[arg(long, short = 'f')]
    pub follow: bool,
    /// Only the last lines
    #[arg(long, short = 'n', value_name = "LINES")]
    pub tail: Option<u64>,
    /// Which attempt [default: the last]
    #[arg(long, value_name = "N")]
    pub attempt: Option<u32>,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage wait`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("which").args(["ids", "all"]).required(true)))]
pub struct WaitArgs {
    /// Job ids, such as 17 or 17-1016; or use --all
    #[arg(value_name = "ID")]
    pub ids: Vec<IdSet>,
    /// All jobs of the caller
    #[arg(long)]
    pub all: bool,
    /// Give up after so many seconds, with exit code 124
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = crate::config::parse_seconds)]
    pub timeout: Option<std::time::Duration>,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage kill` and `pilotage retry`.
#[derive(Args, Debug)]
pub struct IdsArgs {
    /// Job ids, such as 17 or 17-1016
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<IdSet>,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage top`.
#[derive(Args, Debug)]
pub struct TopArgs {
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value = "1")]
    pub interval: f64,
    /// Print one look and stop, also without a terminal
    #[arg(long)]
    pub once: bool,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage queues`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct QueuesArgs {
    /// What to do; lists when absent.
    #[command(subcommand)]
    pub action: Option<QueuesAction>,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// What to do with queues.
#[derive(Debug, Subcommand)]
pub enum QueuesAction {
    /// Set the status of a queue
    Set {
        /// The queue
        queue: String,
        /// The new status
        #[arg(value_parser = queue_statuses())]
        status: QueueStatus,
        /// Why, for those who ask later
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// Create a queue, or change all of its settings but the status
    Define(QueueDefinition),
}

/// `pilotage queues define`.
#[derive(Args, Debug)]
pub struct QueueDefinition {
    /// Its name
    pub queue: String,
    /// Computing centre it belongs to [default: the name of the queue]
    #[arg(long, value_name = "SITE")]
    pub site: Option<String>,
    /// Group of sites
    #[arg(long, value_name = "REGION", default_value = "")]
    pub region: String,
    /// Word that jobs select by; may be given several times
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Status of a new queue; that of an old one is changed by `queues set`
    #[arg(long, default_value = "online", value_parser = queue_statuses())]
    pub status: QueueStatus,
    /// Most cores a job may ask for; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub max_cores: u32,
    /// Most memory a job may ask for
    #[arg(long, value_name = "SIZE", default_value = "0", value_parser = crate::config::parse_limit_mib)]
    pub max_memory: u32,
    /// Longest wall time a job may ask for
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = crate::config::parse_duration)]
    pub max_time: std::time::Duration,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage decisions`.
#[derive(Args, Debug)]
pub struct DecisionsArgs {
    #[command(flatten)]
    pub only: Narrowing,
    /// How many, newest first
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub last: u32,
    /// Every step of the scheduler chain, also those that changed nothing
    #[arg(long, short = 'l', conflicts_with = "json")]
    pub long: bool,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}
