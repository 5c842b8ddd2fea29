//! The factory's configuration: TOML, strict, every key checked before anything starts.

mod carry;
mod check;
mod effective;
mod error;
mod main_file;
mod monitor;
mod origin;
mod program;
mod sched;
mod source;
mod told;
mod tree;
mod wms;

pub use carry::CredentialNames;
pub(crate) use check::label_problems;
pub use effective::{Effective, effective};
pub(crate) use effective::{dotted, leaves};
pub use error::{ConfigError, Problem};
pub use main_file::Main;
pub use monitor::MonitorSection;
pub use origin::{Origin, Origins};
pub use program::ProgramSection;
pub(crate) use program::versions;
pub use sched::*;
pub use source::*;
pub use told::{Told, told};
pub use tree::Tree;
pub(crate) use tree::{inherit, overlay, tables_of, typed};
pub use wms::*;

use crate::PilotProgram;
use crate::credential::CredentialSection;
use batch::BatchConfig;
use batch::condor::CondorJob;
use model::offer::promised_s;
use model::{NodeNeeds, Offer, Shape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Ages up to so many cycles and a minute are usual.
const USUAL_CYCLES: u32 = 3;

/// A whole configuration file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The factory itself.
    #[serde(default)]
    pub factory: FactorySection,
    /// Batch end points by name.
    #[serde(default)]
    pub batch: BTreeMap<String, BatchConfig>,
    /// Places where jobs are counted, by name, beside our own server.
    #[serde(default)]
    pub wms: BTreeMap<String, WmsSection>,
    /// Labels by name: each serves one queue by one batch end point.
    #[serde(default)]
    pub label: BTreeMap<String, LabelSection>,
    /// Sources of further labels by name.
    #[serde(default)]
    pub source: BTreeMap<String, SourceSection>,
    /// APF monitors by name.
    #[serde(default)]
    pub monitor: BTreeMap<String, MonitorSection>,
    /// Credentials of labels by name.
    #[serde(default)]
    pub credential: BTreeMap<String, CredentialSection>,
    /// Versions of the pilot program, and wrappers, by name.
    #[serde(default)]
    pub program: BTreeMap<String, ProgramSection>,
    /// Keys of labels by name, for labels and sources that name one.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, BTreeMap<String, serde_json::Value>>")]
    pub template: BTreeMap<String, toml::Table>,
}

/// `[factory]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FactorySection {
    /// Name of the factory, unique on its servers; part of every batch job's name.
    pub name: String,
    /// Base URLs of the servers, such as `https://host:25443`; any of them answers.
    pub servers: Vec<String>,
    /// File with the factory's token, mode 0600.
    pub token_file: PathBuf,
    /// Directory for everything the factory keeps; each batch end point has its own below unless it names one.
    pub dir: PathBuf,
    /// Path of `pilotage-pilot` on every node, such as one on a shared file system; the factory's own program when neither
    /// this nor `pilot_url` is set.
    pub pilot: PathBuf,
    /// URL from which every node downloads `pilotage-pilot`.
    pub pilot_url: String,
    /// SHA-256 of that file in hexadecimal digits; a download that has another one is not run.
    pub pilot_sha256: String,
    /// Seconds between two cycles.
    pub cycle_s: f64,
    /// Seconds after which this file is read again; 0 for never. Sources have intervals of their own.
    pub reload_s: f64,
    /// How old the last good answer of the server or of a batch system may be, in seconds, and still be used.
    pub stale_s: f64,
    /// How long a pilot that its batch system no longer shows must have been silent, in seconds, before it is closed.
    pub quiet_s: f64,
    /// Seconds within which a pilot that its batch system runs must say hello; then it is taken away.
    pub hello_s: f64,
    /// Chain of labels that name none; the default chain when empty.
    pub chain: Vec<StepName>,
    /// The most pilots of all labels together.
    pub max_pilots: u64,
    /// How long logs are kept of labels that do not say so.
    #[serde(skip_serializing_if = "is_default")]
    pub logs: LogsSection,
    /// Settings of scheduler steps for labels that do not set them.
    pub sched: Sched,
}

/// `logs` of a label and of the factory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogsSection {
    /// Days for which the server keeps the logs of pilots, 0 for ever; as the server is configured when absent.
    #[serde(default)]
    pub keep_days: Option<u32>,
}

