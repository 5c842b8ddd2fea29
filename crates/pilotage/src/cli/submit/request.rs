//! What was typed after `submit`, turned into requests.

use super::{directives, jsonl};
use crate::cli::args::{JobOptions, SubmitArgs};
use crate::config::whole_seconds;
use crate::output::BadInput;
use model::job::{ARRAY_MAX, FileTransfer, PAYLOAD_MAX_BYTES};
use model::{JobSpec, Placement};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use wire::api::SubmitRequest;

/// What is to be submitted.
#[derive(Debug)]
pub enum Wanted {
    /// One job or one array.
    One(Box<SubmitRequest>),
    /// A file of jobs.
    Many(Vec<SubmitRequest>),
}

impl Wanted {
    /// Checks and reads everything that was typed.
    pub fn from_args(args: &SubmitArgs) -> Result<Wanted, BadInput> {
        if let Some(file) = &args.from {
            return jsonl::read(file, &args.job).map(Wanted::Many);
        }
        let request = match &args.script {
            Some(script) => script_request(script, args)?,
            None => command_request(args)?,
        };
        Ok(Wanted::One(Box::new(request)))
    }
}

fn command_request(args: &SubmitArgs) -> Result<SubmitRequest, BadInput> {
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(BadInput::new("nothing to submit")
            .hint("give a command after --, a script file, or --from FILE; see `pilotage submit --help`"));
    };
    let program = absolute_if_relative(&text_of("the command", program)?)?;
    let spec = JobSpec::command(program, arguments_of(arguments)?);
    finished(spec, &args.job)
}

fn script_request(path: &Path, args: &SubmitArgs) -> Result<SubmitRequest, BadInput> {
    let script = read_script(path)?;
    let options = directives::merged(path, &script, &args.job)?;
    let name = path.file_name().map(OsStr::to_owned).unwrap_or_default();
    let mut spec = JobSpec::command(text_of("the script's name", &name)?, arguments_of(&args.command)?);
    spec.script = Some(script);
    finished(spec, &options)
}

fn arguments_of(words: &[OsString]) -> Result<Vec<String>, BadInput> {
    words.iter().enumerate().map(|(i, word)| text_of(&format!("argument {}", i + 1), word)).collect()
}

fn finished(spec: JobSpec, options: &JobOptions) -> Result<SubmitRequest, BadInput> {
    let array = options.array;
    let spec = with_options(spec, options)?;
    check_array(array)?;
    let spec = spec.checked().map_err(|error| BadInput::new(error.to_string()))?;
    Ok(SubmitRequest { spec, array })
}

/// 1 to [`ARRAY_MAX`].
pub fn check_array(array: Option<u64>) -> Result<(), BadInput> {
    match array {
        Some(number) if !(1..=ARRAY_MAX).contains(&number) => {
            Err(BadInput::new(format!("--array: {number} is not between 1 and {ARRAY_MAX}")))
        }
        _ => Ok(()),
    }
}

/// The spec with what the options say; what they do not say stays.
pub fn with_options(mut spec: JobSpec, options: &JobOptions) -> Result<JobSpec, BadInput> {
    if let Some(name) = &options.name {
        spec.name = text_of("--name", name)?;
    }
    if let Some(placement) = placement_of(options) {
        spec.placement = placement;
    }
    spec.group = options.group.clone().unwrap_or(spec.group);
    spec.cores = options.cores.unwrap_or(spec.cores);
    spec.memory_mib = options.memory.unwrap_or(spec.memory_mib);
    if let Some(time) = options.time {
        spec.wall_time_s = whole_seconds(time);
    }
    spec.priority = options.priority.unwrap_or(spec.priority);
    spec.max_attempts = options.max_attempts.unwrap_or(spec.max_attempts);
    spec.environment.extend(environment_of(&options.env)?);
    for input in &options.input {
        spec.inputs.push(input_of(input)?);
    }
    for output in &options.output_file {
        spec.outputs.push(output_of(output)?);
    }
    Ok(spec)
}

fn placement_of(options: &JobOptions) -> Option<Placement> {
    match (&options.queue, &options.site, options.tag.as_slice()) {
        (Some(queue), ..) => Some(Placement::Queue(queue.clone())),
        (None, Some(site), _) => Some(Placement::Site(site.clone())),
        (None, None, []) => None,
        (None, None, tags) => Some(Placement::Tags(tags.to_vec())),
    }
}

/// `KEY=VALUE`, or `KEY` with this process's own value.
pub fn environment_of(wishes: &[String]) -> Result<BTreeMap<String, String>, BadInput> {
    let mut environment = BTreeMap::new();
    for wish in wishes {
        let (key, value) = match wish.split_once('=') {
            Some((key, value)) => (key.to_owned(), value.to_owned()),
            None => (wish.clone(), own_variable(wish)?),
        };
        environment.insert(key, value);
    }
    Ok(environment)
}

fn own_variable(name: &str) -> Result<String, BadInput> {
    match std::env::var_os(name) {
        Some(value) => text_of(&format!("--env {name}"), &value),
        None => Err(BadInput::new(format!("--env: the variable '{name}' is not set here; write {name}=VALUE"))),
    }
}

