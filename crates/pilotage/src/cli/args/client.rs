use clap::Args;
use std::path::PathBuf;

/// Which server a client command speaks to. The token is taken from PILOTAGE_TOKEN or from the directory, never from
/// the command line, which other users of the machine can read.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Server")]
pub struct ServerChoice {
    /// Address of the server, several comma separated [env: PILOTAGE_URL, with the token in PILOTAGE_TOKEN]
    #[arg(long, value_name = "URL", conflicts_with = "server_dir")]
    pub url: Option<String>,
    /// Directory of a server on this machine [env: PILOTAGE_DIR]
    #[arg(long = "dir", id = "server_dir", value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// How a listing is printed.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct OutputChoice {
    /// Print JSON for programs
    #[arg(long)]
    pub json: bool,
}