/// `[label.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelSection {
    /// The template whose keys count where the label has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub template: String,
    /// The queue its pilots serve.
    pub queue: String,
    /// Name of the batch end point.
    pub batch: String,
    /// Where its jobs are counted; on our own server when nothing is set.
    #[serde(default, skip_serializing_if = "is_default")]
    pub wms: LabelJobs,
    /// Whether it submits at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Scheduler steps in order; the factory's or the default chain when empty.
    #[serde(default)]
    pub chain: Vec<StepName>,
    /// Jobs at once in each pilot; its cores when absent.
    #[serde(default)]
    pub slots: Option<u32>,
    /// Cores of each pilot.
    #[serde(default = "one")]
    pub cores: u32,
    /// Memory of each pilot in MiB; 0 means the batch system's default, unlimited for local pilots.
    #[serde(default)]
    pub memory_mib: u32,
    /// Wall time of each pilot in seconds; 0 means the batch system's default.
    #[serde(default)]
    pub wall_time_s: u32,
    /// Running pilots in excess may finish; if not, they are taken out of the batch system as waiting ones are.
    #[serde(default = "yes")]
    pub peaceful: bool,
    /// Seconds without a job after which a pilot exits.
    #[serde(default = "one_minute")]
    pub idle_s: u32,
    /// Directory below which jobs get their scratch directories; the node's `$TMPDIR` or `/tmp` when empty.
    #[serde(default)]
    pub scratch: String,
    /// Versions of the pilot program, each with its share of the pilots, such as `{ release = 99, candidate = 1 }`; the
    /// factory's program when empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pilots: BTreeMap<String, u32>,
    /// The VO's own wrapper around the pilot; none when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub wrapper: String,
    /// Variables for the pilot, such as `https_proxy`; others on the node can read them.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Further arguments of the submit command, one per element, such as `--partition=short`.
    #[serde(default)]
    pub submit_arguments: Vec<String>,
    /// What a node must have before a pilot takes its first job.
    #[serde(default, skip_serializing_if = "is_default")]
    pub node: NodeNeeds,
    /// The credential that its pilots carry; it submits only while that can be used. Several in a list.
    #[serde(default, skip_serializing_if = "is_default")]
    pub credential: CredentialNames,
    /// What its jobs are like in HTCondor, where it is not as its end point's `job` says.
    #[serde(default, skip_serializing_if = "is_default")]
    pub condor: CondorJob,
    /// Names of the APF monitors that are told of it; all when absent.
    #[serde(default)]
    pub monitors: Option<Vec<String>>,
    /// How long logs of its pilots are kept, where it is not as the factory says.
    #[serde(default, skip_serializing_if = "is_default")]
    pub logs: LogsSection,
    /// Settings of the scheduler steps, in AutoPyFactory's spelling: `sched.maxpending.maximum = 10`.
    #[serde(default)]
    pub sched: Sched,
}

impl Default for FactorySection {
    fn default() -> FactorySection {
        FactorySection {
            name: String::new(),
            servers: Vec::new(),
            token_file: PathBuf::new(),
            dir: PathBuf::new(),
            pilot: PathBuf::new(),
            pilot_url: String::new(),
            pilot_sha256: String::new(),
            cycle_s: 30.0,
            reload_s: 0.0,
            stale_s: 600.0,
            quiet_s: 90.0,
            hello_s: 1800.0,
            chain: Vec::new(),
            max_pilots: 10_000,
            logs: LogsSection::default(),
            sched: Sched::default(),
        }
    }
}

impl FactorySection {
    /// The pilot program that the configuration names; `None` when it names none.
    pub fn program(&self) -> Option<PilotProgram> {
        if !self.pilot_url.is_empty() {
            let (url, sha256) = (&self.pilot_url, self.pilot_sha256.to_lowercase());
            return Some(PilotProgram::Fetched(format!("pilotage-pilot 1 {sha256} {url} ;")));
        }
        let path = self.pilot.clone();
        (!path.as_os_str().is_empty()).then_some(PilotProgram::Path { path, arguments: Vec::new() })
    }

    /// Time between two cycles.
    pub fn cycle(&self) -> Duration {
        Duration::try_from_secs_f64(self.cycle_s).unwrap_or(Duration::from_secs(30))
    }

    /// Time after which the main file is read again; `None` for never.
    pub fn reload(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.reload_s).ok().filter(|interval| !interval.is_zero())
    }

    /// Facts of this age in seconds are usual and not worth a word.
    fn usual_age_s(&self) -> i64 {
        60 + (self.cycle() * USUAL_CYCLES).as_secs() as i64
    }

    /// Age at which the last good answer is no longer used.
    pub fn stale(&self) -> Duration {
        Duration::try_from_secs_f64(self.stale_s).unwrap_or(Duration::from_secs(600))
    }
}