/// `NAME=FROM`, or `FROM` whose file name is used.
pub fn input_of(wish: &str) -> Result<FileTransfer, BadInput> {
    let (name, from) = match wish.split_once('=') {
        Some((name, from)) if !name.contains("://") => (name.to_owned(), from),
        _ => (wish.rsplit('/').next().unwrap_or(wish).to_owned(), wish),
    };
    if is_url(from) {
        return Ok(FileTransfer { name, url: from.to_owned() });
    }
    let path = absolute(Path::new(from))?;
    if !path.exists() {
        return Err(BadInput::new(format!("--input: {} does not exist", path.display())));
    }
    Ok(FileTransfer { name, url: text_of("--input", path.as_os_str())? })
}

/// `NAME`, or `NAME=TO`.
pub fn output_of(wish: &str) -> Result<FileTransfer, BadInput> {
    let (name, to) = wish.split_once('=').unwrap_or((wish, ""));
    let url = if to.is_empty() || is_url(to) {
        to.to_owned()
    } else {
        text_of("--output", absolute(Path::new(to))?.as_os_str())?
    };
    Ok(FileTransfer { name: name.to_owned(), url })
}

fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// A relative path with a slash means a file here; the job runs elsewhere. A bare word is found on the node's PATH.
pub fn absolute_if_relative(program: &str) -> Result<String, BadInput> {
    if !program.contains('/') || program.starts_with('/') || is_url(program) {
        return Ok(program.to_owned());
    }
    let path = absolute(Path::new(program))?;
    if path.is_file() {
        return text_of("the command", path.as_os_str());
    }
    let problem = if path.exists() { "is no file" } else { "does not exist" };
    Err(BadInput::new(format!("the command {program} {problem} ({})", path.display())))
}

fn absolute(path: &Path) -> Result<PathBuf, BadInput> {
    std::path::absolute(path)
        .map(|path| without_dots(&path))
        .map_err(|error| BadInput::new(format!("'{}' cannot be made an absolute path: {error}", path.display())))
}

/// Without `.` parts, which `std::path::absolute` removes, and leaving `..` to the file system.
fn without_dots(path: &Path) -> PathBuf {
    path.components().collect()
}

/// Reads a script; refuses before reading what could never be sent.
fn read_script(path: &Path) -> Result<String, BadInput> {
    let shown = path.display();
    let refused = |error: std::io::Error| {
        BadInput::new(format!("{shown}: cannot be read: {error}"))
            .hint("a command goes after --, such as `pilotage submit -- ls -l`")
    };
    let file = File::open(path).map_err(refused)?;
    let metadata = file.metadata().map_err(refused)?;
    if metadata.is_dir() {
        return Err(BadInput::new(format!("{shown}: is a directory, not a script")));
    }
    let too_long = |bytes: u64| {
        BadInput::new(format!("{shown}: is {bytes} bytes, at most {PAYLOAD_MAX_BYTES} are accepted as a script")).hint(
            "bring large files as --input, or put the program where the nodes see it and submit its path after --",
        )
    };
    if metadata.len() > PAYLOAD_MAX_BYTES as u64 {
        return Err(too_long(metadata.len()));
    }
    let mut bytes = Vec::new();
    file.take(PAYLOAD_MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() > PAYLOAD_MAX_BYTES {
        return Err(too_long(bytes.len() as u64));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        BadInput::new(format!("{shown}: is no text (byte {at} is not UTF-8)"))
            .hint("a program goes after --, such as `pilotage submit -- ./program`")
    })
}

/// Text that JSON can carry.
fn text_of(what: &str, word: &OsStr) -> Result<String, BadInput> {
    std::str::from_utf8(word.as_bytes()).map(str::to_owned).map_err(|error| {
        BadInput::new(format!("{what}: byte {} is not UTF-8: {:?}", error.valid_up_to(), word.to_string_lossy()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_in_every_form() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.txt");
        std::fs::write(&file, "x").unwrap();
        let path = file.display().to_string();
        let named = input_of(&format!("b={path}")).unwrap();
        assert_eq!((named.name.as_str(), named.url.as_str()), ("b", path.as_str()));
        assert_eq!(input_of(&path).unwrap().name, "a.txt");
        assert_eq!(input_of("http://h/x?a=b").unwrap().url, "http://h/x?a=b");
        assert_eq!(input_of("/nonexistent").unwrap_err().to_string(), "--input: /nonexistent does not exist");
        assert_eq!(output_of("r.txt").unwrap(), FileTransfer { name: "r.txt".into(), url: String::new() });
        assert_eq!(output_of("r=/tmp/r").unwrap().url, "/tmp/r");
    }

    #[test]
    fn a_relative_program_is_made_absolute_or_missed() {
        assert_eq!(absolute_if_relative("true").unwrap(), "true");
        assert_eq!(absolute_if_relative("/bin/true").unwrap(), "/bin/true");
        let made = absolute_if_relative("./Cargo.toml").unwrap();
        assert!(made.ends_with("crates/pilotage/Cargo.toml") && made.starts_with('/'), "{made}");
        let said = absolute_if_relative("./nowhere").unwrap_err().to_string();
        assert!(said.starts_with("the command ./nowhere does not exist (/"), "{said}");
    }
}
