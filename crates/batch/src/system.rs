//! What every batch system can do: submit, tell the state of all our pilots, remove.

use crate::condor::CondorJob;
use async_trait::async_trait;
use model::{ErrorClass, PilotEvent, PilotId};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// One batch end point as one factory uses it. All calls are plural.
#[async_trait]
pub trait BatchSystem: Send + Sync {
    /// The kind as written in configurations, such as `local`.
    fn kind(&self) -> &'static str;

    /// Submits pilots with consecutive ids. An error means that nothing is known to be accepted, and
    /// [`BatchError::is_uncertain`] tells whether something may have been.
    async fn submit(&self, request: &SubmitRequest) -> Result<SubmitOutcome, BatchError>;

    /// All pilots of this factory, of all labels, in one call. May answer from a short-lived copy; see [`Status::taken`].
    async fn status(&self) -> Result<Status, BatchError>;

    /// Takes these pilots away. Those that are not there any more are no error.
    async fn remove(&self, pilots: &[PilotId]) -> Result<(), BatchError>;

    /// How many more pilots it would take now; `None` when it sets no limit that we know of.
    async fn capacity(&self) -> Result<Option<u64>, BatchError>;

    /// Whether everything needed is there, for `pilotage doctor` and `pilotage factory check`.
    async fn doctor(&self) -> Vec<Check>;

    /// Brings what ended pilots left to this host, once each, where [`BatchSystem::logs`] finds it. Gives those of them
    /// of which something is still to come, for a later call.
    async fn fetch(&self, _pilots: &[PilotId]) -> BTreeSet<PilotId> {
        BTreeSet::new()
    }

    /// The files a pilot left, for upload.
    fn logs(&self, pilot: PilotId) -> LogFiles;

    /// Pilots of which something is kept on disk, whether the batch system still knows them or not.
    fn kept(&self) -> Vec<PilotId>;

    /// Deletes what is kept of pilots that are closed and whose logs were taken. Idempotent.
    async fn forget(&self, pilots: &[PilotId]);

    /// How long an accepted submission may stay invisible, for example while a command of a killed factory still runs.
    fn settles_within(&self) -> Duration;

    /// Waits until something is known to have changed. Never returns for systems that can only be asked.
    async fn changed(&self) {
        std::future::pending::<()>().await
    }
}

/// Pilots to submit.
#[derive(Clone, Default)]
pub struct SubmitRequest {
    /// The label they are for.
    pub label: String,
    /// Id of the first; ids are consecutive.
    pub first: PilotId,
    /// Text of the wrapper script, started by `sh` with `arguments` and `--secret-file FILE`.
    pub wrapper: String,
    /// Arguments for the wrapper; others can read them.
    pub arguments: Vec<String>,
    /// Environment for the wrapper and the pilot; others can read it.
    pub environment: Vec<(String, String)>,
    /// Content of each pilot's secret file, in the order of ids: written with mode 0600, shown to nobody.
    pub secrets: Vec<Vec<u8>>,
    /// What each pilot needs.
    pub needs: Needs,
    /// Base URL of the logs of this factory's pilots, without the date; empty when nobody shows them.
    pub log_url: String,
    /// URL of the interface of an APF monitor, for wrappers that report to one; none when empty.
    pub monitor_url: String,
    /// What the label says of its jobs in HTCondor.
    pub condor: CondorJob,
}

/// What one pilot asks its batch system for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Cores.
    pub cores: u32,
    /// Memory in MiB; 0 for the batch system's default.
    pub memory_mib: u32,
    /// Wall time in seconds; 0 for the batch system's default.
    pub wall_time_s: u32,
    /// Further arguments of the submit command.
    pub arguments: Vec<String>,
    /// Nodes that it shall not run on, where the batch system can be told so.
    pub avoid: Vec<String>,
}

/// What became of a submission. A pilot that is neither accepted nor refused is in doubt: a later status will tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmitOutcome {
    /// Accepted pilots and their ids in the batch system.
    pub accepted: Vec<(PilotId, String)>,
    /// Pilots that were certainly not accepted.
    pub refused: Vec<PilotId>,
    /// Why not all were accepted, in the batch system's words; empty when all were.
    pub reason: String,
    /// They were refused because the batch system is full, not because something is wrong.
    pub full: bool,
}

impl SubmitOutcome {
    /// Those of the pilots that are neither accepted nor refused.
    pub fn in_doubt(&self, pilots: &[PilotId]) -> Vec<PilotId> {
        let accepted = self.accepted.iter().map(|(pilot, _)| pilot);
        let told: BTreeSet<&PilotId> = accepted.chain(&self.refused).collect();
        pilots.iter().filter(|pilot| !told.contains(pilot)).copied().collect()
    }
}

/// An answer about all pilots of this factory.
#[derive(Clone, Debug)]
pub struct Status {
    /// When the batch system was asked.
    pub taken: Instant,
    /// Nothing is missing: a pilot that is not listed is not there.
    pub complete: bool,
    /// The pilots.
    pub pilots: Vec<PilotStatus>,
}

