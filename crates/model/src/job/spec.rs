//! What a user asks for: the record that a submission shares between all its jobs.

use crate::queue::check_name;
use crate::{Shape, TaskId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest job name, in characters.
pub const NAME_MAX_CHARS: usize = 256;
/// The most bytes of transformation, arguments, script and environment together.
pub const PAYLOAD_MAX_BYTES: usize = 1 << 20;
/// The most inputs, and the most outputs, of one job.
pub const FILES_MAX: usize = 1000;
/// The longest name of a file and the longest URL, in bytes.
pub const FILE_TEXT_MAX: usize = 4096;
/// The most tags that a job asks for.
pub const TAGS_MAX: usize = 64;
/// The most jobs of one array.
pub const ARRAY_MAX: u64 = 1_000_000;

/// Variables that the pilot sets for every payload.
pub const PILOT_VARIABLES: [&str; 6] = [
    "PILOTAGE_JOB_ID",
    "PILOTAGE_ATTEMPT",
    "PILOTAGE_ARRAY_INDEX",
    "PILOTAGE_QUEUE",
    "PILOTAGE_SITE",
    "PILOTAGE_SCRATCH",
];

/// Where a job may run. Exactly one kind; `Any` lets brokerage choose among all queues.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Placement {
    /// Any queue that fits.
    #[default]
    Any,
    /// This queue only.
    Queue(String),
    /// Any fitting queue of this site.
    Site(String),
    /// Any fitting queue that carries all these tags.
    Tags(Vec<String>),
}

/// One file that is brought to the job or taken from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileTransfer {
    /// Name in the job's scratch directory; relative, without `..`.
    pub name: String,
    /// Where it comes from or goes to: an absolute path seen from the worker node, or an `http(s)://` URL. An output
    /// without one is kept by the server.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// What is to be run and what it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobSpec {
    /// A name for people; defaults to the file name of the transformation.
    #[serde(default)]
    pub name: String,
    /// Who submitted it. Set by the server from the credential.
    #[serde(default)]
    pub user: String,
    /// Group or VO the user works for; fair share counts it first.
    #[serde(default)]
    pub group: String,
    /// Where it may run.
    #[serde(default)]
    pub placement: Placement,
    /// The program: an absolute path, a command found on PATH, a URL that the pilot fetches, or with
    /// [`JobSpec::script`] the name the script gets in the scratch directory.
    pub transformation: String,
    /// Arguments of the transformation, passed as they are, never through a shell.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Content of a script that is put into the scratch directory and run as the transformation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// Variables added to the environment of the payload.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Cores it may use.
    #[serde(default = "one")]
    pub cores: u32,
    /// Memory limit of its process tree in MiB; 0 means the pilot's share.
    #[serde(default)]
    pub memory_mib: u32,
    /// Wall time limit in seconds; 0 means what the pilot has left.
    #[serde(default)]
    pub wall_time_s: u32,
    /// Higher runs earlier within a user's jobs; see [`crate::fair_share::rank`].
    #[serde(default)]
    pub priority: i32,
    /// Files brought before it starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<FileTransfer>,
    /// Files taken after it ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<FileTransfer>,
    /// How often the payload may fail before the job has failed; losses of infrastructure do not count.
    #[serde(default = "one")]
    pub max_attempts: u32,
    /// The task it belongs to; 0 means none.
    #[serde(default)]
    pub task: TaskId,
    /// PanDA's `prodSourceLabel` (names such as `user` or `managed`); PanDA pilots ask for jobs by it.
    #[serde(default = "user_label")]
    pub source_label: String,
}

fn one() -> u32 {
    1
}

fn user_label() -> String {
    "user".to_owned()
}

