//! From a spec to a process: which program, which environment, and precise words when it does not start.

use crate::frame::{JobOrder, Setup};
use crate::node;
use model::{ErrorClass, JobSpec};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// Where programs are looked for when the environment says nothing.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// A payload that did not start.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
pub(crate) struct StartError {
    /// Who is to blame.
    pub(crate) class: ErrorClass,
    /// 127 when there is no such program, 126 when it cannot be executed; as shells have it.
    pub(crate) exit_code: Option<i32>,
    /// What happened.
    pub(crate) words: String,
}

fn not_found(words: String) -> StartError {
    StartError { class: ErrorClass::Start, exit_code: Some(127), words }
}

fn not_executable(words: String) -> StartError {
    StartError { class: ErrorClass::Start, exit_code: Some(126), words }
}

fn node_fault(words: String) -> StartError {
    StartError { class: ErrorClass::Node, exit_code: None, words }
}

/// A spec with everything that its jobs share worked out.
pub(crate) struct Program {
    spec: JobSpec,
    environment: BTreeMap<OsString, OsString>,
    command: Option<Command>,
}

impl Program {
    /// Works out the environment. Looking for the program waits until the first start.
    pub(crate) fn new(spec: JobSpec, setup: &Setup, scratch: &Path) -> Program {
        let environment = environment(&spec, setup, scratch);
        Program { spec, environment, command: None }
    }

    /// What it was made from.
    pub(crate) fn spec(&self) -> &JobSpec {
        &self.spec
    }

    /// Starts one job in the current directory, which is its scratch directory.
    pub(crate) fn start(&mut self, order: &JobOrder, scratch: &Path) -> Result<Child, StartError> {
        if let Some(script) = &self.spec.script {
            write_script(&script_path(&self.spec, scratch), script)?;
        }
        let mut command = match self.command.take() {
            Some(command) => command,
            None => self.command_for(&self.locate(scratch)?, scratch),
        };
        command
            .env("PILOTAGE_JOB_ID", order.key.job.to_string())
            .env("PILOTAGE_ATTEMPT", order.key.attempt.to_string())
            .env("PILOTAGE_ARRAY_INDEX", order.index.to_string());
        match command.spawn() {
            Ok(child) => {
                self.command = Some(command);
                Ok(child)
            }
            Err(error) => self.start_otherwise(order, scratch, error),
        }
    }

    /// The kernel refused: a text without `#!` is run by `sh`, everything else is explained.
    fn start_otherwise(&self, order: &JobOrder, scratch: &Path, error: io::Error) -> Result<Child, StartError> {
        let program = self.locate(scratch)?;
        if error.raw_os_error() != Some(Errno::NOEXEC.raw_os_error()) || is_binary(&program) {
            return Err(explain(&program, &error));
        }
        let mut command = self.base_command(Path::new("/bin/sh"));
        command.arg(&program).args(&self.spec.arguments);
        command
            .env("PILOTAGE_JOB_ID", order.key.job.to_string())
            .env("PILOTAGE_ATTEMPT", order.key.attempt.to_string())
            .env("PILOTAGE_ARRAY_INDEX", order.index.to_string());
        command.spawn().map_err(|error| explain(&program, &error))
    }

    fn locate(&self, scratch: &Path) -> Result<PathBuf, StartError> {
        let name = &self.spec.transformation;
        if self.spec.script.is_some() {
            return Ok(script_path(&self.spec, scratch));
        }
        if let Some(file) = url_file_name(name) {
            return Ok(scratch.join(file));
        }
        if name.contains('/') {
            return Ok(scratch.join(name));
        }
        if self.spec.inputs.iter().any(|input| &input.name == name) {
            return Ok(scratch.join(name));
        }
        let path = self.environment.get(OsStr::new("PATH")).cloned().unwrap_or_default();
        let found = env::split_paths(&path).map(|dir| dir.join(name)).find(|file| is_executable(file));
        found.ok_or_else(|| not_found(format!("no such program '{name}' on PATH ({})", path.to_string_lossy())))
    }

    /// Below a noexec file system a script is still run, through the interpreter that it names.
    fn command_for(&self, program: &Path, scratch: &Path) -> Command {
        let by_interpreter = program.starts_with(scratch) && node::is_noexec(scratch);
        let Some(words) = by_interpreter.then(|| interpreter(program)).flatten() else {
            let mut command = self.base_command(program);
            command.args(&self.spec.arguments);
            return command;
        };
        let mut command = self.base_command(Path::new(&words[0]));
        command.args(&words[1..]).arg(program).args(&self.spec.arguments);
        command
    }

    /// Only what keeps `Command` on its `posix_spawn` path: no working directory, no hooks, inherited descriptors.
    fn base_command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.environment).process_group(0);
        command
    }
}

/// The file name that a transformation given as a URL gets in the scratch directory.
pub(crate) fn url_file_name(transformation: &str) -> Option<&str> {
    let rest = transformation.strip_prefix("http://").or_else(|| transformation.strip_prefix("https://"))?;
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let usable = path.contains('/') && !name.is_empty() && name != "." && name != "..";
    Some(if usable { name } else { "transformation" })
}

fn script_path(spec: &JobSpec, scratch: &Path) -> PathBuf {
    let name = spec.transformation.rsplit('/').next().unwrap_or_default();
    scratch.join(if matches!(name, "" | "." | "..") { "script" } else { name })
}

