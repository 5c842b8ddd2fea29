//! `system = "condor"`.

use super::job::CondorJob;
use super::text;
use crate::ssh::SshConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// HTCondor, used by its commands as an ordinary user: a schedd of this host, or a remote one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CondorConfig {
    /// Directory for submit files, pilots' files and output; below the factory's when not set. The schedd reads and
    /// writes in it, unless it is a remote one.
    pub dir: PathBuf,
    /// Name of a remote schedd, to which files are sent and from which output is fetched; that of this host when empty.
    pub schedd: String,
    /// Collector (`host:port`) that knows the schedd; that of HTCondor's configuration when empty.
    pub pool: String,
    /// What its jobs are like, for labels that do not say otherwise.
    pub job: CondorJob,
    /// Base URL of the logs in `GTAG` and `APF_...URL`; where the server shows them when empty.
    pub log_url: String,
    /// Who gets HTCondor's mail about jobs that fail, separated by commas; nobody when empty.
    pub mail: String,
    /// What `FACTORYUSER` tells wrappers; the account of the factory when empty.
    pub factory_user: String,
    /// Directory of the HTCondor commands; from `PATH` when empty.
    pub bin: PathBuf,
    /// The configuration to use (`CONDOR_CONFIG`); HTCondor's own choice when empty.
    pub conf: PathBuf,
    /// The login node on which the commands run, when it is not this host; `dir`, `bin` and `conf` are then paths of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh: Option<SshConfig>,
    /// Seconds between two `condor_q`.
    pub poll_s: f64,
    /// Seconds after which an HTCondor command is given up.
    pub timeout_s: f64,
}

impl Default for CondorConfig {
    fn default() -> CondorConfig {
        CondorConfig {
            dir: PathBuf::new(),
            schedd: String::new(),
            pool: String::new(),
            job: CondorJob::default(),
            log_url: String::new(),
            mail: String::new(),
            factory_user: String::new(),
            bin: PathBuf::new(),
            conf: PathBuf::new(),
            ssh: None,
            poll_s: 30.0,
            timeout_s: 60.0,
        }
    }
}

impl CondorConfig {
    /// What is wrong with it.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (key, value) in [("poll_s", self.poll_s), ("timeout_s", self.timeout_s)] {
            if !(0.01..=3600.0).contains(&value) {
                found.push((key.to_owned(), format!("{value} is not between 0.01 and 3600 seconds")));
            }
        }
        for (key, value) in [("schedd", &self.schedd), ("pool", &self.pool), ("factory_user", &self.factory_user)] {
            found.extend(text::word_problem(value).map(|what| (key.to_owned(), what)));
        }
        found.extend(text::line_problem(&self.mail).map(|what| ("mail".to_owned(), what)));
        found.extend(text::url_problem(&self.log_url).map(|what| ("log_url".to_owned(), what)));
        found.extend(self.ssh.iter().flat_map(|ssh| ssh.problems(&self.dir)));
        if self.ssh.is_some() && !self.schedd.is_empty() {
            found.push(("schedd".to_owned(), "is not used over ssh; name the host of the schedd there".to_owned()));
        }
        if self.schedd.is_empty() && !self.pool.is_empty() {
            found.push(("pool".to_owned(), "is for a remote schedd; name it by 'schedd'".to_owned()));
        }
        found.extend(self.job.problems().into_iter().map(|(key, what)| (format!("job.{key}"), what)));
        found
    }

    /// Arguments that name the schedd to a command.
    pub(super) fn schedd_arguments(&self) -> Vec<String> {
        let named = [("-name", &self.schedd), ("-pool", &self.pool)];
        let given = named.iter().filter(|(_, value)| !value.is_empty());
        given.flat_map(|(option, value)| [(*option).to_owned(), (*value).clone()]).collect()
    }

    /// Whether files are sent to the schedd and output is fetched from it.
    pub(super) fn is_remote(&self) -> bool {
        !self.schedd.is_empty()
    }
}
