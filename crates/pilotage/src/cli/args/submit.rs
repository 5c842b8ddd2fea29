use super::{OutputChoice, ServerChoice};
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;

/// `pilotage submit`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pilotage submit -- ./my.sh                        a command; a relative path is made absolute
  pilotage submit job.sh -- first second            a script is sent along, what follows -- are its arguments
  pilotage submit --array 1000 -- ./step.sh         PILOTAGE_ARRAY_INDEX tells the jobs apart, 0 to 999
  pilotage submit --from jobs.jsonl --wait          one JSON object a line, such as {\"command\":[\"./a.sh\",\"1\"],\"cores\":2}
  pilotage submit --memory 2G --time 1h -- ./big    what it needs; more is stopped

A script may carry options of its own in lines that begin with `#PILOTAGE `, such as `#PILOTAGE --cores 4`.")]
pub struct SubmitArgs {
    /// Script that is sent along and run in the job's scratch directory
    #[arg(value_name = "SCRIPT", conflicts_with = "from")]
    pub script: Option<PathBuf>,
    /// Command and arguments, or the arguments of SCRIPT; never passed through a shell
    #[arg(last = true, value_name = "CMD", conflicts_with = "from")]
    pub command: Vec<OsString>,
    /// File with one job a line as JSON; - is standard input
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Options that describe the job.
    #[command(flatten)]
    pub job: JobOptions,
    /// Wait until everything has ended; exit 1 if not all finished
    #[arg(long)]
    pub wait: bool,
    /// Makes a repeat harmless: the same key gets the first answer again
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// What a job is and needs; also what `#PILOTAGE` lines of a script may say.
#[derive(Args, Clone, Debug, Default)]
pub struct JobOptions {
    /// Name for people [default: the file name of the command]
    #[arg(long, value_name = "NAME")]
    pub name: Option<OsString>,
    /// How many equal jobs, 1 to 1000000
    #[arg(long, value_name = "N")]
    pub array: Option<u64>,
    /// Run in this queue only
    #[arg(long, short = 'q', value_name = "QUEUE", group = "placement")]
    pub queue: Option<String>,
    /// Run at this site
    #[arg(long, value_name = "SITE", group = "placement")]
    pub site: Option<String>,
    /// Run in a queue with this tag; several must all fit
    #[arg(long, value_name = "TAG", group = "placement")]
    pub tag: Vec<String>,
    /// Group or VO that the work is for
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,
    /// Cores [default: 1]
    #[arg(long, short = 'c', value_name = "N")]
    pub cores: Option<u32>,
    /// Memory limit of the whole process tree, such as 512M or 2G
    #[arg(long, short = 'm', value_name = "SIZE", value_parser = crate::config::parse_memory_mib)]
    pub memory: Option<u32>,
    /// Wall time limit, such as 90s, 30m, 2h or 1:30:00
    #[arg(long, short = 't', value_name = "TIME", value_parser = crate::config::parse_duration)]
    pub time: Option<std::time::Duration>,
    /// Higher runs earlier among your own jobs [default: 0]
    #[arg(long, short = 'p', value_name = "N", allow_negative_numbers = true)]
    pub priority: Option<i32>,
    /// Variable for the job; without a value this shell's own is taken
    #[arg(long, short = 'e', value_name = "KEY[=VALUE]")]
    pub env: Vec<String>,
    /// File brought to the job: NAME=PATH, NAME=URL, or a path or URL whose file name is used
    #[arg(long, short = 'i', value_name = "[NAME=]FROM")]
    pub input: Vec<String>,
    /// File taken from the job: NAME is kept by the server, NAME=PATH or NAME=URL goes there
    #[arg(long = "output", short = 'o', value_name = "NAME[=TO]")]
    pub output_file: Vec<String>,
    /// How often the command may fail before the job has failed [default: 1]
    #[arg(long, value_name = "N")]
    pub max_attempts: Option<u32>,
}
