//! What may be typed: every command, option and word of help. The reference, man pages and completions are made from this.

mod admin;
mod alarms;
mod client;
mod factories;
mod monitor;
mod narrowing;
mod orders;
mod pilots;
mod programs;
mod role;
mod submit;
mod watch;
mod words;

pub use admin::*;
pub use alarms::*;
pub use client::*;
pub use factories::*;
pub use monitor::*;
pub use narrowing::*;
pub use orders::*;
pub use pilots::*;
pub use programs::*;
pub use role::*;
pub use submit::*;
pub use watch::*;

use clap::{Parser, Subcommand};

const AFTER_HELP: &str = "\
First steps:
  pilotage demo                      see real work run through the whole chain, in one minute
  pilotage up                        start everything on this machine
  pilotage submit -- ./my.sh         in another terminal: give it work
  pilotage top                       watch

Client commands find their server by --url, --dir, PILOTAGE_URL (with PILOTAGE_TOKEN), PILOTAGE_DIR, or else by the last `pilotage up`.

Exit codes: 0 done, 1 failed, 2 bad input, 3 server not reached, 4 not allowed, 124 time-out.";

/// One job queue over many clusters.
///
/// Keeps the right number of pilots on every batch system it may use, hands each pilot real work when it starts, and
/// shows what every pilot and every job is doing.
#[derive(Debug, Parser)]
#[command(name = "pilotage", version, after_help = AFTER_HELP, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// All commands.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = false)]
pub enum Command {
    /// Start server, factory and a local queue in one process, for one machine
    Up(UpArgs),
    /// Run real work through the whole chain in a temporary directory
    Demo(DemoArgs),
    /// Submit a command, a script, an array or a file of jobs
    Submit(Box<SubmitArgs>),
    /// List or count jobs
    Jobs(JobsArgs),
    /// Show everything about one job
    Job(JobArgs),
    /// Show or follow the output of a job
    Logs(LogsArgs),
    /// Wait until jobs have ended
    Wait(WaitArgs),
    /// Stop jobs, wherever they are
    Kill(IdsArgs),
    /// Run ended jobs again
    Retry(IdsArgs),
    /// Watch jobs, pilots and throughput live
    Top(TopArgs),
    /// List queues, or set the status of one
    Queues(QueuesArgs),
    /// List pilots, drain or kill some, search their logs, show how they ended
    Pilots(PilotsArgs),
    /// Show why pilots were submitted, or not
    Decisions(DecisionsArgs),
    /// List factories and their labels, or have one run a cycle or read its configuration
    Factories(FactoriesArgs),
    /// Show how labels are doing: their pilots, the longest wait, the longest run
    Labels(LabelsArgs),
    /// Show what is broken; acknowledge, comment or silence alarms
    Alarms(AlarmsArgs),
    /// Show worker nodes and what happened there, black holes first
    Nodes(NodesArgs),
    /// Find anything by an id, a batch id, a node, a name or a part of one
    Find(FindArgs),
    /// List, upload or remove pilot programs and wrappers that nodes download from the server
    Programs(ProgramsArgs),
    /// Create, list and revoke tokens
    Token(TokenArgs),
    /// Check this machine and the server, and say what is wrong
    Doctor(DoctorArgs),
    /// Copy a server's store while it works
    Backup(BackupArgs),
    /// Put a copy of a store into the directory of a stopped server
    Restore(RestoreArgs),
    /// Run the server: dispatcher, monitor, pages, all interfaces
    Server(ServerArgs),
    /// Run, check or explain a factory, which submits pilots to batch systems
    Factory(FactoryArgs),
    /// Run a pilot on this machine
    Pilot(agent::PilotArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Write the man pages, or the command reference
    Man(ManArgs),
    /// Write everything that is made from the program and checked in
    #[command(hide = true)]
    Generate(GenerateArgs),
    /// The payload of the demo's image jobs
    #[command(hide = true)]
    DemoTile(DemoTileArgs),
    /// The payload of the demo's last job
    #[command(hide = true)]
    DemoAssemble(DemoAssembleArgs),
    /// The payload of the demo's job that asks for too little memory
    #[command(hide = true)]
    DemoMemory(DemoMemoryArgs),
}
