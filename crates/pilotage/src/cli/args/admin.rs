use super::words::roles;
use super::{OutputChoice, ServerChoice};
use clap::{Args, Subcommand};
use clap_complete::Shell;
use model::Role;
use std::path::PathBuf;

/// `pilotage token`.
#[derive(Args, Debug)]
pub struct TokenArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: TokenAction,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenAction {
    /// Create a token; it is shown once and never again
    Create {
        /// Whose it is: jobs submitted with it belong to this user
        user: String,
        /// What it allows
        #[arg(long, default_value = "user", value_parser = roles())]
        role: Role,
        /// Group of the user
        #[arg(long, default_value = "")]
        group: String,
        /// Site that a site admin may act on, or whose PanDA pilots use it; may be given several times
        #[arg(long = "site", value_name = "SITE")]
        sites: Vec<String>,
        /// When it ends, such as 12h or 30d [default: never]
        #[arg(long, value_name = "TIME", value_parser = crate::config::parse_duration)]
        expires: Option<std::time::Duration>,
        /// What it is for
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        output: OutputChoice,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// List the tokens that are valid, without the tokens themselves
    List {
        #[command(flatten)]
        output: OutputChoice,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// End a token now
    Revoke {
        /// Its number, as `pilotage token list` shows it
        id: i64,
        #[command(flatten)]
        server: ServerChoice,
    },
}

/// `pilotage doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage backup`.
#[derive(Args, Debug)]
pub struct BackupArgs {
    /// Directory for the copy; must not exist
    #[arg(value_name = "TO")]
    pub to: PathBuf,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage restore`.
#[derive(Args, Debug)]
pub struct RestoreArgs {
    /// Directory that `pilotage backup` made
    #[arg(value_name = "FROM")]
    pub from: PathBuf,
    /// Directory of the server, which must be stopped; a store that is there is set aside
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Empty PostgreSQL database for the copy of one: `postgres://USER@HOST/DATABASE` [env: PILOTAGE_DATABASE]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

/// `pilotage completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// `pilotage man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// Directory for one page per command; standard output gets `pilotage.1` when absent
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print the reference of all commands as Markdown instead
    #[arg(long, conflicts_with = "out")]
    pub markdown: bool,
}

/// `pilotage generate`.
#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// Directory that stands for the root of the repository
    pub dir: PathBuf,
}
