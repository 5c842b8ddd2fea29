//! HTCondor by its commands, as an ordinary user: its own pools, and through its grid types everything else.

mod arguments;
mod census;
mod config;
mod contract;
mod description;
mod doctor;
mod event_log;
mod flavour;
mod grid;
mod hold;
mod job;
mod queue;
mod remove;
mod state;
mod status;
mod submit;
mod text;

pub(crate) use arguments::refused;
pub use census::{Alike, CondorJobs};
pub use config::CondorConfig;
pub use grid::*;
pub use job::{CondorJob, HoldPolicy, attribute_problem};
pub(crate) use submit::describe;

use crate::command::Commander;
use crate::known::Known;
use crate::place::Place;
use crate::submission::{self, Submission};
use crate::transcript::Transcript;
use crate::{BatchError, BatchSystem, Check, LogFiles, Status, SubmitOutcome, SubmitRequest, parts};
use async_trait::async_trait;
use model::PilotId;
use queue::Owner;
use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The pilots of one factory in one schedd.
pub struct Condor {
    config: CondorConfig,
    owner: Owner,
    place: Place,
    commands: Commander,
    known: Known,
    history_rests_until: Mutex<Option<Instant>>,
}

impl Condor {
    /// Uses `dir/FACTORY`; makes it when it is not there.
    pub fn open(config: CondorConfig, factory: &str) -> Result<Condor, BatchError> {
        let (place, login) = Place::open(&config.dir, config.ssh.as_ref(), factory)?;
        if place.there.to_str().is_none_or(|text| text.contains([' ', '\t', ',', '"', '\'', '$', '\n', '\\'])) {
            return Err(BatchError::Config(format!(
                "the directory '{}' has characters that HTCondor reads",
                place.there.display()
            )));
        }
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        // Part of FACTORY_JOBID; a service's environment has it seldom.
        let mut environment = vec![("HOSTNAME".to_owned(), host)];
        if !config.conf.as_os_str().is_empty() {
            environment.push(("CONDOR_CONFIG".to_owned(), config.conf.display().to_string()));
        }
        let timeout = Duration::try_from_secs_f64(config.timeout_s).unwrap_or(Duration::from_secs(60));
        let transcript = Transcript::in_dir(&place.here);
        // What begins with _CONDOR_ is configuration, as the operator wants it.
        let commands = Commander { bin: config.bin.clone(), environment, withheld: &[], timeout, transcript, login };
        let owner = owner_of(&config, factory)?;
        let known = Known::new(Duration::try_from_secs_f64(config.poll_s).unwrap_or(Duration::from_secs(30)));
        Ok(Condor { config, owner, place, commands, known, history_rests_until: Mutex::default() })
    }

    /// Output is named by HTCondor's own id, as it always was.
    fn logs_of(submission: &Submission, pilot: PilotId) -> LogFiles {
        let place = submission.file(description::SPOOL);
        let Some(cluster) = submission.job() else { return LogFiles { place, ..LogFiles::default() } };
        let path = |ending| submission.file(&format!("{cluster}.{}.{ending}", submission.index(pilot)));
        LogFiles { out: path("out"), err: path("err"), log: path("log"), place }
    }
}

fn owner_of(config: &CondorConfig, factory: &str) -> Result<Owner, BatchError> {
    let user = config.ssh.as_ref().map_or_else(user_name, |ssh| Ok(ssh.user.clone()))?;
    Ok(Owner { factory: factory.to_owned(), user })
}

/// The account as the system names it, wherever it keeps its accounts.
fn user_name() -> Result<String, BatchError> {
    let start = |source| BatchError::Start { program: "id".to_owned(), source };
    let output = Command::new("id").arg("-un").output().map_err(start)?;
    let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if name.is_empty() { Ok(rustix::process::getuid().as_raw().to_string()) } else { Ok(name) }
}

#[async_trait]
impl BatchSystem for Condor {
    fn kind(&self) -> &'static str {
        "condor"
    }

    async fn submit(&self, request: &SubmitRequest) -> Result<SubmitOutcome, BatchError> {
        let send = |first, secrets| self.submit_part(request, first, secrets);
        let outcome = parts::submit(request, request.secrets.len(), send).await?;
        self.known.learn_outcome(&outcome);
        Ok(outcome)
    }

    async fn status(&self) -> Result<Status, BatchError> {
        self.known.status(self.ask_status()).await
    }

    async fn remove(&self, pilots: &[PilotId]) -> Result<(), BatchError> {
        self.remove_pilots(pilots).await
    }

    async fn capacity(&self) -> Result<Option<u64>, BatchError> {
        Ok(self.known.is_full().then_some(0))
    }

    async fn doctor(&self) -> Vec<Check> {
        self.checks().await
    }

    async fn fetch(&self, pilots: &[PilotId]) -> BTreeSet<PilotId> {
        let logs = pilots.iter().map(|pilot| (*pilot, self.logs(*pilot)));
        self.place.fetch(&self.commands, logs).await
    }

    fn logs(&self, pilot: PilotId) -> LogFiles {
        let submissions = submission::list(&self.place.here).unwrap_or_default();
        submission::holder(&submissions, pilot).map(|one| Condor::logs_of(one, pilot)).unwrap_or_default()
    }

    fn kept(&self) -> Vec<PilotId> {
        submission::list(&self.place.here).unwrap_or_default().iter().flat_map(Submission::pilots).collect()
    }

    async fn forget(&self, pilots: &[PilotId]) {
        if self.config.is_remote() {
            self.release_output(pilots).await;
        }
        let traces = submission::traces(&self.place.here, pilots, Condor::logs_of);
        self.place.forget(&self.commands, &traces).await;
    }

    fn settles_within(&self) -> Duration {
        // A condor_submit of a factory that was killed may still be under way.
        self.commands.settles_within()
    }
}
