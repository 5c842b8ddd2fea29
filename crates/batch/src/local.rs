//! Processes of this machine, each pilot in a process group of its own, surviving a restart of the factory.

mod config;
mod folder;
pub mod process;
mod remote;
mod remove;

pub use config::LocalConfig;
pub use remote::RemoteLocal;

use crate::command::quoted;
use crate::{
    BatchError, BatchSystem, Check, Flag, LogFiles, PilotStatus, Status, SubmitOutcome, SubmitRequest, exit_class,
};
use async_trait::async_trait;
use folder::{Folder, Life, SUPERVISOR};
use model::{ErrorClass, PilotEvent, PilotId};
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::process::Command;
use tokio::sync::{Mutex, Notify};

/// The pilots of one factory on this machine.
pub struct Local {
    config: LocalConfig,
    dir: PathBuf,
    // Two submissions at once could both see the last free slot.
    submitting: Mutex<()>,
    changed: Arc<Notify>,
}

/// The command that one process gets.
pub(crate) fn describe(request: &SubmitRequest) -> String {
    let variables = request.environment.iter().map(|(name, value)| format!("{name}={} \\\n", quoted(value)));
    let arguments = request.arguments.iter().map(|argument| format!(" {}", quoted(argument)));
    format!(
        "{}PILOTAGE_SECRET_FILE=secret.json sh wrapper{}\n",
        variables.collect::<String>(),
        arguments.collect::<String>()
    )
}

