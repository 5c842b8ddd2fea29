//! The services the tests need, started by the scripts of `tests/services` on free ports below one temporary folder.

use super::Environment;
use super::ports::Ports;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail, ensure};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// All scripts, in the order of their start.
pub const ALL: [&str; 6] = ["postgres.sh", "slurm.sh", "htcondor.sh", "ssh.sh", "voms.sh", "myproxy.sh"];

/// Where each listens in the block of ports of a run.
const PORTS: [(&str, u16); 6] = [
    ("SLURM_PORT", 0),
    ("POSTGRES_PORT", 20),
    ("HTCONDOR_PORT", 21),
    ("SSH_PORT", 22),
    ("MYPROXY_PORT", 23),
    ("VOMS_PORT", 24),
];
/// Where the nodes of Slurm listen, as its script places them.
const SLURM_NODES: std::ops::RangeInclusive<u16> = 10..=13;

/// Running services; stopped when dropped, also after a failure.
pub struct Services {
    /// What tests are told about them.
    pub environment: Environment,
    folder: TempDir,
    scripts: PathBuf,
    started: Vec<&'static str>,
    settings: Vec<(&'static str, String)>,
    _ports: Ports,
}

impl Services {
    /// Starts those of `names` and waits until they serve. A service that does not come up fails the run.
    pub fn start(workspace: &Workspace, environment: Environment, names: &[&'static str]) -> Result<Services> {
        // A short path, because Unix sockets lie below it; open, because services run as users of their own.
        let folder = tempfile::Builder::new().prefix("pilotage-services-").tempdir_in("/tmp")?;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
        let scripts = workspace.root.join("tests/services");
        let ports = Ports::claim(&PORTS.map(|(_, offset)| offset).into_iter().chain(SLURM_NODES).collect::<Vec<_>>())?;
        let mut settings = PORTS.map(|(name, offset)| (name, ports.port(offset).to_string())).to_vec();
        settings.push(("SERVICES_CACHE", workspace.target.join("test-tools").display().to_string()));
        let mut services = Services { environment, folder, scripts, started: Vec::new(), settings, _ports: ports };
        for &script in names {
            services.started.push(script);
            services.start_one(script)?;
        }
        Ok(services)
    }

    fn start_one(&mut self, script: &'static str) -> Result<()> {
        if let Err(error) = self.call(script, "start") {
            self.show_logs();
            return Err(error);
        }
        for line in self.call(script, "env")?.lines() {
            let (name, value) = line.split_once('=').with_context(|| format!("{script} env printed '{line}'"))?;
            self.environment.insert(name.to_owned(), value.to_owned());
        }
        Ok(())
    }

    fn call(&self, script: &str, verb: &str) -> Result<String> {
        let output = Command::new("timeout")
            // The first start of HTCondor downloads it.
            .args(["600", "bash"])
            .arg(self.scripts.join(script))
            .arg(verb)
            .env("SERVICES_ROOT", self.folder.path())
            .envs(self.settings.iter().map(|(name, value)| (*name, value.as_str())))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot run {script} {verb}"))?;
        ensure!(output.status.success(), "{script} {verb} ended with {}", output.status);
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Stops all; fails when one does not stop.
    pub fn stop(mut self) -> Result<()> {
        match self.stop_all().as_slice() {
            [] => Ok(()),
            troubles => bail!("services did not stop: {}", troubles.join("; ")),
        }
    }

    fn stop_all(&mut self) -> Vec<String> {
        let mut troubles = Vec::new();
        while let Some(script) = self.started.pop() {
            troubles.extend(self.call(script, "stop").err().map(|error| format!("{error:#}")));
        }
        troubles
    }

    fn show_logs(&self) {
        let pattern = format!("tail -n 20 {}/*/*.out {0}/*/log/*.log 2>/dev/null", self.folder.path().display());
        if let Ok(output) = Command::new("sh").args(["-c", &pattern]).output() {
            eprintln!("{}", String::from_utf8_lossy(&output.stdout));
        }
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        for trouble in self.stop_all() {
            eprintln!("error: {trouble}");
        }
    }
}
