//! Slurm by its commands, as an ordinary user.

mod array;
mod config;
mod doctor;
mod ends;
mod environment;
mod limits;
mod name;
mod reserved;
mod squeue;
mod state;
mod status;
mod submit;

pub use config::SlurmConfig;
pub(crate) use config::refused;

use crate::command::Commander;
use crate::transcript::Transcript;
use crate::{BatchError, BatchSystem, Check, LogFiles, Status, SubmitOutcome, SubmitRequest};
use array::Array;
use async_trait::async_trait;
use model::PilotId;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a full Slurm is left alone.
const FULL_PAUSE: Duration = Duration::from_secs(30);
/// Pilots that one `scancel` gets; keeps its arguments far below the system's limit.
const CANCEL_MAX: usize = 500;
/// Nothing changes the size of arrays but a reconfiguration of Slurm.
const LIMITS_MAX_AGE: Duration = Duration::from_secs(3600);

/// The pilots of one factory in one Slurm.
pub struct Slurm {
    config: SlurmConfig,
    factory: String,
    dir: PathBuf,
    commands: Commander,
    known: Mutex<Known>,
    // One squeue at a time: who waits for it gets the same answer.
    asking: tokio::sync::Mutex<()>,
}

/// What was asked before. Never locked while a command runs.
#[derive(Default)]
struct Known {
    status: Option<Status>,
    /// When the last status failed, and why; `None` after one that did not.
    failed: Option<(Instant, String)>,
    /// Pilots that were cancelled since the last good status was taken.
    cancelled: BTreeSet<PilotId>,
    array_size: Option<(Instant, u64)>,
    full_since: Option<Instant>,
    accounting_rests_until: Option<Instant>,
}

impl Known {
    /// What a status is answered with as long as Slurm is not to be asked again, also after it could not answer: when it
    /// suffers it must not be asked more often.
    fn recent(&self, poll: Duration) -> Option<Result<Status, BatchError>> {
        if let Some((_, said)) = self.failed.as_ref().filter(|(when, _)| when.elapsed() < poll) {
            return Some(Err(BatchError::Again(said.clone())));
        }
        self.status.clone().filter(|status| status.taken.elapsed() < poll).map(Ok)
    }

    fn learn(&mut self, answer: &Result<Status, BatchError>) {
        match answer {
            Ok(status) => {
                self.status = Some(status.clone());
                self.failed = None;
                self.cancelled.clear();
            }
            Err(error) => self.failed = Some((Instant::now(), error.to_string())),
        }
    }
}