fn write_script(path: &Path, script: &str) -> Result<(), StartError> {
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o700).open(path)?;
        io::Write::write_all(&mut file, script.as_bytes())
    };
    write().map_err(|error| node_fault(format!("the script could not be written to {}: {error}", path.display())))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|seen| seen.is_file() && seen.permissions().mode() & 0o111 != 0)
}

fn first_bytes(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = fs::File::open(path) {
        let _ = io::Read::read_to_end(&mut io::Read::take(file, 512), &mut bytes);
    }
    bytes
}

fn is_binary(path: &Path) -> bool {
    let bytes = first_bytes(path);
    bytes.is_empty() || bytes.contains(&0)
}

/// The words of a `#!` line; `/bin/sh` for a text without one, none for a binary.
fn interpreter(path: &Path) -> Option<Vec<String>> {
    let bytes = first_bytes(path);
    if bytes.contains(&0) {
        return None;
    }
    let text = String::from_utf8_lossy(&bytes);
    let Some(line) = text.lines().next().and_then(|line| line.strip_prefix("#!")) else {
        return Some(vec!["/bin/sh".to_owned()]);
    };
    let (program, argument) = line.trim().split_once([' ', '\t']).unwrap_or((line.trim(), ""));
    let words = [program, argument.trim()].into_iter().filter(|word| !word.is_empty());
    Some(words.map(str::to_owned).collect()).filter(|words: &Vec<String>| !words.is_empty())
}

/// Why the kernel did not start `program`.
fn explain(program: &Path, error: &io::Error) -> StartError {
    let name = program.display();
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    match (fs::metadata(program), errno) {
        (Ok(seen), _) if seen.is_dir() => not_executable(format!("'{name}' is a directory, not a program")),
        (Ok(_), Some(Errno::NOENT)) => not_found(match interpreter(program) {
            Some(words) => format!("'{name}' asks for the interpreter '{}', which is not on this node", words[0]),
            None => format!("'{name}' needs a program loader that is not on this node"),
        }),
        (Ok(seen), Some(Errno::ACCESS)) => not_executable(access_words(program, &seen)),
        (Ok(_), Some(Errno::NOEXEC)) => not_executable(format!("'{name}' is no program for this kind of node")),
        (_, Some(Errno::TOOBIG)) => not_executable("arguments and environment are longer than this node allows".into()),
        (_, Some(Errno::AGAIN | Errno::NOMEM)) => node_fault(format!("the node has no room for '{name}': {error}")),
        (Err(_), Some(Errno::NOENT | Errno::NOTDIR)) => not_found(format!("no such program '{name}'")),
        _ => not_executable(format!("'{name}' could not be started: {error}")),
    }
}

fn access_words(program: &Path, seen: &fs::Metadata) -> String {
    let (name, mode) = (program.display(), seen.permissions().mode() & 0o7777);
    if mode & 0o111 == 0 {
        format!("'{name}' is not executable: its mode is {mode:03o}")
    } else if node::is_noexec(program) {
        format!("'{name}' lies on a file system mounted noexec")
    } else {
        format!("'{name}' may not be executed by this user: its mode is {mode:03o}")
    }
}

/// The pilot's environment without what concerns only the pilot, then what the pilot sets, then what the job asks for.
fn environment(spec: &JobSpec, setup: &Setup, scratch: &Path) -> BTreeMap<OsString, OsString> {
    let mut all: BTreeMap<OsString, OsString> = env::vars_os().filter(|(key, _)| !is_pilots_own(key)).collect();
    all.entry("PATH".into()).or_insert_with(|| DEFAULT_PATH.into());
    all.entry("HOME".into()).or_insert_with(|| node::home().unwrap_or_else(|| scratch.to_owned()).into());
    all.insert("TMPDIR".into(), scratch.into());
    all.insert("PWD".into(), scratch.into());
    all.remove(OsStr::new("OLDPWD"));
    all.extend(spec.environment.iter().map(|(key, value)| (key.into(), value.into())));
    all.insert("PILOTAGE_QUEUE".into(), (&setup.queue).into());
    all.insert("PILOTAGE_SITE".into(), (&setup.site).into());
    all.insert("PILOTAGE_SCRATCH".into(), scratch.into());
    all
}

fn is_pilots_own(key: &OsStr) -> bool {
    key.as_encoded_bytes().starts_with(b"PILOTAGE_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_give_file_names() {
        let cases = [
            ("http://host/a/run.sh", Some("run.sh")),
            ("https://host/run.py?x=1/2", Some("run.py")),
            ("http://host", Some("transformation")),
            ("http://host/..", Some("transformation")),
            ("/bin/true", None),
        ];
        for (url, name) in cases {
            assert_eq!(url_file_name(url), name, "{url}");
        }
    }

    #[test]
    fn interpreters_are_read_from_the_first_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("script");
        let of = |text: &[u8]| {
            fs::write(&file, text).unwrap();
            interpreter(&file).map(|words| words.join("|"))
        };
        assert_eq!(of(b"#!/usr/bin/env python3 -u\nx").as_deref(), Some("/usr/bin/env|python3 -u"));
        assert_eq!(of(b"#! /bin/bash\n").as_deref(), Some("/bin/bash"));
        assert_eq!(of(b"echo hello\n").as_deref(), Some("/bin/sh"));
        assert_eq!(of(b"\x7fELF\0\0"), None);
    }
}
