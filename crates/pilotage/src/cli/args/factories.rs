use super::{CapArgs, HoldArgs, Narrowing, OrdersArgs, OutputChoice, ResumeArgs, ServerChoice};
use clap::{Args, Subcommand};

/// `pilotage factories`.
#[derive(Args, Debug)]
pub struct FactoriesArgs {
    /// What to do instead of listing them.
    #[command(subcommand)]
    pub action: Option<FactoriesAction>,
    /// Also those of other software that were not heard for ten days
    #[arg(long)]
    pub idle: bool,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// What to do with factories.
#[derive(Debug, Subcommand)]
pub enum FactoriesAction {
    /// Submit no more pilots of a label, of the labels of a queue, or of all; those that are there go on
    Pause(HoldArgs),
    /// Submit no more pilots, take out those that wait, and let those that run finish
    Drain(HoldArgs),
    /// Let at most so many pilots of a label wait and run together
    Cap(CapArgs),
    /// End what pause, drain and cap ordered
    Resume(ResumeArgs),
    /// List the orders in force
    Orders(OrdersArgs),
    /// Show the configuration that a factory uses, and what changed in it
    Config(ConfigurationArgs),
    /// Let a factory run a cycle now
    Cycle {
        /// The factory
        factory: String,
        /// How long to wait for the answer
        #[arg(long, value_name = "TIME", default_value = "2m", value_parser = crate::config::parse_duration)]
        timeout: std::time::Duration,
        #[command(flatten)]
        output: OutputChoice,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// Send one pilot of a label now, whatever its chain says, and name it
    Test {
        /// The factory
        factory: String,
        /// The label
        label: String,
        /// How long to wait for the answer
        #[arg(long, value_name = "TIME", default_value = "2m", value_parser = crate::config::parse_duration)]
        timeout: std::time::Duration,
        #[command(flatten)]
        output: OutputChoice,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// End a factory and leave its pilots as they are
    Stop {
        /// The factory
        factory: String,
        /// Let its pilots finish what they run first, and submit no more
        #[arg(long)]
        drain: bool,
        /// How long to wait for the answer
        #[arg(long, value_name = "TIME", default_value = "2m", value_parser = crate::config::parse_duration)]
        timeout: std::time::Duration,
        #[command(flatten)]
        output: OutputChoice,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// Let a factory use nodes again that its pilots failed on
    Forgive {
        /// The factory
        factory: String,
        /// The nodes; all when none is named
        #[arg(value_name = "NODE")]
        nodes: Vec<String>,
        /// How long to wait for the answer
        #[arg(long, value_name = "TIME", default_value = "2m", value_parser = crate::config::parse_duration)]
        timeout: std::time::Duration,
        #[command(flatten)]
        output: OutputChoice,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// Let a factory read its configuration and its sources again, and say what came of it
    Reload {
        /// The factory
        factory: String,
        /// Accept what this source gives now, however many of its labels are gone
        #[arg(long, value_name = "SOURCE")]
        accept: Vec<String>,
        /// How long to wait for the answer
        #[arg(long, value_name = "TIME", default_value = "2m", value_parser = crate::config::parse_duration)]
        timeout: std::time::Duration,
        #[command(flatten)]
        server: ServerChoice,
    },
}

/// `pilotage labels`.
#[derive(Args, Debug)]
pub struct LabelsArgs {
    #[command(flatten)]
    pub only: Narrowing,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage factories config`.
#[derive(Args, Debug)]
pub struct ConfigurationArgs {
    /// The factory
    pub factory: String,
    /// Only this label of it
    pub label: Option<String>,
    /// The most changes: 50 unless said, at most 1000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: Option<u32>,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}
