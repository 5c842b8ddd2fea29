//! Where the demo plays: directory, queues, and what this machine can run.

use super::kinds::{Kind, kinds};
use crate::cli::args::DemoArgs;
use crate::cli::manual_pages;
use crate::output::{Style, plural};
use crate::up::{LocalQueue, Plan, cores};
use anyhow::Context;
use model::QueueRecord;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long the pilots may take to end.
const GRACE: Duration = Duration::from_secs(5);
/// Wait before a job's second attempt.
const RETRY_BACKOFF: Duration = Duration::from_secs(1);
/// Fewer files than this are no text to count words in.
const FILES_MIN: usize = 60;

/// Everything the demo needs before it starts.
pub struct Stage {
    /// What `up` runs.
    pub plan: Plan,
    /// The jobs.
    pub kinds: Vec<Kind>,
    notes: Vec<String>,
    dir: TempDir,
}

impl Stage {
    /// Makes the directory and looks what the machine has.
    pub fn build(args: &DemoArgs) -> anyhow::Result<Stage> {
        let dir = tempfile::Builder::new().prefix("pilotage-demo-").tempdir().context("make a temporary directory")?;
        std::fs::create_dir(dir.path().join("tiles")).context("make a directory for the tiles")?;
        let slots = args.slots.unwrap_or_else(|| (cores() / 2).max(1));
        let mut notes = Vec::new();
        let text = text_directory(dir.path(), &mut notes)?;
        let kinds = kinds(dir.path(), &text, &Tools::look(&mut notes))?;
        Ok(Stage { plan: plan(dir.path(), args, slots), kinds, notes, dir })
    }

    /// Where the assembled image appears.
    pub fn image(&self) -> PathBuf {
        self.dir.path().join("image.png")
    }

    /// What is going to happen.
    pub fn introduction(&self, url: &str) -> String {
        let style = Style::for_stdout();
        let jobs: u64 = self.kinds.iter().map(|kind| kind.jobs()).sum();
        let mut text = format!("{}  {url}\n", style.heading("pilotage demo"));
        for queue in &self.plan.queues {
            let slots = self.plan.factory.label.get(&queue.name).map_or(1, factory::config::LabelSection::slots);
            text += &format!(
                "  queue {} at {}: one pilot, {} at once\n",
                queue.name,
                queue.site,
                plural(slots.into(), "job")
            );
        }
        text += &format!("  {} of {} kinds\n", plural(jobs, "job"), self.kinds.len());
        for note in &self.notes {
            text += &format!("  note: {note}\n");
        }
        text + "\n"
    }
}

fn plan(dir: &Path, args: &DemoArgs, slots: u32) -> Plan {
    let mut server = server::Config::in_dir(dir.join("server"));
    server.listen = Some(args.listen);
    server.retry_backoff = RETRY_BACKOFF;
    let queue = |name: &str, site: &str, tag: &str| LocalQueue {
        queue: QueueRecord { site: site.to_owned(), tags: [tag.to_owned()].into(), ..QueueRecord::named(name) },
        slots,
    };
    Plan::local(server, [queue("lake", "Lakeside", "graphics"), queue("hill", "Hillside", "text")], GRACE)
}

/// The programs of this machine that the demo's jobs may use.
#[derive(Clone, Copy, Debug)]
pub struct Tools {
    /// `python3` is there and works.
    pub python: bool,
    /// `awk` is there.
    pub awk: bool,
    /// `find`, `sort`, `tr`, `head`, `cat` and `awk` are there.
    pub text: bool,
}

impl Tools {
    fn look(notes: &mut Vec<String>) -> Tools {
        let has = |program: &str| crate::cli::find_on_path(program).is_some();
        let awk = has("awk");
        let tools = Tools {
            python: python_works(),
            awk,
            text: awk && ["find", "sort", "tr", "head", "cat"].iter().all(|p| has(p)),
        };
        if !tools.python {
            let instead = if awk { "awk" } else { "the shell alone" };
            notes.push(format!("there is no python3 here; {instead} counts the primes"));
        }
        if !tools.text {
            notes.push("there is no awk, find, sort, tr or head here; the shell alone counts the words".to_owned());
        }
        tools
    }
}

fn python_works() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "pass"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

/// The system's documentation; the program's own manual where there is none.
fn text_directory(dir: &Path, notes: &mut Vec<String>) -> anyhow::Result<PathBuf> {
    let systems = ["/usr/share/doc", "/usr/share/man", "/usr/share"].map(PathBuf::from);
    if let Some(found) = systems.into_iter().find(|path| count_files(path, FILES_MIN) >= FILES_MIN) {
        return Ok(found);
    }
    notes.push("there is no documentation on this machine; the words of Pilotage's own manual are counted".to_owned());
    let own = dir.join("manual");
    std::fs::create_dir(&own).context("make a directory for the manual")?;
    for (name, page) in manual_pages()? {
        std::fs::write(own.join(name), page).context("write the manual")?;
    }
    Ok(own)
}

/// Files below a directory, counted up to `enough`.
fn count_files(dir: &Path, enough: usize) -> usize {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let mut found = 0;
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found += count_files(&entry.path(), enough - found),
            Ok(kind) if kind.is_file() => found += 1,
            _ => {}
        }
        if found >= enough {
            break;
        }
    }
    found
}