/// One pilot as the batch system shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PilotStatus {
    /// The pilot.
    pub pilot: PilotId,
    /// What it means; `None` when it is there in a state that we do not know.
    pub event: Option<PilotEvent>,
    /// The batch system's own id.
    pub batch_id: String,
    /// The batch system's own word for the state.
    pub native_state: String,
    /// Held, suspended or being removed.
    pub flag: Option<Flag>,
    /// Why it broke.
    pub error_class: Option<ErrorClass>,
    /// The same in words.
    pub message: String,
}

/// Something beside the state that counts show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// The batch system holds it back.
    Held,
    /// The batch system stopped it for a while.
    Suspended,
    /// It is being removed.
    Retiring,
}

/// The files of one pilot; each may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFiles {
    /// Standard output.
    pub out: PathBuf,
    /// Standard error.
    pub err: PathBuf,
    /// The batch system's own record.
    pub log: PathBuf,
    /// Directory of its secret file, where the pilot also leaves what it could not deliver.
    pub place: PathBuf,
}

/// One line of a doctor's report.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What was looked at.
    pub what: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found, and what to do when it is wrong.
    pub found: String,
}

impl Check {
    /// Whether a directory can be written; `hint` says what else must hold of it.
    pub(crate) fn directory(dir: &Path, hint: &str) -> Check {
        let probe = dir.join("probe");
        let written = std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe));
        Check::written(dir, written, hint)
    }

    /// What came of writing into a directory.
    pub(crate) fn written(dir: &Path, written: Result<(), impl std::fmt::Display>, hint: &str) -> Check {
        Check {
            what: format!("directory {}", dir.display()),
            ok: written.is_ok(),
            found: written.map_or_else(|error| error.to_string(), |()| format!("can be written{hint}")),
        }
    }
}

/// Why a batch system could not do something.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// Its configuration cannot work.
    #[error("use batch system: {0}")]
    Config(String),
    /// A file or directory of ours.
    #[error("{action} {path}: {source}")]
    File {
        /// What was tried, such as `write`.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A command could not be started.
    #[error("start {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A command did not end in time and was killed.
    #[error("get an answer of {program} within {limit_s} s{}", until_then(.said))]
    TimeOut {
        /// The program.
        program: String,
        /// The limit.
        limit_s: u64,
        /// What it said on standard error until then.
        said: String,
    },
    /// A login node that cannot be reached: nothing was done.
    #[error("reach login node {host}: {said}")]
    Unreachable {
        /// The host.
        host: String,
        /// Why not.
        said: String,
    },
    /// The connection to a login node ended before the command did.
    #[error("hear from login node {host} what came of {program}{}", until_then(.said))]
    Cut {
        /// The program.
        program: String,
        /// The host.
        host: String,
        /// What was heard until then.
        said: String,
    },
    /// A command printed more than we are willing to read.
    #[error("read the answer of {program}: more than {limit} bytes")]
    TooLong {
        /// The program.
        program: String,
        /// The limit.
        limit: usize,
    },
    /// A command ended with an error.
    #[error("run {program}: exit code {code}: {said}")]
    Failed {
        /// The program.
        program: String,
        /// Its exit code, or -1 after a signal.
        code: i32,
        /// The end of what it said on standard error.
        said: String,
    },
    /// An answer that makes no sense to us.
    #[error("understand the answer of {program}: {what}")]
    Garbled {
        /// The program.
        program: String,
        /// What was wrong.
        what: String,
    },
    /// The same went wrong a moment ago, and it is too early to ask again.
    #[error("{0}")]
    Again(String),
}

fn until_then(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!("; it said: {said}") }
}

impl BatchError {
    /// Whether the call may have had its effect nevertheless.
    pub fn is_uncertain(&self) -> bool {
        use BatchError::{Cut, Garbled, TimeOut, TooLong};
        matches!(self, TimeOut { .. } | Cut { .. } | TooLong { .. } | Garbled { .. })
    }

    /// Whether the same call may do well later by itself, as when a login node does not answer.
    pub(crate) fn is_passing(&self) -> bool {
        use BatchError::{Again, Cut, File, Start, TimeOut, Unreachable};
        matches!(self, Unreachable { .. } | Cut { .. } | TimeOut { .. } | Again(_) | Start { .. } | File { .. })
    }
}

/// Why a pilot ended, from the exit code of its wrapper.
///
/// 3 is a pilot that the server refused, 4 one that no server answered, 5 a node that cannot run jobs, 6 one that left
/// undelivered reports; 64 to 90 is what a wrapper or a pilot found wrong with the node (docs/pilots.md); codes
/// above 128 are signals as a shell shows them.
pub fn exit_class(code: i32) -> ErrorClass {
    match code {
        4..=6 | 64..=90 | 126 | 127 => ErrorClass::Node,
        129..=192 => ErrorClass::Killed,
        _ => ErrorClass::Internal,
    }
}
