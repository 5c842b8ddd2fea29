//! What the jobs of an end point or of one label are like.

use super::grid::Grid;
use super::text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Held pilots are removed after so many seconds where nothing else is said.
const REMOVE_AFTER_S: u32 = 3600;
/// Held pilots are released after so many seconds where only the number of releases is said.
const RELEASE_AFTER_S: u32 = 300;

/// A pilot as a job of HTCondor. In a label, what is not set is as the end point's `job` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CondorJob {
    /// Where the schedd sends it; the schedd's own pool when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid: Option<Grid>,
    /// ClassAd expression that a machine must fulfil.
    pub requirements: String,
    /// Further lines of the submit description, such as `"+maxMemory" = "4000"`; they come last, so that they win.
    pub attributes: BTreeMap<String, String>,
    /// Grid proxy that goes with it (`x509userproxy`).
    pub proxy: PathBuf,
    /// Token that goes with it (`scitokens_file`).
    pub token: PathBuf,
    /// Program to run instead of Pilotage's pilot, such as the wrapper of another one. It gets no secret and says no
    /// hello.
    pub executable: PathBuf,
    /// Arguments of that program, as in a submit description.
    pub arguments: String,
    /// What becomes of it when it is held.
    pub hold: HoldPolicy,
    /// Seconds between TERM and KILL when it is removed or put on hold; 30 when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_s: Option<u32>,
}

/// What becomes of held pilots. The schedd sees to it, also while no factory runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HoldPolicy {
    /// How often one is released again, unless a person held it; 0 when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub releases: Option<u32>,
    /// Seconds after which it is released; 300 when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_after_s: Option<u32>,
    /// Seconds after which it is removed; 3600 when not set, 0 for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remove_after_s: Option<u32>,
}

impl CondorJob {
    /// This, with what `other` says where this says nothing.
    pub fn or(&self, other: &CondorJob) -> CondorJob {
        let text = |own: &String, other: &String| if own.is_empty() { other.clone() } else { own.clone() };
        let path = |own: &PathBuf, other: &PathBuf| {
            if own.as_os_str().is_empty() { other.clone() } else { own.clone() }
        };
        let mut attributes = other.attributes.clone();
        attributes.extend(self.attributes.clone());
        CondorJob {
            grid: self.grid.clone().or_else(|| other.grid.clone()),
            requirements: text(&self.requirements, &other.requirements),
            attributes,
            proxy: path(&self.proxy, &other.proxy),
            token: path(&self.token, &other.token),
            executable: path(&self.executable, &other.executable),
            arguments: text(&self.arguments, &other.arguments),
            hold: HoldPolicy {
                releases: self.hold.releases.or(other.hold.releases),
                release_after_s: self.hold.release_after_s.or(other.hold.release_after_s),
                remove_after_s: self.hold.remove_after_s.or(other.hold.remove_after_s),
            },
            grace_s: self.grace_s.or(other.grace_s),
        }
    }

    /// Whether Pilotage's own pilot runs in it, which gets a secret and says hello.
    pub fn says_hello(&self) -> bool {
        self.executable.as_os_str().is_empty() && self.grid.as_ref().is_none_or(Grid::carries_files)
    }

    /// Whether what its pilot could not deliver comes back when it ends.
    pub(super) fn returns_files(&self) -> bool {
        self.says_hello() && matches!(self.grid, None | Some(Grid::HtcondorCe(_)))
    }

    /// The attribute that names what comes back; with an empty one nothing does.
    pub(super) fn transfer_output(&self) -> String {
        text::string(if self.returns_files() { super::description::SPOOL } else { "" })
    }

    /// What is wrong with it.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        let lines = [("requirements", &self.requirements), ("arguments", &self.arguments)];
        found.extend(lines.iter().filter_map(|(key, value)| Some(((*key).to_owned(), text::line_problem(value)?))));
        for (name, value) in &self.attributes {
            let what = attribute_problem(name).or_else(|| text::line_problem(value));
            found.extend(what.map(|what| (format!("attributes.{name}"), what)));
        }
        if !self.arguments.is_empty() && self.executable.as_os_str().is_empty() {
            found.push(("arguments".to_owned(), "are for 'executable', which is not set".to_owned()));
        }
        let paths = [("proxy", &self.proxy), ("token", &self.token), ("executable", &self.executable)];
        found.extend(paths.iter().filter_map(|(key, path)| Some(((*key).to_owned(), text::path_problem(path)?))));
        let grid = self.grid.iter().flat_map(Grid::problems);
        found.extend(grid.map(|(key, what)| (format!("grid.{key}"), what)));
        found
    }
}

/// Why a name cannot be one of `attributes`: what Pilotage finds its pilots by is not to be overwritten.
pub fn attribute_problem(name: &str) -> Option<String> {
    let bare = name.trim_start_matches('+');
    let own = ["pilotageid", "pilotagefactory", "pilotageuser"];
    let lower = bare.to_ascii_lowercase();
    let lower = lower.strip_prefix("my.").unwrap_or(&lower);
    if own.contains(&lower) || ["queue", "log", "output", "error"].contains(&lower) {
        return Some("is set by Pilotage itself".to_owned());
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    (bare.is_empty() || !bare.bytes().all(fits)).then(|| "is no name of a submit command or attribute".to_owned())
}

impl HoldPolicy {
    /// Expression under which a held pilot is released; `None` for never. 1 is the code of a hold by a person.
    pub(super) fn release(&self) -> Option<String> {
        let releases = self.releases.filter(|releases| *releases > 0)?;
        let after = self.release_after_s.unwrap_or(RELEASE_AFTER_S);
        Some(format!(
            "JobStatus == 5 && HoldReasonCode =!= 1 && NumHolds <= {releases} && {} > {after}",
            super::description::IN_STATE
        ))
    }

    /// Expression under which a held pilot is removed; `None` for never.
    pub(super) fn remove(&self) -> Option<String> {
        let after = self.remove_after_s.unwrap_or(REMOVE_AFTER_S);
        (after > 0).then(|| format!("(JobStatus == 5 && {} > {after})", super::description::IN_STATE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_what_is_different() {
        let end_point = CondorJob {
            requirements: "Memory > 1000".into(),
            attributes: [("+a", "1"), ("+b", "2")].map(|(key, value)| (key.into(), value.into())).into(),
            hold: HoldPolicy { remove_after_s: Some(60), ..HoldPolicy::default() },
            ..CondorJob::default()
        };
        let attributes = [("+b".to_owned(), "3".to_owned())].into();
        let label = CondorJob { attributes, grace_s: Some(5), ..CondorJob::default() }.or(&end_point);
        assert_eq!(label.requirements, "Memory > 1000");
        assert_eq!(label.attributes.values().collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!((label.hold.remove_after_s, label.grace_s), (Some(60), Some(5)));
    }

    #[test]
    fn mistakes_are_named() {
        let attributes = ["+PilotageId", "MY.pilotageFactory", "+a b", "queue", "+fine"];
        let job = CondorJob {
            attributes: attributes.map(|name| (name.to_owned(), "1\n2".to_owned())).into(),
            arguments: "-x".into(),
            ..CondorJob::default()
        };
        let found: Vec<String> = job.problems().into_iter().map(|(key, what)| format!("{key}: {what}")).collect();
        insta::assert_snapshot!(found.join("\n"));
    }
}
