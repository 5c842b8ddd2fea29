//! The kinds of jobs of the demo, and how each must end.

use super::image::{COLUMNS, ROWS, tile_name};
use super::stage::Tools;
use anyhow::Context;
use model::job::FileTransfer;
use model::{ErrorClass, JobSpec, JobState, Placement};
use std::path::Path;
use wire::api::SubmitRequest;

/// Jobs that count words.
const WORD_JOBS: u64 = 12;
/// Jobs that count primes.
const PRIME_JOBS: u64 = 4;
/// Memory that the greedy job asks for, and what it uses, in MiB.
const MEMORY_ASKED_MIB: u32 = 96;
const MEMORY_USED_MIB: u32 = 512;

/// Jobs that belong together.
#[derive(Clone, Debug)]
pub struct Kind {
    /// What they do.
    pub title: &'static str,
    /// How they must end.
    pub expected: Expected,
    /// What is submitted.
    pub requests: Vec<SubmitRequest>,
    /// Whether they wait for the first kind to finish.
    pub comes_last: bool,
}

/// How the jobs of one kind must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Finished.
    Finished,
    /// Finished, with numbers on their output that add up to this.
    Sum(u64),
    /// Failed for this reason after so many attempts.
    Failed(ErrorClass, u32),
}

impl Kind {
    /// How many jobs.
    pub fn jobs(&self) -> u64 {
        self.requests.iter().map(|request| request.array.unwrap_or(1)).sum()
    }
}

impl Expected {
    /// The state it means.
    pub fn state(self) -> JobState {
        match self {
            Expected::Finished | Expected::Sum(_) => JobState::Finished,
            Expected::Failed(..) => JobState::Failed,
        }
    }
}

/// All kinds, in the order they are submitted.
pub fn kinds(dir: &Path, text: &Path, tools: &Tools) -> anyhow::Result<Vec<Kind>> {
    let program = std::env::current_exe().context("find this program")?;
    let program = program.to_str().context("use the path of this program, which is not UTF-8")?;
    let kind = |title, expected, requests| Kind { title, expected, requests, comes_last: false };
    let assemble =
        Kind { comes_last: true, ..kind("assembling the image", Expected::Finished, vec![assemble(program, dir)]) };
    let (primes, sum) = primes(tools);
    Ok(vec![
        kind("tiles of an image", Expected::Finished, (0..COLUMNS * ROWS).map(|n| tile(program, dir, n)).collect()),
        kind("word statistics", Expected::Finished, vec![words(text, tools)]),
        kind("counting primes", Expected::Sum(sum), vec![primes]),
        kind("a job whose data is missing", Expected::Failed(ErrorClass::Payload, 2), vec![missing_data()]),
        kind("a job that needs more memory", Expected::Failed(ErrorClass::Memory, 1), vec![greedy(program)]),
        assemble,
    ])
}

fn single(spec: JobSpec) -> SubmitRequest {
    SubmitRequest { spec, array: None }
}

fn script(name: &str, content: &str, arguments: impl IntoIterator<Item = String>) -> JobSpec {
    JobSpec { script: Some(content.to_owned()), ..JobSpec::command(name, arguments) }
}

fn tile(program: &str, dir: &Path, number: u32) -> SubmitRequest {
    let name = tile_name(number);
    let url = dir.join("tiles").join(&name).display().to_string();
    single(JobSpec {
        name: name.trim_end_matches(".png").to_owned(),
        group: "graphics".to_owned(),
        placement: Placement::Site("Lakeside".to_owned()),
        outputs: vec![FileTransfer { name: name.clone(), url }],
        ..JobSpec::command(program, ["demo-tile".to_owned(), number.to_string(), name])
    })
}

fn assemble(program: &str, dir: &Path) -> SubmitRequest {
    let input = |number| {
        let name = tile_name(number);
        FileTransfer { url: dir.join("tiles").join(&name).display().to_string(), name }
    };
    let arguments = ["demo-assemble", "image.png", "."].map(str::to_owned);
    single(JobSpec {
        name: "assemble".to_owned(),
        group: "graphics".to_owned(),
        placement: Placement::Tags(vec!["graphics".to_owned()]),
        inputs: (0..COLUMNS * ROWS).map(input).collect(),
        outputs: vec![FileTransfer { name: "image.png".to_owned(), url: dir.join("image.png").display().to_string() }],
        ..JobSpec::command(program, arguments)
    })
}

fn words(text: &Path, tools: &Tools) -> SubmitRequest {
    let content = if tools.text { include_str!("scripts/words.sh") } else { include_str!("scripts/words-plain.sh") };
    let arguments = [text.display().to_string(), WORD_JOBS.to_string()];
    let spec = JobSpec {
        group: "text".to_owned(),
        placement: Placement::Tags(vec!["text".to_owned()]),
        outputs: vec![FileTransfer { name: "words.txt".to_owned(), url: String::new() }],
        ..script("words.sh", content, arguments)
    };
    SubmitRequest { spec, array: Some(WORD_JOBS) }
}

/// The jobs and how many primes they find together.
fn primes(tools: &Tools) -> (SubmitRequest, u64) {
    let (name, content, step, found) = match (tools.python, tools.awk) {
        (true, _) => ("primes.py", include_str!("scripts/primes.py"), 1_000_000, 283_146),
        (false, true) => ("primes.sh", include_str!("scripts/primes.awk.sh"), 10_000, 4_203),
        (false, false) => ("primes.sh", include_str!("scripts/primes.sh"), 500, 303),
    };
    let spec = JobSpec { group: "numbers".to_owned(), ..script(name, content, [step.to_string()]) };
    (SubmitRequest { spec, array: Some(PRIME_JOBS) }, found)
}

fn missing_data() -> SubmitRequest {
    single(JobSpec {
        group: "numbers".to_owned(),
        placement: Placement::Queue("hill".to_owned()),
        max_attempts: 2,
        ..script("sum.sh", include_str!("scripts/sum.sh"), [])
    })
}

fn greedy(program: &str) -> SubmitRequest {
    single(JobSpec {
        name: "big-table".to_owned(),
        group: "numbers".to_owned(),
        placement: Placement::Queue("hill".to_owned()),
        memory_mib: MEMORY_ASKED_MIB,
        ..JobSpec::command(program, ["demo-memory".to_owned(), MEMORY_USED_MIB.to_string()])
    })
}
