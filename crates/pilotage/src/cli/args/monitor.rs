use super::{OutputChoice, ServerChoice};
use clap::Args;

/// `pilotage nodes`.
#[derive(Args, Debug)]
pub struct NodesArgs {
    /// Hours to look back, whole ones
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=72))]
    pub hours: u32,
    /// Only pilots of this queue
    #[arg(long, short = 'q', value_name = "QUEUE")]
    pub queue: Option<String>,
    /// Only pilots of the queues of this site
    #[arg(long, value_name = "SITE")]
    pub site: Option<String>,
    /// Only this node
    #[arg(long, value_name = "NODE")]
    pub node: Option<String>,
    /// Only black holes: nodes on which much fails that works on others of their queue
    #[arg(long)]
    pub bad: bool,
    /// Rows wanted
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `pilotage find`.
#[derive(Args, Debug)]
pub struct FindArgs {
    /// An id, a batch id, a node, a name or a part of one; several words are one text
    #[arg(required = true, value_name = "WORD")]
    pub words: Vec<String>,
    #[command(flatten)]
    pub output: OutputChoice,
    #[command(flatten)]
    pub server: ServerChoice,
}