impl Local {
    /// Uses `dir/FACTORY` for the pilots' state; makes it when it is not there.
    pub fn open(config: LocalConfig, factory: &str) -> Result<Local, BatchError> {
        let dir = std::path::absolute(config.dir.join(factory)).unwrap_or_else(|_| config.dir.join(factory));
        let failed = |source| BatchError::File { action: "make", path: dir.clone(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(failed)?;
        Ok(Local { config, dir, submitting: Mutex::new(()), changed: Arc::new(Notify::new()) })
    }

    fn folder(&self, pilot: PilotId) -> Folder {
        Folder { path: self.dir.join(pilot.to_string()) }
    }

    fn alive(&self) -> Result<u64, BatchError> {
        let folders = folder::list(&self.dir)?;
        let alive = |folder: &Folder| matches!(folder.life(), Life::Starting | Life::Running(_));
        Ok(folders.iter().filter(|(_, folder)| alive(folder)).count() as u64)
    }

    fn free(&self) -> Result<u64, BatchError> {
        Ok(self.config.slots.saturating_sub(self.alive()?))
    }

    fn start(&self, request: &SubmitRequest, pilot: PilotId, secret: &[u8]) -> Result<String, BatchError> {
        let folder = Folder::create(self.folder(pilot).path, &request.wrapper, secret)?;
        let mut child = Command::new("/bin/sh")
            .args(["-c", SUPERVISOR, "pilotage-pilot"])
            .args(&request.arguments)
            .envs(request.environment.iter().map(|(name, value)| (name, value)))
            .env("PILOTAGE_SECRET_FILE", folder.file("secret.json"))
            .current_dir(&folder.path)
            .stdin(Stdio::null())
            .stdout(folder.output("out")?)
            .stderr(folder.output("err")?)
            .process_group(0)
            .spawn()
            .map_err(|source| BatchError::Start { program: "/bin/sh".to_owned(), source })?;
        let pid = child.id().unwrap_or_default();
        let changed = Arc::clone(&self.changed);
        tokio::spawn(async move {
            let _ = child.wait().await;
            changed.notify_one();
        });
        Ok(pid.to_string())
    }
}

#[async_trait]
impl BatchSystem for Local {
    fn kind(&self) -> &'static str {
        "local"
    }

    async fn submit(&self, request: &SubmitRequest) -> Result<SubmitOutcome, BatchError> {
        let _one_at_a_time = self.submitting.lock().await;
        let mut free = self.free()?;
        let mut outcome = SubmitOutcome::default();
        for (pilot, secret) in (request.first.0..).map(PilotId).zip(&request.secrets) {
            if free == 0 {
                outcome.full = outcome.reason.is_empty();
                outcome.refused.push(pilot);
                continue;
            }
            match self.start(request, pilot, secret) {
                Ok(batch_id) => outcome.accepted.push((pilot, batch_id)),
                Err(error) => {
                    let _ = fs::remove_dir_all(self.folder(pilot).path);
                    outcome.refused.push(pilot);
                    outcome.reason = error.to_string();
                }
            }
            free -= 1;
        }
        if outcome.full {
            outcome.reason = format!("all {} slots are taken", self.config.slots);
        }
        Ok(outcome)
    }

    async fn status(&self) -> Result<Status, BatchError> {
        let taken = Instant::now();
        let mut pilots = Vec::new();
        for (id, folder) in folder::list(&self.dir)? {
            let life = folder.life();
            self.finish_removal(&folder, &life);
            let identity = folder.identity();
            let shown = Shown {
                batch_id: identity.as_ref().map(|identity| identity.pid.to_string()).unwrap_or_default(),
                removed: folder.removed_for().is_some(),
                rebooted: identity.is_some_and(|identity| folder::rebooted(&identity)),
            };
            pilots.extend(status_of(PilotId(id), &shown, life));
        }
        Ok(Status { taken, complete: true, pilots })
    }

    async fn remove(&self, pilots: &[PilotId]) -> Result<(), BatchError> {
        for pilot in pilots {
            self.begin_removal(&self.folder(*pilot))?;
        }
        Ok(())
    }

    async fn capacity(&self) -> Result<Option<u64>, BatchError> {
        self.free().map(Some)
    }

    async fn doctor(&self) -> Vec<Check> {
        let probe = tempfile_in(&self.dir);
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
        vec![
            Check {
                what: format!("directory {}", self.dir.display()),
                ok: probe.is_ok(),
                found: probe.map_or_else(|error| error.to_string(), |()| "can be written".to_owned()),
            },
            Check {
                what: "process table".to_owned(),
                ok: process::is_alive(std::process::id() as i32),
                found: "/proc shows this process".to_owned(),
            },
            Check {
                what: "slots".to_owned(),
                ok: true,
                found: format!("{} pilots at once, {cores} cores", self.config.slots),
            },
        ]
    }

    fn logs(&self, pilot: PilotId) -> LogFiles {
        let folder = self.folder(pilot);
        LogFiles { out: folder.file("out"), err: folder.file("err"), log: folder.file("log"), place: folder.path }
    }

    fn kept(&self) -> Vec<PilotId> {
        folder::list(&self.dir).unwrap_or_default().into_iter().map(|(id, _)| PilotId(id)).collect()
    }

    async fn forget(&self, pilots: &[PilotId]) {
        for pilot in pilots {
            let folder = self.folder(*pilot);
            if !matches!(folder.life(), Life::Starting | Life::Running(_)) {
                let _ = fs::remove_dir_all(&folder.path);
            }
        }
    }

    fn settles_within(&self) -> Duration {
        // The state directory is there before a process is started.
        Duration::ZERO
    }

    async fn changed(&self) {
        self.changed.notified().await;
    }
}

fn tempfile_in(dir: &std::path::Path) -> std::io::Result<()> {
    let probe = dir.join("probe");
    fs::write(&probe, b"")?;
    fs::remove_file(probe)
}

/// What a pilot's directory says beside its [`Life`].
struct Shown {
    /// Pid of its supervisor; empty before it is known.
    batch_id: String,
    /// It was told to go.
    removed: bool,
    /// The machine was started again since it was started.
    rebooted: bool,
}

/// `None` for a pilot that was never started: an answer lacks it as if its directory were not there.
fn status_of(pilot: PilotId, shown: &Shown, life: Life) -> Option<PilotStatus> {
    let Shown { batch_id, removed, rebooted } = shown;
    let removed = *removed;
    let status = |event, native: &str| PilotStatus {
        pilot,
        event: Some(event),
        batch_id: batch_id.clone(),
        native_state: native.to_owned(),
        flag: None,
        error_class: None,
        message: String::new(),
    };
    let broken = |class, native: &str, message: String| PilotStatus {
        error_class: Some(class),
        message,
        ..status(PilotEvent::Break, native)
    };
    Some(match life {
        Life::Starting => status(PilotEvent::Queue, "starting"),
        Life::Running(_) => {
            PilotStatus { flag: removed.then_some(Flag::Retiring), ..status(PilotEvent::Run, "running") }
        }
        Life::Ended(0) => status(PilotEvent::End, "exited"),
        Life::Ended(_) | Life::Vanished if removed => {
            PilotStatus { message: "removed".to_owned(), ..status(PilotEvent::End, "removed") }
        }
        Life::Ended(code) => broken(exit_class(code), "exited", format!("the pilot ended with exit code {code}")),
        Life::Vanished => {
            let why = if *rebooted { "the machine was started again" } else { "its process group was killed" };
            broken(ErrorClass::Lost, "vanished", format!("the pilot is gone without an exit code: {why}"))
        }
        Life::NeverStarted => return None,
    })
}
