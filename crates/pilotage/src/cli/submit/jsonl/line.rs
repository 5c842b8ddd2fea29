//! One line: the keys are the words of the command line, or those of the interface's job record.

use super::forms::{Transfer, Variables, one_or_many};
use crate::cli::args::JobOptions;
use crate::cli::submit::request::{absolute_if_relative, environment_of, input_of, output_of, with_options};
use crate::config::{Amount, parse_duration, parse_memory_mib, whole_seconds};
use crate::output::BadInput;
use model::job::FileTransfer;
use model::{JobSpec, Placement, TaskId};
use serde::Deserialize;

/// What a line may say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    command: Option<Vec<String>>,
    transformation: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
    script: Option<String>,
    name: Option<String>,
    group: Option<String>,
    queue: Option<String>,
    site: Option<String>,
    #[serde(default, alias = "tags", deserialize_with = "one_or_many")]
    tag: Vec<String>,
    placement: Option<Placement>,
    #[serde(default, alias = "environment")]
    env: Variables,
    cores: Option<u32>,
    memory: Option<Amount>,
    memory_mib: Option<u32>,
    time: Option<Amount>,
    wall_time_s: Option<u32>,
    priority: Option<i32>,
    #[serde(default, alias = "inputs", deserialize_with = "one_or_many")]
    input: Vec<Transfer>,
    #[serde(default, alias = "outputs", deserialize_with = "one_or_many")]
    output: Vec<Transfer>,
    #[serde(alias = "max-attempts")]
    max_attempts: Option<u32>,
    task: Option<TaskId>,
    source_label: Option<String>,
    /// How many equal jobs.
    pub array: Option<u64>,
}

impl Line {
    /// The job; what was typed is the default.
    pub fn spec(self, defaults: &JobOptions) -> Result<JobSpec, String> {
        let placement = self.placement()?;
        let (transformation, arguments) =
            program(self.command, self.transformation, self.arguments, self.script.is_some())?;
        let base = JobSpec::command(transformation, arguments);
        let mut spec = with_options(base, &JobOptions { array: None, ..defaults.clone() }).map_err(said)?;
        spec.name = self.name.unwrap_or(spec.name);
        spec.group = self.group.unwrap_or(spec.group);
        spec.placement = placement.unwrap_or(spec.placement);
        spec.script = self.script;
        spec.environment.extend(match self.env {
            Variables::Named(variables) => variables,
            Variables::Typed(wishes) => environment_of(&wishes).map_err(said)?,
        });
        spec.cores = self.cores.unwrap_or(spec.cores);
        spec.memory_mib = memory(self.memory)?.or(self.memory_mib).unwrap_or(spec.memory_mib);
        spec.wall_time_s = time(self.time)?.or(self.wall_time_s).unwrap_or(spec.wall_time_s);
        spec.priority = self.priority.unwrap_or(spec.priority);
        spec.inputs.extend(transfers(self.input, input_of)?);
        spec.outputs.extend(transfers(self.output, output_of)?);
        spec.max_attempts = self.max_attempts.unwrap_or(spec.max_attempts);
        spec.task = self.task.unwrap_or(spec.task);
        spec.source_label = self.source_label.unwrap_or(spec.source_label);
        Ok(spec)
    }

    fn placement(&self) -> Result<Option<Placement>, String> {
        let given = [
            self.placement.clone(),
            self.queue.clone().map(Placement::Queue),
            self.site.clone().map(Placement::Site),
            (!self.tag.is_empty()).then(|| Placement::Tags(self.tag.clone())),
        ];
        let mut given = given.into_iter().flatten();
        let first = given.next();
        match given.next() {
            Some(_) => Err("only one of queue, site, tag and placement may be given".to_owned()),
            None => Ok(first),
        }
    }
}

/// A message with the key of a line instead of the option of the command line.
pub fn said(error: BadInput) -> String {
    error.to_string().trim_start_matches("--").to_owned()
}

/// A command is made absolute as a typed one; a transformation is taken as it is.
fn program(
    command: Option<Vec<String>>,
    transformation: Option<String>,
    arguments: Vec<String>,
    has_script: bool,
) -> Result<(String, Vec<String>), String> {
    match (command, transformation) {
        (Some(_), Some(_)) => Err("give either command or transformation, not both".to_owned()),
        (Some(words), None) if !arguments.is_empty() => {
            Err(format!("command holds its arguments already: {} words", words.len()))
        }
        (Some(words), None) => {
            let mut words = words.into_iter();
            let program = words.next().ok_or("command is empty; give the program and its arguments")?;
            let program = if has_script { program } else { absolute_if_relative(&program).map_err(said)? };
            Ok((program, words.collect()))
        }
        (None, Some(transformation)) => Ok((transformation, arguments)),
        (None, None) if has_script => Ok(("script.sh".to_owned(), arguments)),
        (None, None) => Err("command is missing, such as \"command\":[\"./a.sh\",\"1\"]".to_owned()),
    }
}

fn memory(amount: Option<Amount>) -> Result<Option<u32>, String> {
    let read = |amount: Amount| parse_memory_mib(&amount.0).map_err(|said| format!("memory: {said}"));
    amount.map(read).transpose()
}

fn time(amount: Option<Amount>) -> Result<Option<u32>, String> {
    let read = |amount: Amount| parse_duration(&amount.0).map(whole_seconds).map_err(|said| format!("time: {said}"));
    amount.map(read).transpose()
}

fn transfers(
    given: Vec<Transfer>,
    read: fn(&str) -> Result<FileTransfer, BadInput>,
) -> Result<Vec<FileTransfer>, String> {
    let one = |transfer| match transfer {
        Transfer::Typed(wish) => read(&wish).map_err(said),
        Transfer::Named(file) => Ok(file),
    };
    given.into_iter().map(one).collect()
}
