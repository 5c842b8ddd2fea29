use super::words::{parse_time, pilot_states};
use super::{Narrowing, OutputChoice, ServerChoice};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use model::{PilotId, PilotState, Time};
use std::time::Duration;

/// `pilotage pilots`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PilotsArgs {
    /// What to do; lists when absent.
    #[command(subcommand)]
    pub action: Option<PilotsAction>,
    /// Only this state
    #[arg(long, short = 's', value_name = "STATE", value_parser = pilot_states())]
    pub state: Option<PilotState>,
    /// Only pilots that are not gone
    #[arg(long)]
    pub live: bool,
    #[command(flatten)]
    pub only: Narrowing,
    /// Only pilots that have waited, or run, for longer, and are not gone, such as 8d
    #[arg(long, value_name = "TIME", value_parser = crate::config::parse_duration)]
    pub older_than: Option<Duration>,
    /// Rows wanted [default: 20 for people, 100 for programs]
    #[arg(long, short = 'n', value_name = "N", conflicts_with = "all", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Go on where an earlier listing ended: its `next`
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
    /// All pages
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// What to do with pilots.
#[derive(Debug, Subcommand)]
pub enum PilotsAction {
    /// Let pilots finish what they run, take nothing more, and end
    Drain {
        /// Pilot ids
        #[arg(required = true, value_name = "PILOT")]
        pilots: Vec<PilotId>,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// Take pilots out of their batch systems, whatever they run
    Kill(KillPilotsArgs),
    /// Find pilots by a text in their logs
    Search(SearchPilotsArgs),
    /// Show one pilot, and what it found on its node
    Show {
        /// The pilot
        pilot: PilotId,
        #[command(flatten)]
        output: OutputChoice,
        #[command(flatten)]
        server: ServerChoice,
    },
    /// Show how pilots ended in the last hours: classes of error by label
    Ends(PilotEndsArgs),
    /// Show why pilots broke in the last hours: what their last words have in common
    Errors(PilotErrorsArgs),
    /// Show what the cores of pilots were used for that ended in the last hours, by label
    Efficiency(PilotEfficiencyArgs),
    /// Show what was said about pilots, by whom, and what came of it
    Events(PilotEventsArgs),
    /// Show what happened to pilots, how many there were, and how long they waited and ran
    History(PilotHistoryArgs),
    /// Show what a pilot wrote, once it has ended
    Logs {
        /// The pilot
        pilot: PilotId,
        /// Which of its logs
        #[arg(long, value_enum, default_value_t = PilotLog::Err)]
        kind: PilotLog,
        #[command(flatten)]
        server: ServerChoice,
    },
}

/// `pilotage pilots kill`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("choice").args(["pilots", "label", "queue", "state"]).required(true).multiple(true)))]
pub struct KillPilotsArgs {
    /// Only these pilots
    #[arg(value_name = "PILOT")]
    pub pilots: Vec<PilotId>,
    /// Only this state, at the moment when the factory does it
    #[arg(long, short = 's', value_name = "STATE", value_parser = pilot_states())]
    pub state: Option<PilotState>,
    #[command(flatten)]
    pub only: Narrowing,
    /// How long to wait for the answer of each factory
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = crate::config::parse_duration)]
    pub timeout: Duration,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage pilots search`.
#[derive(Args, Debug)]
pub struct SearchPilotsArgs {
    /// What a line has in it, whatever its case
    pub text: String,
    /// Only this log
    #[arg(long, value_enum)]
    pub kind: Option<PilotLog>,
    /// Only pilots in this state
    #[arg(long, short = 's', value_name = "STATE", default_value = "fault", value_parser = pilot_states())]
    pub state: PilotState,
    /// Only pilots that ended in so many hours
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=720))]
    pub hours: u32,
    #[command(flatten)]
    pub only: Narrowing,
    /// The most hits
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage pilots ends`.
#[derive(Args, Debug)]
pub struct PilotEndsArgs {
    /// Hours to look back, whole ones
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=720))]
    pub hours: u32,
    #[command(flatten)]
    pub only: Narrowing,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// Where pilots are that ended in the last hours.
#[derive(Args, Clone, Debug)]
pub struct EndedWhere {
    /// Hours to look back, whole ones
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=720))]
    pub hours: u32,
    #[command(flatten)]
    pub only: Narrowing,
    /// Only queues of this site
    #[arg(long, value_name = "SITE")]
    pub site: Option<String>,
    /// Only queues of this region
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

/// `pilotage pilots errors`.
#[derive(Args, Debug)]
pub struct PilotErrorsArgs {
    #[command(flatten)]
    pub place: EndedWhere,
    /// Rows wanted
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20, conflicts_with = "json", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage pilots efficiency`.
#[derive(Args, Debug)]
pub struct PilotEfficiencyArgs {
    #[command(flatten)]
    pub place: EndedWhere,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage pilots events`.
#[derive(Args, Clone, Debug)]
pub struct PilotEventsArgs {
    /// All of one pilot
    #[arg(value_name = "PILOT", conflicts_with_all = ["follow", "after", "factory", "label"])]
    pub pilot: Option<PilotId>,
    /// Go on with what comes, one line each, until Ctrl-C
    #[arg(long, short = 'f')]
    pub follow: bool,
    /// Only what came after: the `next` of an earlier answer
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(0..))]
    pub after: Option<i64>,
    /// Only of this factory
    #[arg(long, value_name = "FACTORY")]
    pub factory: Option<String>,
    /// Only of this label
    #[arg(long, value_name = "LABEL")]
    pub label: Option<String>,
    /// The most events
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage pilots history`.
#[derive(Args, Debug)]
pub struct PilotHistoryArgs {
    /// How many hours, 48 when nobody says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=9600))]
    pub hours: Option<u32>,
    /// Their beginning, such as 2026-11-22T14:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time, conflicts_with = "hours")]
    pub from: Option<Time>,
    /// Their end, now when nobody says
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub until: Option<Time>,
    /// Only pilots that serve the queues of this region
    #[arg(long, value_name = "REGION", conflicts_with_all = ["site", "queue", "factory"])]
    pub region: Option<String>,
    /// Only pilots that serve the queues of this site
    #[arg(long, value_name = "SITE", conflicts_with_all = ["queue", "factory"])]
    pub site: Option<String>,
    /// Only pilots that serve this queue
    #[arg(long, short = 'q', value_name = "QUEUE", conflicts_with = "factory")]
    pub queue: Option<String>,
    /// Only this factory
    #[arg(long, value_name = "FACTORY")]
    pub factory: Option<String>,
    /// Only this label of the factory
    #[arg(long, value_name = "LABEL", requires = "factory")]
    pub label: Option<String>,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// A log of a pilot.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PilotLog {
    /// What the pilot says of itself, on standard error
    Err,
    /// Standard output
    Out,
    /// The batch system's own record
    Log,
}

impl PilotLog {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            PilotLog::Err => "err",
            PilotLog::Out => "out",
            PilotLog::Log => "log",
        }
    }
}
