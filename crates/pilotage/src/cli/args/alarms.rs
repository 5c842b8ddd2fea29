use super::{OutputChoice, ServerChoice};
use clap::{ArgGroup, Args, Subcommand};
use model::{AlarmId, SilenceId};
use std::time::Duration;

/// `pilotage alarms`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AlarmsArgs {
    /// What to do; lists open alarms when absent.
    #[command(subcommand)]
    pub action: Option<AlarmsAction>,
    /// Those that are over, the newest first
    #[arg(long)]
    pub past: bool,
    /// Rows wanted of those that are over
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// What to do with alarms.
#[derive(Debug, Subcommand)]
pub enum AlarmsAction {
    /// Show everything about one alarm
    Show {
        /// The alarm
        id: AlarmId,
        #[command(flatten)]
        output: OutputChoice,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// Say that you look after an alarm: nobody is told of it again, unless it becomes worse
    Ack {
        /// The alarm
        id: AlarmId,
        /// What you do about it
        text: Vec<String>,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// Write a comment to the history of an alarm
    Comment {
        /// The alarm
        id: AlarmId,
        /// The comment
        #[arg(required = true)]
        text: Vec<String>,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// Keep quiet about one alarm, or about all that match patterns with * and ?, for a time
    Silence(Box<SilenceArgs>),
    /// List the silences in force
    Silences {
        #[command(flatten)]
        output: OutputChoice,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// End a silence
    Unsilence {
        /// The silence
        id: SilenceId,
        #[command(flatten)]
        server: ServerChoice,
    },
}

/// `pilotage alarms silence`.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true).multiple(true))]
pub struct SilenceArgs {
    /// The alarm
    #[arg(long, value_name = "ALARM", group = "what", conflicts_with_all = ["rule", "factory", "label", "queue", "site"])]
    pub alarm: Option<AlarmId>,
    /// Alarms of these rules
    #[arg(long, value_name = "PATTERN", group = "what")]
    pub rule: Option<String>,
    /// Alarms of these factories
    #[arg(long, value_name = "PATTERN", group = "what")]
    pub factory: Option<String>,
    /// Alarms of these labels, nodes, credentials, sources or end points
    #[arg(long, value_name = "PATTERN", group = "what")]
    pub label: Option<String>,
    /// Alarms of these queues
    #[arg(long, value_name = "PATTERN", group = "what")]
    pub queue: Option<String>,
    /// Alarms of these sites
    #[arg(long, value_name = "PATTERN", group = "what")]
    pub site: Option<String>,
    /// For how long
    #[arg(long = "for", value_name = "TIME", value_parser = crate::config::parse_duration)]
    pub time: Duration,
    /// Why
    #[arg(required = true)]
    pub reason: Vec<String>,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}
