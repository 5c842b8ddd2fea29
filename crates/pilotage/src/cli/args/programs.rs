use super::{OutputChoice, ServerChoice};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `pilotage programs`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ProgramsArgs {
    /// What to do; lists when absent.
    #[command(subcommand)]
    pub action: Option<ProgramsAction>,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// What to do with programs.
#[derive(Debug, Subcommand)]
pub enum ProgramsAction {
    /// Upload a version of a program; what is in it never changes
    Add {
        /// Name of the program, such as pilotage-pilot
        name: String,
        /// The version, any word
        #[arg(value_name = "VERSION")]
        release: String,
        /// The file
        file: PathBuf,
        #[command(flatten)]
        output: OutputChoice,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// Remove a version of a program
    Remove {
        /// Name of the program
        name: String,
        /// The version
        #[arg(value_name = "VERSION")]
        release: String,
        #[command(flatten)]
        server: ServerChoice,
    },
}
