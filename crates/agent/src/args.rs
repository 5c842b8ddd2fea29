//! What a pilot is told on its command line and in its environment. Secrets are never among it.

use model::offer::GRACE_S;
use model::{NodeNeeds, Offer, Shape};
use std::path::PathBuf;

/// Options of `pilotage pilot` and of `pilotage-pilot`.
#[derive(Clone, Debug, clap::Args)]
pub struct PilotArgs {
    /// File of mode 0600 with pilot id, secret, server URLs and whom to trust.
    #[arg(long, env = "PILOTAGE_SECRET_FILE", value_name = "PATH", conflicts_with_all = ["secret_dir", "first_id"])]
    pub secret_file: Option<PathBuf>,

    /// Directory of secret files named ID.json, for batch arrays; needs --first-id.
    #[arg(long, env = "PILOTAGE_SECRET_DIR", value_name = "DIR", requires = "first_id")]
    pub secret_dir: Option<PathBuf>,

    /// Id of the pilot with array index 0; the batch system's array index is added to it.
    #[arg(long, env = "PILOTAGE_FIRST_ID", value_name = "ID", requires = "secret_dir")]
    pub first_id: Option<i64>,

    /// Index in the batch array.
    #[arg(long, env = "SLURM_ARRAY_TASK_ID", value_name = "N", default_value_t = 0)]
    pub array_index: i64,

    /// Jobs at once.
    #[arg(long, env = "PILOTAGE_SLOTS", value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(model::pilot::SLOTS_MAX)))]
    pub slots: u32,

    /// Cores of all slots together; one per slot when 0.
    #[arg(long, env = "PILOTAGE_CORES", value_name = "N", default_value_t = 0)]
    pub cores: u32,

    /// Memory of all slots together in MiB; 0 sets no limit of the pilot's own.
    #[arg(long, env = "PILOTAGE_MEMORY_MIB", value_name = "MIB", default_value_t = 0)]
    pub memory_mib: u32,

    /// Seconds after which the pilot must be gone; 0 means no end.
    #[arg(long, env = "PILOTAGE_LIFE_S", value_name = "SECONDS", default_value_t = 0)]
    pub life_s: u32,

    /// Seconds without any job after which the pilot exits; 0 means never.
    #[arg(long, env = "PILOTAGE_IDLE_S", value_name = "SECONDS", default_value_t = 60)]
    pub idle_s: u32,

    /// Seconds between TERM and KILL when a job has to end.
    #[arg(long, env = "PILOTAGE_GRACE_S", value_name = "SECONDS", default_value_t = f64::from(GRACE_S))]
    pub grace_s: f64,

    /// Directory below which jobs get their scratch directories; by default the best of the batch system's
    /// scratch, TMPDIR, /tmp and the working directory.
    #[arg(long, env = "PILOTAGE_SCRATCH_BASE", value_name = "DIR")]
    pub scratch: Option<PathBuf>,

    /// The most a job may keep in its scratch directory, in MiB; 0 sets no limit.
    #[arg(long, env = "PILOTAGE_SCRATCH_MAX_MIB", value_name = "MIB", default_value_t = 0)]
    pub scratch_max_mib: u64,

    /// Free space that a scratch directory must have, in MiB.
    #[arg(long, env = "PILOTAGE_SCRATCH_FREE_MIB", value_name = "MIB", default_value_t = 64)]
    pub scratch_free_mib: u64,

    /// What the node must have before the first job, as a JSON object with the keys of `[label.NAME.node]`.
    #[arg(long, env = "PILOTAGE_NODE", value_name = "JSON", default_value = "{}", value_parser = node_needs)]
    pub node: NodeNeeds,

    /// The most bytes kept of each output of a job, in MiB: the first and the last half of them.
    #[arg(long, env = "PILOTAGE_OUTPUT_MAX_MIB", value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub output_max_mib: u64,

    /// Directory for reports that the server could not take; by default that of the secret file.
    #[arg(long, env = "PILOTAGE_SPOOL_DIR", value_name = "DIR")]
    pub spool_dir: Option<PathBuf>,

    /// Seconds at the end during which reports are still offered to a server that does not answer.
    #[arg(long, env = "PILOTAGE_LINGER_S", value_name = "SECONDS", default_value_t = 120)]
    pub linger_s: u32,

    /// Do not bind slots to cores of their own.
    #[arg(long, env = "PILOTAGE_NO_PIN", value_parser = clap::builder::BoolishValueParser::new())]
    pub no_pin: bool,

    /// Remove the file of this program at the start: the wrapper downloaded it for this pilot alone.
    #[arg(long, env = "PILOTAGE_DELETE_PROGRAM", hide = true, value_parser = clap::builder::BoolishValueParser::new())]
    pub delete_program: bool,

    /// Remove this file at the start: the VO's own wrapper, downloaded for this pilot alone.
    #[arg(long, env = "PILOTAGE_DELETE_WRAPPER", hide = true)]
    pub delete_wrapper: Option<PathBuf>,

    /// Name of the version of the program that the wrapper drew.
    #[arg(long, env = "PILOTAGE_PROGRAM_VERSION", hide = true, default_value = "")]
    pub program_version: String,

    /// Where the wrapper found it.
    #[arg(long, env = "PILOTAGE_PROGRAM_SOURCE", hide = true, default_value = "")]
    pub program_source: String,

    /// Sources that the wrapper tried before, and why they gave nothing.
    #[arg(long, env = "PILOTAGE_PASSED_OVER", hide = true, default_value = "")]
    pub passed_over: String,
}

fn node_needs(text: &str) -> Result<NodeNeeds, String> {
    let needs: NodeNeeds = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match needs.problems().first() {
        Some((key, what)) => Err(format!("{key}: {what}")),
        None => Ok(needs),
    }
}

impl PilotArgs {
    /// Cores of all slots together.
    pub(crate) fn all_cores(&self) -> u32 {
        if self.cores > 0 { self.cores } else { self.slots }
    }

    /// What the server is told of this program.
    pub(crate) fn version(&self) -> String {
        let own = env!("CARGO_PKG_VERSION");
        if self.program_version.is_empty() { own.to_owned() } else { format!("{} ({own})", self.program_version) }
    }

    /// What the pilot offers while it lives.
    pub(crate) fn offer(&self) -> Offer {
        let whole = Shape { cores: self.all_cores(), memory_mib: self.memory_mib, wall_time_s: 0 };
        Offer { slots: self.slots, whole }
    }
}
