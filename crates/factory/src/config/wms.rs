//! `[wms.NAME]`: where jobs are counted when they are not on our own server; and what a label says of it.

use super::{Config, LabelSection};
use batch::condor::CondorJobs;
use batch::programs::problem_of;
use model::spelling::hint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// One place where jobs are counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "system", rename_all = "lowercase")]
pub enum WmsSection {
    /// Another server of Pilotage.
    Pilotage(PilotageJobs),
    /// A PanDA server.
    Panda(PandaJobs),
    /// An HTCondor pool.
    Condor(CondorJobs),
    /// A program of the site's own.
    Command(CommandJobs),
}

/// Queues of another server of Pilotage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PilotageJobs {
    /// Base URLs of the servers, such as `https://host:25443`; any of them answers.
    pub servers: Vec<String>,
    /// File with a token that may read, mode 0600.
    pub token_file: PathBuf,
    /// PEM file of the authorities that its certificate may be signed by; the system's when empty.
    pub authorities: PathBuf,
    /// Seconds between two questions.
    pub poll_s: f64,
    /// Seconds after which an answer is given up.
    pub timeout_s: f64,
}

/// Queues of a PanDA server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PandaJobs {
    /// Base URLs of the servers, such as `https://pandaserver.cern.ch:25443`; any of them answers.
    pub servers: Vec<String>,
    /// Which calls it answers.
    pub interface: PandaInterface,
    /// PEM file with certificate, key and chain, such as a grid proxy, read anew for each question; none when empty.
    pub proxy: PathBuf,
    /// File with a token, read anew for each question; none when empty. Sent over https alone.
    pub token_file: PathBuf,
    /// The VO that the token is for.
    pub vo: String,
    /// Authorities that the server's certificate may be signed by: a PEM file, or a directory such as
    /// `/etc/grid-security/certificates`; the system's when empty.
    pub authorities: PathBuf,
    /// Seconds between two questions.
    pub poll_s: f64,
    /// Seconds after which an answer is given up; the server itself may need 30.
    pub timeout_s: f64,
}

/// The calls of a PanDA server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PandaInterface {
    /// Those below `/api/v1`.
    #[default]
    V1,
    /// Those below `/server/panda` that AutoPyFactory asked, of servers of before 2025.
    Legacy,
}

/// Queues that a program of the site's own counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CommandJobs {
    /// The program: an absolute path or a name in `PATH`.
    pub program: String,
    /// Seconds between two calls.
    pub poll_s: f64,
    /// Seconds after which it is given up.
    pub timeout_s: f64,
}

/// Where the jobs of a label are counted; on our own server when nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LabelJobs {
    /// Name of the `[wms.NAME]` that counts them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Another label, whose pending pilots are what waits and whose running ones are what runs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Name of the queue there; the label's queue when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub queue: String,
    /// Of PanDA's jobs those of these resource types, such as `MCORE`; all when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_types: Vec<String>,
}

impl Default for PilotageJobs {
    fn default() -> PilotageJobs {
        let (token_file, authorities) = (PathBuf::new(), PathBuf::new());
        PilotageJobs { servers: Vec::new(), token_file, authorities, poll_s: 30.0, timeout_s: 30.0 }
    }
}

impl Default for PandaJobs {
    fn default() -> PandaJobs {
        PandaJobs {
            servers: Vec::new(),
            interface: PandaInterface::default(),
            proxy: PathBuf::new(),
            token_file: PathBuf::new(),
            vo: String::new(),
            authorities: PathBuf::new(),
            poll_s: 60.0,
            timeout_s: 60.0,
        }
    }
}

impl Default for CommandJobs {
    fn default() -> CommandJobs {
        CommandJobs { program: String::new(), poll_s: 30.0, timeout_s: 60.0 }
    }
}

