//! `[batch.NAME]`: which batch system, and how to reach it.

use crate::condor::{self, Condor, CondorConfig};
use crate::local::{self, Local, LocalConfig, RemoteLocal};
use crate::programs::{self, CommandConfig, Programs};
use crate::slurm::{self, Slurm, SlurmConfig};
use crate::{BatchError, BatchSystem, SubmitRequest};
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
    Condor(Box<CondorConfig>),
    /// A batch system of the site's own, by programs that speak JSON lines.
    Command(CommandConfig),
}

impl BatchConfig {
    /// The kind as written in configurations.
    pub fn kind(&self) -> &'static str {
        match self {
            BatchConfig::Local(_) => "local",
            BatchConfig::Slurm(_) => "slurm",
            BatchConfig::Condor(_) => "condor",
            BatchConfig::Command(_) => "command",
        }
    }

    /// Whether its pilots are processes of this host.
    pub fn is_here(&self) -> bool {
        matches!(self, BatchConfig::Local(config) if config.ssh.is_none())
    }

    /// Whether it is behind a login node, so that files of this host are not there.
    pub fn is_elsewhere(&self) -> bool {
        match self {
            BatchConfig::Local(config) => config.ssh.is_some(),
            BatchConfig::Slurm(config) => config.ssh.is_some(),
            BatchConfig::Condor(config) => config.ssh.is_some(),
            BatchConfig::Command(_) => false,
        }
    }

    /// The end point's directory on this host, for making it absolute; empty when the factory is to choose.
    pub fn dir_mut(&mut self) -> &mut PathBuf {
        let (dir, ssh) = match self {
            BatchConfig::Local(config) => (&mut config.dir, config.ssh.as_mut()),
            BatchConfig::Slurm(config) => (&mut config.dir, config.ssh.as_mut()),
            BatchConfig::Condor(config) => (&mut config.dir, config.ssh.as_mut()),
            BatchConfig::Command(config) => (&mut config.dir, None),
        };
        ssh.map_or(dir, |ssh| &mut ssh.dir)
    }

    /// The directory of this host that it keeps for its login node; none when the factory is to choose.
    pub fn login_dir(&self) -> Option<&Path> {
        let ssh = match self {
            BatchConfig::Local(config) => config.ssh.as_ref(),
            BatchConfig::Slurm(config) => config.ssh.as_ref(),
            BatchConfig::Condor(config) => config.ssh.as_ref(),
            BatchConfig::Command(_) => None,
        };
        ssh.map(|ssh| ssh.dir.as_path()).filter(|dir| !dir.as_os_str().is_empty())
    }

    /// What is wrong with it: key below `batch.NAME` and words.
    pub fn problems(&self) -> Vec<(String, String)> {
        match self {
            BatchConfig::Local(config) => config.problems(),
            BatchConfig::Slurm(config) => config.problems(),
            BatchConfig::Condor(config) => config.problems(),
            BatchConfig::Command(config) => config.problems(),
        }
    }

    /// What is wrong with further arguments that a label has for the submit command.
    pub fn refused_arguments(&self, arguments: &[String]) -> Vec<String> {
        match self {
            BatchConfig::Local(_) if arguments.is_empty() => Vec::new(),
            BatchConfig::Local(_) => vec!["processes of this machine have no submit command".to_owned()],
            BatchConfig::Slurm(_) => slurm::refused(arguments).collect(),
            BatchConfig::Condor(_) => condor::refused(arguments),
            // They mean what the site's program makes of them.
            BatchConfig::Command(_) => Vec::new(),
        }
    }

    /// What would be submitted for a request, as people read it: the command, and the file that it is given. `dir` is
    /// for an end point whose configuration names none. Nothing is written and nobody is asked.
    pub fn describe(&self, factory: &str, dir: &Path, request: &SubmitRequest) -> Result<String, BatchError> {
        let mut config = self.clone();
        if config.dir_mut().as_os_str().is_empty() {
            *config.dir_mut() = dir.to_owned();
        }
        match config {
            BatchConfig::Local(_) => Ok(local::describe(request)),
            BatchConfig::Slurm(config) => Ok(slurm::describe(&config, factory, request)),
            BatchConfig::Condor(config) => condor::describe(&config, factory, request),
            BatchConfig::Command(config) => programs::describe(&config, factory, request),
        }
    }

    /// The batch system, with `dir` where the configuration names none. Makes its directories.
    pub fn open(&self, factory: &str, dir: &Path) -> Result<Arc<dyn BatchSystem>, BatchError> {
        let mut config = self.clone();
        if config.dir_mut().as_os_str().is_empty() {
            *config.dir_mut() = dir.to_owned();
        }
        Ok(match config {
            BatchConfig::Local(config) => match config.ssh.clone() {
                Some(ssh) => Arc::new(RemoteLocal::open(config, &ssh, factory)?),
                None => Arc::new(Local::open(config, factory)?),
            },
            BatchConfig::Slurm(config) => Arc::new(Slurm::open(config, factory)?),
            BatchConfig::Condor(config) => Arc::new(Condor::open(*config, factory)?),
            BatchConfig::Command(config) => Arc::new(Programs::open(config, factory)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_submitted_is_shown_without_secrets_and_nothing_is_made() {
        let request = SubmitRequest {
            label: "there".into(),
            first: model::PilotId(7),
            wrapper: "exec pilot\n".into(),
            arguments: vec!["pilot".into()],
            environment: vec![("SLOTS".into(), "it's 2".into())],
            secrets: vec![b"top secret".to_vec()],
            ..SubmitRequest::default()
        };
        let systems = [
            BatchConfig::Local(LocalConfig::default()),
            BatchConfig::Slurm(SlurmConfig::default()),
            BatchConfig::Condor(Box::default()),
            BatchConfig::Command(CommandConfig { submit: vec!["/opt/batch".into()], ..CommandConfig::default() }),
        ];
        let shown = systems.map(|system| system.describe("f1", Path::new("/none/of/it"), &request).unwrap());
        let [local, slurm, condor, command] = &shown;
        assert_eq!(local, "SLOTS='it'\\''s 2' \\\nPILOTAGE_SECRET_FILE=secret.json sh wrapper 'pilot'\n");
        assert!(slurm.starts_with("# sbatch --parsable --job-name=") && slurm.ends_with("exec pilot\n"), "{slurm}");
        assert!(condor.starts_with("# condor_submit -terse /none/of/it/f1/7/submit\nuniverse = "), "{condor}");
        assert!(condor.ends_with("queue Pilot from /none/of/it/f1/7/pilots\n"), "{condor}");
        assert!(command.starts_with("# /opt/batch reads\n{\"pilotage\":1,\"call\":\"submit\","), "{command}");
        assert!(command.ends_with("export SLOTS='it'\\''s 2'\nset -- 'pilot' \"$@\"\nexec pilot\n"), "{command}");
        assert!(!shown.concat().contains("secret\n") && !Path::new("/none").exists());
    }
}
