//! Slurm by its commands, as an ordinary user.

mod array;
mod config;
mod doctor;
mod ends;
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
use async_trait::async_trait;
use model::PilotId;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long a full Slurm is left alone.
const FULL_PAUSE: Duration = Duration::from_secs(30);
/// Array tasks that one `scancel` gets; keeps its arguments far below the system's limit.
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
}

/// What was asked before.
#[derive(Default)]
struct Known {
    status: Option<Status>,
    array_size: Option<(Instant, u64)>,
    full_since: Option<Instant>,
    without_sacct: bool,
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
        let commands = Commander { bin: config.bin.clone(), environment, timeout, transcript };
        Ok(Slurm { config, factory: factory.to_owned(), dir, commands, known: Mutex::new(Known::default()) })
    }

    fn root(&self) -> &Path {
        &self.dir
    }

    fn poll(&self) -> Duration {
        Duration::try_from_secs_f64(self.config.poll_s).unwrap_or(Duration::from_secs(30))
    }

    /// Tasks that one array may have.
    async fn array_size(&self) -> Result<u64, BatchError> {
        let mut known = self.known.lock().await;
        if let Some((_, size)) = known.array_size.filter(|(asked, _)| asked.elapsed() < LIMITS_MAX_AGE) {
            return Ok(size);
        }
        let answer =
            self.commands.run("scontrol", &["show".to_owned(), "config".to_owned()]).await?.success("scontrol")?;
        // The limit is one more than the largest index.
        let size = limits::max_array_size(&answer.out);
        known.array_size = Some((Instant::now(), size));
        Ok(size)
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
        self.known.lock().await.full_since = outcome.full.then(Instant::now);
        Ok(outcome)
    }

    async fn status(&self) -> Result<Status, BatchError> {
        let mut known = self.known.lock().await;
        if let Some(status) = known.status.as_ref().filter(|status| status.taken.elapsed() < self.poll()) {
            return Ok(status.clone());
        }
        let status = self.ask_status(&mut known.without_sacct).await?;
        known.status = Some(status.clone());
        Ok(status)
    }

    async fn remove(&self, pilots: &[PilotId]) -> Result<(), BatchError> {
        let arrays = array::list(&self.dir)?;
        let mut tasks = Vec::new();
        for pilot in pilots {
            if let Some(array) = array::holder(&arrays, *pilot) {
                array.mark_removed(*pilot);
            }
            tasks.extend(self.task_of(&arrays, *pilot).await);
        }
        for chunk in tasks.chunks(CANCEL_MAX) {
            let mut words = vec!["--quiet".to_owned()];
            if !self.config.cluster.is_empty() {
                words.push(format!("--clusters={}", self.config.cluster));
            }
            words.extend_from_slice(chunk);
            self.commands.run("scancel", &words).await?.success("scancel")?;
        }
        Ok(())
    }

    async fn capacity(&self) -> Result<Option<u64>, BatchError> {
        let full =
            self.known.lock().await.full_since.is_some_and(|since| since.elapsed() < FULL_PAUSE.min(self.poll()));
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
