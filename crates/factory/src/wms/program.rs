//! Jobs as a program of the site's counts them.

use super::{Asked, Jobs, Ready, Told, WmsError};
use crate::config::CommandJobs;
use batch::programs::Asker;
use model::QueueStatus;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// One line of the request.
#[derive(Serialize)]
struct Question<'a> {
    queue: &'a str,
}

/// One line of the answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    queue: String,
    ready: i64,
    #[serde(default)]
    notready: i64,
    #[serde(default)]
    running: i64,
    #[serde(default)]
    transferring: i64,
    #[serde(default)]
    done: i64,
    #[serde(default)]
    failed: i64,
    status: Option<QueueStatus>,
}

/// Queues without a line are unknown.
pub(super) async fn ask(
    jobs: &CommandJobs,
    asked: &BTreeSet<Asked>,
    dir: &Path,
    factory: &str,
) -> Result<Told, WmsError> {
    let timeout = Duration::try_from_secs_f64(jobs.timeout_s).unwrap_or(Duration::from_secs(60));
    let questions: Vec<Question<'_>> = asked.iter().map(|asked| Question { queue: &asked.queue }).collect();
    let asker = Asker::open(dir, factory, timeout)?;
    let rows = asker.ask(&jobs.program, "jobs", &questions, |row| check(asked, row)).await?;
    Ok(rows.into_iter().map(Row::told).collect())
}

fn check(asked: &BTreeSet<Asked>, row: &Row) -> Result<(), String> {
    if !asked.iter().any(|asked| asked.queue == row.queue) {
        return Err(format!("nobody asked about queue '{}'", row.queue));
    }
    let counts = [row.ready, row.notready, row.running, row.transferring, row.done, row.failed];
    match counts.into_iter().find(|count| *count < 0) {
        Some(count) => Err(format!("{count} jobs cannot be")),
        None => Ok(()),
    }
}

impl Row {
    fn told(self) -> (Asked, Jobs) {
        let jobs = Jobs {
            ready: Ready::Pilots(self.ready),
            notready: self.notready,
            running: self.running,
            transferring: self.transferring,
            done: self.done,
            failed: self.failed,
            status: self.status.map(|status| status.to_string()),
            ..Jobs::default()
        };
        (Asked { queue: self.queue, ..Asked::default() }, jobs)
    }
}
