use clap::Args;

/// What listings of pilots and labels are narrowed to.
#[derive(Args, Clone, Debug, Default)]
pub struct Narrowing {
    /// Only this queue
    #[arg(long, short = 'q', value_name = "QUEUE")]
    pub queue: Option<String>,
    /// Only this factory
    #[arg(long, value_name = "FACTORY")]
    pub factory: Option<String>,
    /// Only this label
    #[arg(long, value_name = "LABEL")]
    pub label: Option<String>,
}
