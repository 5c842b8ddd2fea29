use clap::{Args, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Another system whose language a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Face {
    /// PanDA: its pilots and clients
    Panda,
    /// The APF monitor: AutoPyFactory, wrappers and Harvester report their pilots
    Apfmon,
}

/// `pilotage up`.
#[derive(Args, Debug, Default)]
pub struct UpArgs {
    /// Directory for everything that is kept [default: $XDG_DATA_HOME/pilotage]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Address to serve on; port 0 takes a free one. Off loopback TLS is used [default: 127.0.0.1:25080 or a free port]
    #[arg(long, value_name = "ADDR:PORT", value_parser = crate::config::parse_address)]
    pub listen: Option<SocketAddr>,
    /// Jobs at once in local pilots; 0 for no local queue [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(model::pilot::SLOTS_MAX)))]
    pub slots: Option<u32>,
    /// Also speak the languages of other systems, on loopback without credential; several with commas between
    #[arg(long, value_name = "FACES", num_args = 0..=1, value_delimiter = ',', default_missing_value = "panda", value_enum)]
    pub compat: Vec<Face>,
    /// Return once it serves and leave it running
    #[arg(long)]
    pub detach: bool,
    /// File with further batch systems, queues and labels, such as Slurm
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// PostgreSQL instead of SQLite: `postgres://USER@HOST/DATABASE` [env: PILOTAGE_DATABASE]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// How long running jobs may go on after the first TERM or Ctrl-C
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = crate::config::parse_duration)]
    pub grace: std::time::Duration,
}

/// `pilotage demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Leave server and page running when the demo is over, until Ctrl-C
    #[arg(long)]
    pub keep: bool,
    /// Where the image goes
    #[arg(long, value_name = "FILE", default_value = "pilotage-demo.png")]
    pub output: PathBuf,
    /// Jobs at once in each of the two local queues [default: half of the cores, at least 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub slots: Option<u32>,
    /// Address to serve on
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0", value_parser = crate::config::parse_address)]
    pub listen: SocketAddr,
}

/// `pilotage server`.
#[derive(Args, Debug, Default)]
pub struct ServerArgs {
    /// Configuration file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory for everything that is kept
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Address to serve on; off loopback TLS is used
    #[arg(long, value_name = "ADDR:PORT", value_parser = crate::config::parse_address)]
    pub listen: Option<SocketAddr>,
    /// PostgreSQL instead of SQLite: `postgres://USER@HOST/DATABASE` [env: PILOTAGE_DATABASE]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Also speak the languages of other systems, on loopback without credential; several with commas between
    #[arg(long, value_name = "FACES", num_args = 0..=1, value_delimiter = ',', default_missing_value = "panda", value_enum)]
    pub compat: Vec<Face>,
    /// Read the configuration, say what is wrong with it, and stop
    #[arg(long)]
    pub check: bool,
}

/// `pilotage factory`.
#[derive(Args, Debug)]
pub struct FactoryArgs {
    /// Configuration file
    #[arg(long, value_name = "FILE", global = true, default_value = "/etc/pilotage/factory.toml")]
    pub config: PathBuf,
    /// What to do.
    #[command(subcommand)]
    pub action: FactoryAction,
}

/// What to do with a factory.
#[derive(Debug, Subcommand)]
pub enum FactoryAction {
    /// Run until told to stop: TERM drains, USR1 leaves the pilots as they are, HUP reads the configuration again
    Run {
        #[command(flatten)]
        server: super::ServerChoice,
    },
    /// Read the configuration and its sources, look at every credential, ask every batch end point, and say what is wrong
    Check {
        #[command(flatten)]
        server: super::ServerChoice,
    },
    /// Show the configuration that counts, with the origin of each value
    Config {
        /// Only of this label
        #[arg(long, value_name = "LABEL")]
        label: Option<String>,
        #[command(flatten)]
        server: super::ServerChoice,
        #[command(flatten)]
        output: super::OutputChoice,
    },
    /// Read the sources of labels and show what became of their queues
    Sources {
        #[command(flatten)]
        server: super::ServerChoice,
        #[command(flatten)]
        output: super::OutputChoice,
    },
    /// Show the credentials of labels: whose they are, how long they last, what is wrong with them
    Credentials {
        /// Renew this one first
        #[arg(long, value_name = "NAME")]
        renew: Option<String>,
        #[command(flatten)]
        output: super::OutputChoice,
    },
    /// Turn an AutoPyFactory configuration into one of ours, and say what became of every key
    Import(FactoryImportArgs),
    /// Decide on facts from a file, without a factory
    Decide(DecideArgs),
    /// Show what would be submitted for a pilot of one label, such as its submit description, without submitting it
    Describe {
        /// The label
        label: String,
        #[command(flatten)]
        server: super::ServerChoice,
    },
    /// Show what a cycle would do now, with the submit description of each submission, without doing it
    DryRun {
        /// Only these labels
        #[arg(value_name = "LABEL")]
        labels: Vec<String>,
        #[command(flatten)]
        server: super::ServerChoice,
        #[command(flatten)]
        output: super::OutputChoice,
    },
    /// Say what one label would do now, step by step
    Explain {
        /// The label
        label: String,
        #[command(flatten)]
        server: super::ServerChoice,
        #[command(flatten)]
        output: super::OutputChoice,
    },
}

/// `pilotage factory import`.
#[derive(Args, Debug)]
pub struct FactoryImportArgs {
    /// autopyfactory.conf, queues.conf, auth.conf, monitor.conf, or a directory such as queues.d; the files that
    /// autopyfactory.conf names are read too
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write the configuration to this file, which must not be there yet, instead of standard output
    #[arg(long, short = 'o', value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// URL of Pilotage's server; may be given several times
    #[arg(long, value_name = "URL")]
    pub server: Vec<String>,
    /// URL of the PanDA server that labels with `wmsstatusplugin = Panda` ask
    #[arg(long, value_name = "URL", default_value = "https://pandaserver.cern.ch:25443")]
    pub panda: String,
    /// Directory of the factory
    #[arg(long, value_name = "DIR", default_value = "/var/lib/pilotage-factory")]
    pub dir: PathBuf,
    /// Print the configuration and the report as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `pilotage factory decide`.
#[derive(Args, Debug)]
pub struct DecideArgs {
    /// Scheduler steps in order, such as Ready,Scale,MaxPending
    #[arg(long, value_name = "STEPS", required_unless_present = "replay", requires = "facts")]
    pub chain: Option<String>,
    /// File with the facts as JSON; - reads standard input
    #[arg(long, value_name = "FILE", requires = "chain")]
    pub facts: Option<PathBuf>,
    /// File with stored decisions, as `pilotage decisions --json` prints them, to take again; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["chain", "facts"])]
    pub replay: Option<PathBuf>,
    #[command(flatten)]
    pub output: super::OutputChoice,
}

/// `pilotage demo-tile`.
#[derive(Args, Debug)]
pub struct DemoTileArgs {
    /// Which tile, counted from the upper left by rows
    pub tile: u32,
    /// Where the tile goes
    pub output: PathBuf,
}

/// `pilotage demo-assemble`.
#[derive(Args, Debug)]
pub struct DemoAssembleArgs {
    /// Where the image goes
    pub output: PathBuf,
    /// Directory with the tiles
    pub tiles: PathBuf,
}

/// `pilotage demo-memory`.
#[derive(Args, Debug)]
pub struct DemoMemoryArgs {
    /// How much to use in the end, in MiB
    pub mebibytes: u32,
}
