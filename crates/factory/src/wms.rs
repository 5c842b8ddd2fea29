//! Where jobs are counted when they are not on our own server: PanDA, HTCondor, another Pilotage, a program. What is not
//! told is unknown, never zero.

mod condor;
mod panda;
mod program;
mod server;
pub(crate) mod states;

use crate::config::{Config, LabelJobs, LabelSection, WmsSection};
use batch::{BatchError, Check};
use model::{Demand, JobState, Shape, Time, WaitingShape};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wire::api::QueueSummary;
use wire::download::DownloadError;

/// What is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The queue, by its name there.
    pub queue: String,
    /// Of PanDA's jobs those of these resource types; all when empty.
    pub resource_types: Vec<String>,
}

/// The jobs of a queue, in the states of AutoPyFactory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Jobs {
    /// Those that wait for a pilot.
    pub ready: Ready,
    /// Those that wait for something else.
    pub notready: i64,
    /// Those that pilots hold.
    pub running: i64,
    /// Of these, those whose outputs are on their way.
    pub transferring: i64,
    /// Finished ones, as far as they are counted.
    pub done: i64,
    /// Failed ones, as far as they are counted.
    pub failed: i64,
    /// Those in states that we do not know.
    pub unknown: i64,
    /// Free slots of pilots that wait for a job.
    pub idle_slots: i64,
    /// The queue's status; `None` when our own server's counts.
    pub status: Option<String>,
}

/// Waiting jobs.
#[derive(Clone, Debug, PartialEq)]
pub enum Ready {
    /// What they need is not told; each fills a pilot.
    Pilots(i64),
    /// By what they need.
    Shapes(Vec<WaitingShape>),
}

impl Default for Ready {
    fn default() -> Ready {
        Ready::Pilots(0)
    }
}

/// The queues that a place told of. One that is missing is unknown.
pub type Told = BTreeMap<Asked, Jobs>;

/// What is known of one place where jobs are counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WmsView {
    /// The last good answer.
    pub told: Told,
    /// When it was taken; `None` before the first.
    pub at: Option<Time>,
    /// What went wrong with it last; empty when nothing did.
    pub trouble: String,
}

/// Why a place did not tell.
#[derive(Debug, thiserror::Error)]
pub enum WmsError {
    /// It was not reached, or refused.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// A server of Pilotage did not answer.
    #[error("ask the server: {0}")]
    Server(#[from] wire::Error),
    /// A program or a command.
    #[error(transparent)]
    Program(#[from] BatchError),
    /// A file.
    #[error("read {}: {source}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The answer makes no sense, or says that something went wrong there.
    #[error("understand the answer of {from}: {what}")]
    Garbled {
        /// What was asked.
        from: String,
        /// What is wrong with it.
        what: String,
    },
    /// It took too long.
    #[error("get an answer within {limit_s} s")]
    TimeOut {
        /// The limit.
        limit_s: u64,
    },
}

/// What labels ask of a place.
pub(crate) fn asked_of(config: &Config, source: &str) -> BTreeSet<Asked> {
    let labels = config.label.values().filter(|label| label.wms.source == source);
    labels.map(|label| asked_by(&label.wms, label)).collect()
}

/// What one label asks.
pub(crate) fn asked_by(jobs: &LabelJobs, label: &LabelSection) -> Asked {
    Asked { queue: jobs.queue_of(label).to_owned(), resource_types: jobs.resource_types.clone() }
}

/// Asks a place for queues, all in one question. `dir` is for what programs keep.
pub(crate) async fn ask(
    section: &WmsSection,
    asked: &BTreeSet<Asked>,
    dir: &Path,
    factory: &str,
) -> Result<Told, WmsError> {
    let question = async {
        match section {
            WmsSection::Pilotage(jobs) => server::ask(jobs, asked).await,
            WmsSection::Panda(jobs) => panda::ask(jobs, asked).await,
            WmsSection::Condor(jobs) => condor::ask(jobs, asked).await,
            WmsSection::Command(jobs) => program::ask(jobs, asked, dir, factory).await,
        }
    };
    // Each has its own time-out for one answer; this one is for several in a row.
    let limit = section.timeout() * 2 + Duration::from_secs(5);
    tokio::time::timeout(limit, question).await.unwrap_or(Err(WmsError::TimeOut { limit_s: limit.as_secs() }))
}

/// Whether a place tells of all queues that labels want of it, for `pilotage factory check`.
pub async fn check(config: &Config, name: &str) -> Vec<Check> {
    let Some(section) = config.wms.get(name) else { return Vec::new() };
    let asked = asked_of(config, name);
    let dir = dir_of(config, name);
    let answer = |ok, found| Check { what: "answer".to_owned(), ok, found };
    let told = match ask(section, &asked, &dir, &config.factory.name).await {
        Ok(told) => told,
        Err(error) => return vec![answer(false, format!("failed to {error}"))],
    };
    let missing: Vec<&Asked> = asked.iter().filter(|asked| !told.contains_key(asked)).collect();
    let mut found = vec![answer(true, format!("{} of {} queues", told.len(), asked.len()))];
    found.extend(missing.iter().map(|asked| Check {
        what: format!("queue {}", asked.queue),
        ok: false,
        found: if asked.resource_types.is_empty() {
            "is not known there".to_owned()
        } else {
            format!("is not known there, or none of {}", asked.resource_types.join(", "))
        },
    }));
    found
}

/// Where a program keeps what it wants.
pub(crate) fn dir_of(config: &Config, name: &str) -> PathBuf {
    config.factory.dir.join("wms").join(name)
}

impl Jobs {
    /// From what a server of Pilotage says of a queue.
    pub(crate) fn of_queue(queue: &QueueSummary, demand: Option<&Demand>) -> Jobs {
        let in_state = |state: JobState| queue.jobs.0.get(&state).copied().unwrap_or_default() as i64;
        let nothing = Demand::default();
        let demand = demand.unwrap_or(&nothing);
        Jobs {
            ready: Ready::Shapes(demand.waiting.clone()),
            notready: in_state(JobState::Defined),
            running: demand.running as i64,
            transferring: in_state(JobState::Transferring),
            idle_slots: demand.idle_slots as i64,
            ..Jobs::default()
        }
    }

    /// Adds waiting jobs with the same needs.
    fn add_waiting(&mut self, shape: Shape, jobs: u64) {
        let Ready::Shapes(shapes) = &mut self.ready else { return };
        match shapes.iter_mut().find(|waiting| waiting.shape == shape) {
            Some(waiting) => waiting.jobs += jobs,
            None => shapes.push(WaitingShape { shape, jobs }),
        }
    }
}
