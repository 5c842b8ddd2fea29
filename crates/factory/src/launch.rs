//! How the pilots of this factory are started: what only the program around the factory can know.

use crate::config::{Config, LabelSection, versions};
use batch::{Needs, SubmitRequest};
use model::{NodeNeeds, PilotId};
use serde_json::Error;
use std::path::PathBuf;
use wire::PilotSecret;
use wire::api::Announced;

/// Given to the factory by its program; the same for all labels.
#[derive(Clone, Debug)]
pub struct PilotLaunch {
    /// Text of the wrapper script (`agent::WRAPPER`). It is started as `sh WRAPPER ARGUMENTS... --secret-file FILE`
    /// (or `--secret-dir DIR --first-id ID` in a batch array) with the options of `PilotArgs` as `PILOTAGE_...`
    /// variables, and with `PILOTAGE_PILOT` (path of the program) or `PILOTAGE_PILOTS` (versions, as the wrapper says).
    /// It runs the program with all its own arguments.
    pub wrapper: String,
    /// The pilot program, unless the configuration names another.
    pub program: PilotProgram,
    /// Base URLs of the servers as pilots reach them.
    pub servers: Vec<String>,
    /// Whom pilots trust to be the server.
    pub trust: wire::tls::Trust,
}

/// Where a node finds the pilot program.
#[derive(Clone, Debug)]
pub enum PilotProgram {
    /// At this path, on every node.
    Path {
        /// The program.
        path: PathBuf,
        /// Words before our own arguments, such as `pilot` for the program of all roles.
        arguments: Vec<String>,
    },
    /// To be fetched and checked by the wrapper: versions with their shares, in the wrapper's words.
    Fetched(String),
}

/// Time between the end of a pilot's life and that of its batch job: enough to stop jobs and to report.
const LEAVE_MAX_S: u32 = 120;

/// Seconds that a pilot with this wall time may live; 0 means no end.
pub fn life_s(wall_time_s: u32) -> u32 {
    wall_time_s - LEAVE_MAX_S.min(wall_time_s / 10)
}

impl PilotLaunch {
    /// What a batch system needs to start pilots of a label.
    pub fn request(
        &self,
        config: &Config,
        name: &str,
        label: &LabelSection,
        announced: &Announced,
    ) -> Result<SubmitRequest, Error> {
        let factory = &config.factory;
        let program = self.program_of(config, label);
        let ids = (announced.first.0..).map(PilotId);
        let secrets: Result<Vec<Vec<u8>>, Error> =
            ids.zip(&announced.secrets).map(|(pilot, secret)| self.secret_file(pilot, secret)).collect();
        Ok(SubmitRequest {
            label: name.to_owned(),
            first: announced.first,
            wrapper: self.wrapper.clone(),
            arguments: program.arguments(),
            environment: self.environment(config, label, &program)?,
            secrets: secrets?,
            needs: Needs {
                cores: label.cores,
                memory_mib: label.memory_mib,
                wall_time_s: label.wall_time_s,
                arguments: label.submit_arguments.clone(),
                avoid: Vec::new(),
            },
            log_url: self.log_url(&factory.name),
            monitor_url: monitor_url(config, label),
            condor: label.condor.clone(),
        })
    }

    /// The label's versions, else the factory's program, else our own.
    fn program_of(&self, config: &Config, label: &LabelSection) -> PilotProgram {
        if !label.pilots.is_empty() {
            return PilotProgram::Fetched(versions(config, &label.pilots, &self.servers));
        }
        config.factory.program().unwrap_or_else(|| self.program.clone())
    }

    fn environment(
        &self,
        config: &Config,
        label: &LabelSection,
        program: &PilotProgram,
    ) -> Result<Vec<(String, String)>, Error> {
        let mut variables = environment(label, program)?;
        if let Some(wrapper) = config.program.get(&label.wrapper) {
            let words = format!("{} {}", label.wrapper, wrapper.words(&self.servers));
            variables.push(("PILOTAGE_WRAPPER".to_owned(), words));
        }
        Ok(variables)
    }

    /// Where the server shows the logs of a factory's pilots; empty when none is known.
    pub(crate) fn log_url(&self, factory: &str) -> String {
        self.servers.first().map(|server| format!("{server}/logs/{factory}")).unwrap_or_default()
    }

    fn secret_file(&self, pilot: PilotId, secret: &str) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(&PilotSecret {
            pilot,
            secret: secret.to_owned(),
            urls: self.servers.clone(),
            trust: self.trust.clone(),
        })
    }
}

impl PilotProgram {
    fn arguments(&self) -> Vec<String> {
        match self {
            PilotProgram::Path { arguments, .. } => arguments.clone(),
            PilotProgram::Fetched(_) => Vec::new(),
        }
    }
}

/// A wrapper can report to one monitor: the first.
fn monitor_url(config: &Config, label: &LabelSection) -> String {
    let first = config.monitors_of(label).into_iter().next();
    first.map(|(_, monitor)| monitor.url.trim_end_matches('/').to_owned()).unwrap_or_default()
}

fn environment(label: &LabelSection, program: &PilotProgram) -> Result<Vec<(String, String)>, Error> {
    let mut variables = vec![
        ("SLOTS", label.slots().to_string()),
        ("CORES", label.cores.to_string()),
        ("MEMORY_MIB", label.memory_mib.to_string()),
        ("LIFE_S", life_s(label.wall_time_s).to_string()),
        ("IDLE_S", label.idle_s.to_string()),
    ];
    if !label.scratch.is_empty() {
        variables.push(("SCRATCH_BASE", label.scratch.clone()));
    }
    if label.node != NodeNeeds::default() {
        variables.push(("NODE", serde_json::to_string(&label.node)?));
    }
    match program {
        PilotProgram::Path { path, .. } => variables.push(("PILOT", path.display().to_string())),
        PilotProgram::Fetched(versions) => variables.push(("PILOTS", versions.clone())),
    }
    let own = variables.into_iter().map(|(name, value)| (format!("PILOTAGE_{name}"), value));
    Ok(label.environment.clone().into_iter().chain(own).collect())
}
