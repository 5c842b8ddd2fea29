//! `[source.NAME]`: where further labels come from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What the place of a program begins with; its path follows.
pub(crate) const PROGRAM: &str = "command://";

/// A source of labels beside the file itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSection {
    /// What its documents are.
    pub format: SourceFormat,
    /// Files, directories (all files with the format's ending, in sorted order), `http://` or `https://` URLs, and
    /// `command://` with the absolute path of a program that prints the document; none for `server`.
    #[serde(default)]
    pub from: Vec<String>,
    /// Seconds between two looks.
    #[serde(default = "ten_minutes")]
    pub interval_s: f64,
    /// Longest time for one answer in seconds.
    #[serde(default = "one_minute")]
    pub timeout_s: f64,
    /// File with the certificates (PEM) of the authorities to trust with https; the system's when empty.
    #[serde(default)]
    pub authorities: PathBuf,
    /// What it gives is refused when this share of its labels or more, in percent, is gone at once; above 100 never.
    #[serde(default = "a_quarter")]
    pub drop_max_percent: f64,
    /// Template of its labels: all of them, or those whose `by` is not in `templates`.
    #[serde(default)]
    pub template: String,
    /// Templates by the value of the field `by`, such as `htcondor-ce = "ce"`.
    #[serde(default)]
    pub templates: BTreeMap<String, String>,
    /// The field that chooses the template: `ce_flavour` of cric and `system` of schedconfig when empty.
    #[serde(default)]
    pub by: String,
    /// Pattern of the labels' names; when empty `{name}-{ce_host}-{ce_queue_name|default}` of cric with one label per
    /// computing element, else `{name}`.
    #[serde(default)]
    pub label: String,
    /// What makes a label.
    #[serde(default)]
    pub per: Per,
    /// Only queues whose field has one of these values, whatever their case; no values means any.
    #[serde(default)]
    pub only: BTreeMap<String, Vec<String>>,
    /// Factories that share the jobs of its queues; a part of `{scale_factor}`.
    #[serde(default = "one")]
    pub factories: f64,
    /// Jobs that a pilot runs one after the other, on average; a part of `{scale_factor}`.
    #[serde(default = "one")]
    pub jobs_per_pilot: f64,
}

/// What the documents of a source are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceFormat {
    /// `[label.NAME]` sections.
    Toml,
    /// AutoPyFactory's `queues.conf`.
    AutoPyFactory,
    /// JSON of CRIC or AGIS, preset `schedconf.all`.
    Cric,
    /// JSON of schedconfig: one queue, or several by name.
    SchedConfig,
    /// The queues of Pilotage's server.
    Server,
}

/// What makes a label of a queue of CRIC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// Each computing element of each queue.
    #[default]
    Ce,
    /// Each queue.
    Queue,
}

impl SourceSection {
    /// Time between two looks.
    pub fn interval(&self) -> Duration {
        Duration::try_from_secs_f64(self.interval_s).unwrap_or(Duration::from_secs(600))
    }

    /// Longest time for one answer.
    pub fn timeout(&self) -> Duration {
        Duration::try_from_secs_f64(self.timeout_s).unwrap_or(Duration::from_secs(60))
    }

    /// The field that chooses the template; empty when there is none.
    pub fn by(&self) -> &str {
        match self.format {
            _ if !self.by.is_empty() => &self.by,
            SourceFormat::Cric => "ce_flavour",
            SourceFormat::SchedConfig => "system",
            _ => "",
        }
    }

    /// The pattern of the labels' names.
    pub fn pattern(&self) -> &str {
        match (self.format, self.per) {
            _ if !self.label.is_empty() => &self.label,
            (SourceFormat::Cric, Per::Ce) => "{name}-{ce_host}-{ce_queue_name|default}",
            _ => "{name}",
        }
    }

    /// What is wrong with it: keys below `source.NAME` and words.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let is_server = self.format == SourceFormat::Server;
        if is_server != self.from.is_empty() {
            let what = if is_server { "the server needs no place to read from" } else { "is empty: where from?" };
            found.push(("from", what.to_owned()));
        }
        for place in &self.from {
            if let Some(what) = bad_place(place) {
                found.push(("from", what));
            }
        }
        for (key, value) in [("interval_s", self.interval_s), ("timeout_s", self.timeout_s)] {
            if !(0.01..=604_800.0).contains(&value) {
                found.push((key, format!("{value} is not between 0.01 and 604800 seconds")));
            }
        }
        for (key, value) in [("factories", self.factories), ("jobs_per_pilot", self.jobs_per_pilot)] {
            if !(value.is_finite() && value > 0.0) {
                found.push((key, format!("{value} is no number above zero")));
            }
        }
        if self.drop_max_percent.is_nan() || self.drop_max_percent <= 0.0 {
            found.push(("drop_max_percent", format!("{} is no share above zero", self.drop_max_percent)));
        }
        found
    }
}

/// Others read URLs: they stand in logs, in the list of sources and in the effective configuration.
fn bad_place(place: &str) -> Option<String> {
    if let Some(program) = place.strip_prefix(PROGRAM) {
        let what = format!("'{place}': '{program}' is no absolute path");
        return (!program.starts_with('/')).then_some(what);
    }
    let (scheme, rest) = place.split_once("://")?;
    if !matches!(scheme, "http" | "https" | "file") {
        return Some(format!("'{place}': {scheme}:// is not known; use http://, https://, command:// or a path"));
    }
    let host = rest.split('/').next().unwrap_or_default();
    host.contains('@').then(|| "a URL with a password in it is not accepted".to_owned())
}

fn ten_minutes() -> f64 {
    600.0
}

fn one_minute() -> f64 {
    60.0
}

fn a_quarter() -> f64 {
    25.0
}

fn one() -> f64 {
    1.0
}
