//! `[batch.NAME]`: which batch system, and how to reach it.

use crate::condor::{self, Condor, CondorConfig};
use crate::local::{Local, LocalConfig};
use crate::slurm::{self, Slurm, SlurmConfig};
use crate::{BatchError, BatchSystem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One batch end point as configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "system", rename_all = "lowercase")]
pub enum BatchConfig {
    /// Processes of this machine.
    Local(LocalConfig),
    /// Slurm by its commands.
    Slurm(SlurmConfig),
    /// HTCondor by its commands.
    Condor(CondorConfig),
}

impl BatchConfig {
    /// The kind as written in configurations.
    pub fn kind(&self) -> &'static str {
        match self {
            BatchConfig::Local(_) => "local",
            BatchConfig::Slurm(_) => "slurm",
            BatchConfig::Condor(_) => "condor",
        }
    }

    /// The end point's directory, for making it absolute; empty when the factory is to choose.
    pub fn dir_mut(&mut self) -> &mut PathBuf {
        match self {
            BatchConfig::Local(config) => &mut config.dir,
            BatchConfig::Slurm(config) => &mut config.dir,
            BatchConfig::Condor(config) => &mut config.dir,
        }
    }

    /// What is wrong with it: key below `batch.NAME` and words.
    pub fn problems(&self) -> Vec<(String, String)> {
        match self {
            BatchConfig::Local(config) => config.problems(),
            BatchConfig::Slurm(config) => config.problems(),
            BatchConfig::Condor(config) => config.problems(),
        }
    }

    /// What is wrong with further arguments that a label has for the submit command.
    pub fn refused_arguments(&self, arguments: &[String]) -> Vec<String> {
        match self {
            BatchConfig::Local(_) if arguments.is_empty() => Vec::new(),
            BatchConfig::Local(_) => vec!["processes of this machine have no submit command".to_owned()],
            BatchConfig::Slurm(_) => slurm::refused(arguments).collect(),
            BatchConfig::Condor(_) => condor::refused(arguments),
        }
    }

    /// The batch system, with `dir` where the configuration names none. Makes its directories.
    pub fn open(&self, factory: &str, dir: &Path) -> Result<Arc<dyn BatchSystem>, BatchError> {
        let mut config = self.clone();
        if config.dir_mut().as_os_str().is_empty() {
            *config.dir_mut() = dir.to_owned();
        }
        Ok(match config {
            BatchConfig::Local(config) => Arc::new(Local::open(config, factory)?),
            BatchConfig::Slurm(config) => Arc::new(Slurm::open(config, factory)?),
            BatchConfig::Condor(config) => Arc::new(Condor::open(config, factory)?),
        })
    }
}
