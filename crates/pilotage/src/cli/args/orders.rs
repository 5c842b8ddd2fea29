use super::words::parse_time;
use super::{OutputChoice, ServerChoice};
use clap::Args;
use model::Time;
use std::time::Duration;

/// Which labels of a factory an order is about.
#[derive(Args, Clone, Debug)]
pub struct OrderedLabels {
    /// The factory
    pub factory: String,
    /// The label; all labels of the factory when neither a label nor a queue is named
    pub label: Option<String>,
    /// All labels that serve this queue
    #[arg(long, value_name = "QUEUE", conflicts_with = "label")]
    pub queue: Option<String>,
}

/// `pilotage factories pause` and `drain`.
#[derive(Args, Debug)]
pub struct HoldArgs {
    #[command(flatten)]
    pub labels: OrderedLabels,
    /// Why, for all who wonder
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// When it ends by itself, such as 2026-11-22T14:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time, conflicts_with = "lasting")]
    pub until: Option<Time>,
    /// After how long it ends by itself, such as 2h
    #[arg(long = "for", value_name = "DURATION", value_parser = crate::config::parse_duration)]
    pub lasting: Option<Duration>,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage factories cap`.
#[derive(Args, Debug)]
pub struct CapArgs {
    /// The most pilots that wait and run together
    #[arg(long, short = 'n', value_name = "N")]
    pub pilots: u32,
    #[command(flatten)]
    pub hold: HoldArgs,
}

/// `pilotage factories resume`.
#[derive(Args, Debug)]
pub struct ResumeArgs {
    #[command(flatten)]
    pub labels: OrderedLabels,
    /// Why, for the history
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage factories orders`.
#[derive(Args, Debug)]
pub struct OrdersArgs {
    /// Only to this factory
    pub factory: Option<String>,
    /// Also those that have ended, newest first
    #[arg(long)]
    pub all: bool,
    /// Rows wanted of those
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}