/// A field of a [`JobSpec`] that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct SpecError {
    /// The field, with an index where it is a list.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl JobSpec {
    /// A job that runs `transformation` with `arguments` and all defaults.
    pub fn command(transformation: impl Into<String>, arguments: impl IntoIterator<Item = String>) -> JobSpec {
        JobSpec {
            name: String::new(),
            user: String::new(),
            group: String::new(),
            placement: Placement::Any,
            transformation: transformation.into(),
            arguments: arguments.into_iter().collect(),
            script: None,
            environment: BTreeMap::new(),
            cores: 1,
            memory_mib: 0,
            wall_time_s: 0,
            priority: 0,
            inputs: Vec::new(),
            outputs: Vec::new(),
            max_attempts: 1,
            task: TaskId(0),
            source_label: user_label(),
        }
    }

    /// Fills what was left empty and refuses what cannot run.
    pub fn checked(mut self) -> Result<JobSpec, SpecError> {
        if self.name.is_empty() {
            let file = self.transformation.rsplit('/').next().unwrap_or_default();
            self.name = file.chars().take(NAME_MAX_CHARS).collect();
        }
        self.check_text()?;
        self.check_size()?;
        self.check_needs()?;
        check_files("inputs", &self.inputs)?;
        check_files("outputs", &self.outputs)?;
        Ok(self)
    }

    fn check_text(&self) -> Result<(), SpecError> {
        if self.transformation.trim().is_empty() {
            return Err(refuse("transformation", "is empty; give a command, a path or a URL"));
        }
        if self.name.chars().count() > NAME_MAX_CHARS {
            return Err(refuse("name", format!("has more than {NAME_MAX_CHARS} characters")));
        }
        if let Some(c) = self.name.chars().find(|c| c.is_control()) {
            return Err(refuse("name", format!("contains the control character {:?}", c)));
        }
        if let Placement::Tags(tags) = &self.placement {
            check_tags(tags)?;
        }
        check_name(&self.source_label).map_err(|error| refuse("source_label", error.to_string()))?;
        no_nul("transformation", &self.transformation)?;
        for (i, argument) in self.arguments.iter().enumerate() {
            no_nul(&format!("arguments[{i}]"), argument)?;
        }
        for (key, value) in &self.environment {
            check_variable(key, value)?;
        }
        Ok(())
    }

    fn check_size(&self) -> Result<(), SpecError> {
        let bytes = self.payload_bytes();
        if bytes > PAYLOAD_MAX_BYTES {
            return Err(refuse(
                "arguments",
                format!(
                    "transformation, arguments, script and environment are {bytes} bytes, at most {PAYLOAD_MAX_BYTES} are accepted; use an input file"
                ),
            ));
        }
        Ok(())
    }

    fn check_needs(&self) -> Result<(), SpecError> {
        let positive = [("cores", self.cores), ("max_attempts", self.max_attempts)];
        match positive.into_iter().find(|(_, value)| *value == 0) {
            Some((field, _)) => Err(refuse(field, "must be at least 1")),
            None => Ok(()),
        }
    }

    /// What each job of it needs.
    pub fn shape(&self) -> Shape {
        Shape { cores: self.cores, memory_mib: self.memory_mib, wall_time_s: self.wall_time_s }
    }

    /// Bytes of transformation, arguments, script and environment together.
    pub fn payload_bytes(&self) -> usize {
        let environment: usize = self.environment.iter().map(|(k, v)| k.len() + v.len()).sum();
        let arguments: usize = self.arguments.iter().map(String::len).sum();
        self.transformation.len() + arguments + environment + self.script.as_deref().map_or(0, str::len)
    }
}

fn check_tags(tags: &[String]) -> Result<(), SpecError> {
    if tags.len() > TAGS_MAX {
        return Err(refuse("placement.tags", format!("has more than {TAGS_MAX} tags")));
    }
    let wrong = tags.iter().enumerate().find_map(|(i, tag)| Some((i, check_name(tag).err()?)));
    wrong.map_or(Ok(()), |(i, error)| Err(refuse(&format!("placement.tags[{i}]"), error.to_string())))
}

fn check_variable(key: &str, value: &str) -> Result<(), SpecError> {
    let field = format!("environment.{key}");
    if key.is_empty() || key.contains('=') {
        return Err(refuse(&field, "is no name of a variable"));
    }
    if PILOT_VARIABLES.contains(&key) {
        return Err(refuse(&field, "is set by the pilot and cannot be given"));
    }
    no_nul(&field, key)?;
    no_nul(&field, value)
}

fn check_files(list: &str, files: &[FileTransfer]) -> Result<(), SpecError> {
    if files.len() > FILES_MAX {
        return Err(refuse(list, format!("has more than {FILES_MAX} files")));
    }
    for (i, file) in files.iter().enumerate() {
        let field = |part: &str| format!("{list}[{i}].{part}");
        for (part, text) in [("name", &file.name), ("url", &file.url)] {
            if text.len() > FILE_TEXT_MAX {
                let reason = format!("has {} bytes, at most {FILE_TEXT_MAX} are accepted", text.len());
                return Err(refuse(&field(part), reason));
            }
        }
        let escapes = file.name.starts_with('/') || file.name.split('/').any(|part| part == "..");
        if file.name.is_empty() || escapes {
            return Err(refuse(&field("name"), format!("'{}' is not a path below the scratch directory", file.name)));
        }
        let kept = list == "outputs" && file.url.is_empty();
        let known =
            kept || file.url.starts_with('/') || file.url.starts_with("http://") || file.url.starts_with("https://");
        if !known {
            return Err(refuse(
                &field("url"),
                format!("'{}' is neither an absolute path nor an http(s) URL", file.url),
            ));
        }
        no_nul(&field("name"), &file.name)?;
        no_nul(&field("url"), &file.url)?;
    }
    Ok(())
}

fn no_nul(field: &str, text: &str) -> Result<(), SpecError> {
    match text.find('\0') {
        Some(at) => Err(refuse(field, format!("contains a NUL byte at offset {at}"))),
        None => Ok(()),
    }
}

fn refuse(field: &str, reason: impl Into<String>) -> SpecError {
    SpecError { field: field.to_owned(), reason: reason.into() }
}