impl Slurm {
    /// Uses `dir/FACTORY`, which the nodes must see under the same path; makes it when it is not there.
    pub fn open(config: SlurmConfig, factory: &str) -> Result<Slurm, BatchError> {
        let dir = std::path::absolute(config.dir.join(factory)).unwrap_or_else(|_| config.dir.join(factory));
        let failed = |source| BatchError::File { action: "make", path: dir.clone(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(failed)?;
        // A percent sign would be read as a pattern in the names of output files.
        if dir.to_str().is_none_or(|text| text.contains(['%', '\n'])) {
            return Err(BatchError::Config(format!(
                "the directory '{}' has characters that Slurm reads",
                dir.display()
            )));
        }
        let conf = config.conf.display().to_string();
        let environment = if conf.is_empty() { Vec::new() } else { vec![("SLURM_CONF".to_owned(), conf)] };
        let timeout = Duration::try_from_secs_f64(config.timeout_s).unwrap_or(Duration::from_secs(60));
        let transcript = Transcript::in_dir(&dir);
        let withheld = environment::is_option;
        let commands = Commander { bin: config.bin.clone(), environment, withheld, timeout, transcript };
        let (known, asking) = (Mutex::default(), tokio::sync::Mutex::default());
        Ok(Slurm { config, factory: factory.to_owned(), dir, commands, known, asking })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a command says on standard output when it succeeds, about the configured cluster.
    async fn ask(&self, program: &str, words: &[&str]) -> Result<String, BatchError> {
        let cluster = [&self.config.cluster].into_iter().filter(|name| !name.is_empty());
        let cluster = cluster.map(|name| format!("--clusters={name}"));
        let words: Vec<String> = cluster.chain(words.iter().map(|word| (*word).to_owned())).collect();
        Ok(self.commands.run(program, &words).await?.success(program)?.out)
    }

    fn poll(&self) -> Duration {
        Duration::try_from_secs_f64(self.config.poll_s).unwrap_or(Duration::from_secs(30))
    }

    /// Tasks that one array may have.
    async fn array_size(&self) -> Result<u64, BatchError> {
        let fresh = |(asked, _): &(Instant, u64)| asked.elapsed() < LIMITS_MAX_AGE;
        if let Some((_, size)) = self.known().array_size.filter(fresh) {
            return Ok(size);
        }
        let said = self.ask("scontrol", &["show", "config"]).await?;
        // The limit is one more than the largest index.
        let size = limits::max_array_size(&said);
        self.known().array_size = Some((Instant::now(), size));
        Ok(size)
    }

    /// Cancels these tasks, which no good status since the last time has shown.
    async fn cancel(&self, arrays: &[Array], pilots: &[PilotId]) -> Result<(), BatchError> {
        let mut tasks = Vec::new();
        for pilot in pilots {
            if let Some(array) = array::holder(arrays, *pilot) {
                array.mark_removed(*pilot);
            }
            tasks.extend(self.task_of(arrays, *pilot));
        }
        if tasks.is_empty() {
            return Ok(());
        }
        // Before it is tried: a Slurm that suffers must not be asked for it again and again.
        self.known().cancelled.extend(pilots);
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
        let outcome = self.submit_arrays(request, size as usize).await?;
        self.known().full_since = outcome.full.then(Instant::now);
        Ok(outcome)
    }

    async fn status(&self) -> Result<Status, BatchError> {
        let _one_at_a_time = self.asking.lock().await;
        if let Some(recent) = self.known().recent(self.poll()) {
            return recent;
        }
        let answer = self.ask_status().await;
        self.known().learn(&answer);
        answer
    }

    async fn remove(&self, pilots: &[PilotId]) -> Result<(), BatchError> {
        let arrays = array::list(&self.dir)?;
        let pilots: Vec<PilotId> = {
            let known = self.known();
            pilots.iter().filter(|pilot| !known.cancelled.contains(pilot)).copied().collect()
        };
        for chunk in pilots.chunks(CANCEL_MAX) {
            self.cancel(&arrays, chunk).await?;
        }
        Ok(())
    }

    async fn capacity(&self) -> Result<Option<u64>, BatchError> {
        let full = self.known().full_since.is_some_and(|since| since.elapsed() < FULL_PAUSE.min(self.poll()));
        Ok(full.then_some(0))
    }

    async fn doctor(&self) -> Vec<Check> {
        self.checks().await
    }

    fn logs(&self, pilot: PilotId) -> LogFiles {
        let arrays = array::list(&self.dir).unwrap_or_default();
        let Some(array) = array::holder(&arrays, pilot) else { return LogFiles::default() };
        let path = |stream| array.output(pilot, stream);
        LogFiles { out: path("out"), err: path("err"), log: path("log"), place: array.dir.clone() }
    }

    fn kept(&self) -> Vec<PilotId> {
        array::list(&self.dir).unwrap_or_default().iter().flat_map(|array| array.pilots()).collect()
    }

    async fn forget(&self, pilots: &[PilotId]) {
        let arrays = array::list(&self.dir).unwrap_or_default();
        for pilot in pilots {
            if let Some(array) = array::holder(&arrays, *pilot) {
                array.forget(*pilot);
            }
        }
    }

    fn settles_within(&self) -> Duration {
        // A sbatch of a factory that was killed may still be under way.
        self.commands.timeout + Duration::from_secs(5)
    }
}
