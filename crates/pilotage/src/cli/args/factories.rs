use super::{Narrowing, OutputChoice, ServerChoice};
use clap::{Args, Subcommand};

/// `pilotage factories`.
#[derive(Args, Debug)]
pub struct FactoriesArgs {
    /// What to do instead of listing them.
    #[command(subcommand)]
    pub action: Option<FactoriesAction>,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// What to do with factories.
#[derive(Debug, Subcommand)]
pub enum FactoriesAction {
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