impl WmsSection {
    /// The kind as written in configurations.
    pub fn kind(&self) -> &'static str {
        match self {
            WmsSection::Pilotage(_) => "pilotage",
            WmsSection::Panda(_) => "panda",
            WmsSection::Condor(_) => "condor",
            WmsSection::Command(_) => "command",
        }
    }

    /// Time between two questions.
    pub fn poll(&self) -> Duration {
        Duration::try_from_secs_f64(self.times().0).unwrap_or(Duration::from_secs(30))
    }

    /// Time after which a question is given up.
    pub fn timeout(&self) -> Duration {
        Duration::try_from_secs_f64(self.times().1).unwrap_or(Duration::from_secs(60))
    }

    /// Files and directories that it names.
    pub(super) fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        match self {
            WmsSection::Pilotage(jobs) => vec![&mut jobs.token_file, &mut jobs.authorities],
            WmsSection::Panda(jobs) => vec![&mut jobs.proxy, &mut jobs.token_file, &mut jobs.authorities],
            WmsSection::Condor(_) | WmsSection::Command(_) => Vec::new(),
        }
    }

    fn times(&self) -> (f64, f64) {
        match self {
            WmsSection::Pilotage(jobs) => (jobs.poll_s, jobs.timeout_s),
            WmsSection::Panda(jobs) => (jobs.poll_s, jobs.timeout_s),
            WmsSection::Condor(jobs) => (jobs.poll_s, jobs.timeout_s),
            WmsSection::Command(jobs) => (jobs.poll_s, jobs.timeout_s),
        }
    }

    /// What is wrong with it: keys and words.
    pub(super) fn problems(&self) -> Vec<(String, String)> {
        let (poll_s, timeout_s) = self.times();
        let times = [("poll_s", poll_s), ("timeout_s", timeout_s)];
        let odd = times.into_iter().filter(|(_, value)| !(0.01..=3600.0).contains(value));
        let mut found: Vec<(String, String)> =
            odd.map(|(key, value)| (key.to_owned(), format!("{value} is not between 0.01 and 3600 seconds"))).collect();
        match self {
            WmsSection::Pilotage(jobs) => found.extend(bad_servers(&jobs.servers)),
            WmsSection::Panda(jobs) => found.extend(bad_servers(&jobs.servers)),
            WmsSection::Condor(jobs) => found.extend(jobs.problems()),
            WmsSection::Command(jobs) => {
                found.extend(problem_of(&jobs.program).map(|what| ("program".to_owned(), what)));
            }
        }
        found
    }
}

fn bad_servers(servers: &[String]) -> Vec<(String, String)> {
    let key = || "servers".to_owned();
    if servers.is_empty() {
        return vec![(key(), "is missing: the URLs to ask".to_owned())];
    }
    let is_url = |server: &str| server.starts_with("http://") || server.starts_with("https://");
    let odd = servers.iter().filter(|server| !is_url(server) || server.contains('@'));
    odd.map(|server| (key(), format!("'{server}' is no http:// or https:// URL without a password"))).collect()
}

impl LabelJobs {
    /// The name of a label's queue where its jobs are counted.
    pub fn queue_of<'a>(&'a self, label: &'a LabelSection) -> &'a str {
        if self.queue.is_empty() { &label.queue } else { &self.queue }
    }

    /// What is wrong with it, in a label of this name: keys and words.
    pub(super) fn problems(&self, config: &Config, name: &str) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let section = config.wms.get(&self.source);
        if !self.source.is_empty() && section.is_none() {
            let near = hint(&self.source, config.wms.keys().map(String::as_str));
            found.push((".wms.source", format!("there is no [wms.{}]{near}", self.source)));
        }
        if !self.label.is_empty() {
            if !self.source.is_empty() || !self.queue.is_empty() {
                found.push((".wms.label", "is set beside another place where jobs are counted".to_owned()));
            }
            if self.label == name {
                found.push((".wms.label", "is the label itself".to_owned()));
            }
        }
        if !self.resource_types.is_empty() {
            let what = match section {
                Some(WmsSection::Panda(PandaJobs { interface: PandaInterface::V1, .. })) => None,
                Some(WmsSection::Panda(_)) => Some("is not told by PanDA's legacy interface"),
                _ => Some("is for PanDA's jobs; name a PanDA server by 'source'"),
            };
            found.extend(what.map(|what| (".wms.resource_types", what.to_owned())));
        }
        found
    }
}
