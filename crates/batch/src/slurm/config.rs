//! `system = "slurm"`.

use super::reserved::is_reserved;
use crate::ssh::SshConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Slurm, used by its commands as an ordinary user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SlurmConfig {
    /// Directory on a file system that the nodes share, for scripts, pilot files and output; below the factory's when not set.
    pub dir: PathBuf,
    /// Partition; Slurm's default when empty.
    pub partition: String,
    /// Account; the user's default when empty.
    pub account: String,
    /// Quality of service; the default when empty.
    pub qos: String,
    /// Cluster (`-M`) when it is not the default one.
    pub cluster: String,
    /// Further arguments of every `sbatch`, one per element.
    pub submit_arguments: Vec<String>,
    /// Directory of the Slurm commands; from `PATH` when empty.
    pub bin: PathBuf,
    /// The `slurm.conf` to use (`SLURM_CONF`); Slurm's own choice when empty.
    pub conf: PathBuf,
    /// The login node on which the commands run, when it is not this host; `dir`, `bin` and `conf` are then paths of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh: Option<SshConfig>,
    /// Seconds between two `squeue`.
    pub poll_s: f64,
    /// Seconds after which a Slurm command is given up.
    pub timeout_s: f64,
}

impl Default for SlurmConfig {
    fn default() -> SlurmConfig {
        SlurmConfig {
            dir: PathBuf::new(),
            partition: String::new(),
            account: String::new(),
            qos: String::new(),
            cluster: String::new(),
            submit_arguments: Vec::new(),
            bin: PathBuf::new(),
            conf: PathBuf::new(),
            ssh: None,
            poll_s: 30.0,
            timeout_s: 60.0,
        }
    }
}

impl SlurmConfig {
    /// What is wrong with it.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (key, value) in [("poll_s", self.poll_s), ("timeout_s", self.timeout_s)] {
            if !(0.01..=3600.0).contains(&value) {
                found.push((key.to_owned(), format!("{value} is not between 0.01 and 3600 seconds")));
            }
        }
        if self.cluster.contains(',') || self.cluster == "all" {
            let what = format!("'{}' is more than one cluster; use an end point for each", self.cluster);
            found.push(("cluster".to_owned(), what));
        }
        found.extend(self.ssh.iter().flat_map(|ssh| ssh.problems(&self.dir)));
        found.extend(refused(&self.submit_arguments).map(|what| ("submit_arguments".to_owned(), what)));
        found
    }
}

/// What is wrong with further arguments of `sbatch`.
pub(crate) fn refused(arguments: &[String]) -> impl Iterator<Item = String> {
    arguments.iter().filter(|word| is_reserved(word)).map(|word| format!("{word} is set by Pilotage itself"))
}
