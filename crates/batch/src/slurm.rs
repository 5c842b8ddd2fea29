//! Slurm by its commands, as an ordinary user.

mod config;
mod doctor;
mod ends;
mod environment;
mod limits;
mod reserved;
mod squeue;
mod state;
mod status;
mod submit;

pub use config::SlurmConfig;
pub(crate) use config::refused;
pub(crate) use submit::describe;

use crate::command::Commander;
use crate::known::Known;
use crate::place::Place;
use crate::submission::{self, Submission};
use crate::transcript::Transcript;
use crate::{BatchError, BatchSystem, Check, LogFiles, Status, SubmitOutcome, SubmitRequest, parts};
use async_trait::async_trait;
use model::PilotId;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Pilots that one `scancel` gets; keeps its arguments far below the system's limit.
const CANCEL_MAX: usize = 500;
/// Nothing changes the size of arrays but a reconfiguration of Slurm.
const LIMITS_MAX_AGE: Duration = Duration::from_secs(3600);

/// The pilots of one factory in one Slurm.
pub struct Slurm {
    config: SlurmConfig,
    factory: String,
    place: Place,
    commands: Commander,
    known: Known,
    asked: Mutex<Asked>,
}

/// What was asked before of Slurm itself. Never locked while a command runs.
#[derive(Default)]
struct Asked {
    array_size: Option<(Instant, u64)>,
    accounting_rests_until: Option<Instant>,
}

impl Slurm {
    /// Uses `dir/FACTORY`, which the nodes must see under the same path; makes it when it is not there.
    pub fn open(config: SlurmConfig, factory: &str) -> Result<Slurm, BatchError> {
        let (place, login) = Place::open(&config.dir, config.ssh.as_ref(), factory)?;
        // A percent sign would be read as a pattern in the names of output files.
        if place.there.to_str().is_none_or(|text| text.contains(['%', '\n'])) {
            return Err(BatchError::Config(format!(
                "the directory '{}' has characters that Slurm reads",
                place.there.display()
            )));
        }
        let conf = config.conf.display().to_string();
        let environment = if conf.is_empty() { Vec::new() } else { vec![("SLURM_CONF".to_owned(), conf)] };
        let timeout = Duration::try_from_secs_f64(config.timeout_s).unwrap_or(Duration::from_secs(60));
        let transcript = Transcript::in_dir(&place.here);
        let (bin, withheld) = (config.bin.clone(), &environment::OPTIONS[..]);
        let commands = Commander { bin, environment, withheld, timeout, transcript, login };
        let known = Known::new(Duration::try_from_secs_f64(config.poll_s).unwrap_or(Duration::from_secs(30)));
        Ok(Slurm { config, factory: factory.to_owned(), place, commands, known, asked: Mutex::default() })
    }

    /// Whose jobs the pilots are.
    fn user(&self) -> String {
        let there = self.config.ssh.as_ref().map(|ssh| ssh.user.clone());
        there.unwrap_or_else(|| rustix::process::getuid().as_raw().to_string())
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a command says on standard output when it succeeds, about the configured cluster.
    async fn ask(&self, program: &str, words: &[&str]) -> Result<String, BatchError> {
        let cluster = [&self.config.cluster].into_iter().filter(|name| !name.is_empty());
        let cluster = cluster.map(|name| format!("--clusters={name}"));
        let words: Vec<String> = cluster.chain(words.iter().map(|word| (*word).to_owned())).collect();
        Ok(self.commands.run(program, &words).await?.success(program)?.out)
    }

    /// Tasks that one array may have.
    async fn array_size(&self) -> Result<u64, BatchError> {
        let fresh = |(asked, _): &(Instant, u64)| asked.elapsed() < LIMITS_MAX_AGE;
        if let Some((_, size)) = self.asked().array_size.filter(fresh) {
            return Ok(size);
        }
        let said = self.ask("scontrol", &["show", "config"]).await?;
        // The limit is one more than the largest index.
        let size = limits::max_array_size(&said);
        self.asked().array_size = Some((Instant::now(), size));
        Ok(size)
    }

    /// Cancels these tasks, which no good status since the last time has shown.
    async fn cancel(&self, arrays: &[Submission], pilots: &[PilotId]) -> Result<(), BatchError> {
        let mut tasks = Vec::new();
        for pilot in pilots {
            if let Some(array) = submission::holder(arrays, *pilot) {
                array.mark_removed(*pilot);
            }
            tasks.extend(self.task_of(arrays, *pilot));
        }
        if tasks.is_empty() {
            return Ok(());
        }
        // Before it is tried: a Slurm that suffers must not be asked for it again and again.
        self.known.removing(pilots);
        let words: Vec<&str> = ["--quiet"].into_iter().chain(tasks.iter().map(String::as_str)).collect();
        self.ask("scancel", &words).await.map(drop)
    }
}

#[async_trait]
impl BatchSystem for Slurm {
    fn kind(&self) -> &'static str {
        "slurm"
    }

    async fn submit(&self, request: &SubmitRequest) -> Result<SubmitOutcome, BatchError> {
        let size = self.array_size().await?;
        if size == 0 {
            return Err(BatchError::Config("this Slurm allows no arrays (MaxArraySize=0)".to_owned()));
        }
        let send = |first, secrets| self.submit_array(request, first, secrets);
        let outcome = parts::submit(request, size as usize, send).await?;
        self.known.learn_outcome(&outcome);
        Ok(outcome)
    }

    async fn status(&self) -> Result<Status, BatchError> {
        self.known.status(self.ask_status()).await
    }

    async fn remove(&self, pilots: &[PilotId]) -> Result<(), BatchError> {
        let arrays = submission::list(&self.place.here)?;
        for chunk in self.known.not_removing(pilots).chunks(CANCEL_MAX) {
            self.cancel(&arrays, chunk).await?;
        }
        Ok(())
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
        let arrays = submission::list(&self.place.here).unwrap_or_default();
        submission::holder(&arrays, pilot).map(|array| logs_of(array, pilot)).unwrap_or_default()
    }

    fn kept(&self) -> Vec<PilotId> {
        submission::list(&self.place.here).unwrap_or_default().iter().flat_map(Submission::pilots).collect()
    }

    async fn forget(&self, pilots: &[PilotId]) {
        let traces = submission::traces(&self.place.here, pilots, logs_of);
        self.place.forget(&self.commands, &traces).await;
    }

    fn settles_within(&self) -> Duration {
        // A sbatch of a factory that was killed may still be under way.
        self.commands.settles_within()
    }
}

fn logs_of(array: &Submission, pilot: PilotId) -> LogFiles {
    let path = |stream| array.file(&format!("{}.{stream}", array.index(pilot)));
    LogFiles { out: path("out"), err: path("err"), log: path("log"), place: array.dir.clone() }
}