impl FactorySection {
    /// Silence after which an absent pilot is closed.
    pub fn quiet(&self) -> Duration {
        Duration::try_from_secs_f64(self.quiet_s).unwrap_or(Duration::from_secs(90))
    }

    /// Time within which a running pilot must say hello.
    pub fn hello(&self) -> Duration {
        Duration::try_from_secs_f64(self.hello_s).unwrap_or(Duration::from_secs(1800))
    }
}

impl LabelSection {
    /// Jobs at once in each pilot, at least 1.
    pub fn slots(&self) -> u32 {
        self.slots.unwrap_or(self.cores).max(1)
    }

    /// What each pilot offers to jobs.
    pub fn offer(&self) -> Offer {
        let wall_time_s = promised_s(crate::launch::life_s(self.wall_time_s));
        Offer { slots: self.slots(), whole: Shape { cores: self.cores, memory_mib: self.memory_mib, wall_time_s } }
    }

    /// The label's chain: its own, else the factory's, else the default.
    pub fn chain<'a>(&'a self, factory: &'a FactorySection) -> &'a [StepName] {
        [&self.chain, &factory.chain].into_iter().find(|chain| !chain.is_empty()).map_or(&DEFAULT_CHAIN, Vec::as_slice)
    }
}

impl Config {
    /// Reads and checks a file. Relative paths in it are taken from the file's directory.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        Main::load(path).map(|main| main.config)
    }

    /// Reads and checks text; `path` is only for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
        Main::parse(text, path, "").map(|main| main.config)
    }

    /// Checks a configuration that was made by a program.
    pub fn checked(self) -> Result<Config, ConfigError> {
        check::check(&self, &Origins::default(), Path::new("factory.toml"))?;
        Ok(self)
    }

    /// Whether a label's pilots are not Pilotage's own: they say no hello and take no commands.
    pub fn is_foreign(&self, label: &LabelSection) -> bool {
        match self.batch.get(&label.batch) {
            Some(BatchConfig::Condor(condor)) => !label.condor.or(&condor.job).says_hello(),
            _ => false,
        }
    }

    /// Whether new pilots of a label can be kept from nodes on which others failed.
    pub fn can_avoid_nodes(&self, label: &LabelSection) -> bool {
        match self.batch.get(&label.batch) {
            Some(BatchConfig::Condor(condor)) => label.condor.or(&condor.job).grid.is_none(),
            Some(BatchConfig::Slurm(_) | BatchConfig::Command(_)) => true,
            Some(BatchConfig::Local(_)) | None => false,
        }
    }

    /// The monitors that are told of a label, in the order of its own list.
    pub fn monitors_of<'a>(&'a self, label: &'a LabelSection) -> Vec<(&'a str, &'a MonitorSection)> {
        match &label.monitors {
            None => self.monitor.iter().map(|(name, section)| (name.as_str(), section)).collect(),
            Some(names) => names.iter().filter_map(|name| Some((name.as_str(), self.monitor.get(name)?))).collect(),
        }
    }

    /// Days for which logs of a label's pilots are kept, 0 for ever; none when the server decides.
    pub fn keep_logs_days(&self, label: &LabelSection) -> Option<u32> {
        label.logs.keep_days.or(self.factory.logs.keep_days)
    }

    /// The labels whose pilots are not Pilotage's own.
    pub fn foreign_labels(&self) -> BTreeSet<&str> {
        self.label.iter().filter(|(_, label)| self.is_foreign(label)).map(|(name, _)| name.as_str()).collect()
    }

    /// The JSON schema of a configuration file.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Config)
    }

    /// The label's scheduler settings, with the factory's where it sets none. Bounds of the default chain have
    /// defaults; in a chain of one's own, what is not set does not bound.
    pub fn sched_of(&self, label: &LabelSection) -> Sched {
        let mut sched = label.sched.or(&self.factory.sched);
        if label.chain(&self.factory) == DEFAULT_CHAIN {
            sched = sched.or(&Sched::of_default_chain());
        }
        sched.maxperfactory.maximum.get_or_insert(i64::try_from(self.factory.max_pilots).unwrap_or(i64::MAX));
        sched.stale.usual.get_or_insert(self.factory.usual_age_s());
        sched
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

fn one_minute() -> u32 {
    60
}
