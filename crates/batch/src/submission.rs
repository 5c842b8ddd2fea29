//! The directory of one submission of many pilots: what was submitted, secrets, output, and which batch job it became.

use crate::{BatchError, LogFiles};
use model::PilotId;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// One submission; its directory is named by the first pilot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Its directory.
    pub dir: PathBuf,
    /// Pilot of index 0.
    pub first: PilotId,
}

impl Submission {
    /// Where the submission that begins with `first` lies.
    pub fn at(root: &Path, first: PilotId) -> Submission {
        Submission { dir: root.join(first.to_string()), first }
    }

    /// Makes the directory with one secret per pilot and what `add` writes, or nothing. Nobody but the owner may look
    /// into it.
    pub fn create(
        root: &Path,
        first: PilotId,
        secrets: &[Vec<u8>],
        add: impl FnOnce(&Submission) -> Result<(), BatchError>,
    ) -> Result<Submission, BatchError> {
        let submission = Submission::at(root, first);
        submission.fill(secrets).and_then(|()| add(&submission)).inspect_err(|_| submission.delete())?;
        Ok(submission)
    }

    fn fill(&self, secrets: &[Vec<u8>]) -> Result<(), BatchError> {
        let failed = |source| BatchError::File { action: "make", path: self.dir.clone(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).map_err(failed)?;
        for (pilot, secret) in (self.first.0..).zip(secrets) {
            self.write(&format!("{pilot}.json"), secret)?;
        }
        Ok(())
    }

    /// Deletes the directory with all that is in it.
    pub fn delete(&self) {
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            tracing::warn!(path = %self.dir.display(), %error, "could not delete the directory of a submission");
        }
    }

    /// Path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Place of a pilot in it, from 0.
    pub fn index(&self, pilot: PilotId) -> i64 {
        pilot.0 - self.first.0
    }

    /// Remembers the number of the batch job that all its pilots belong to. They were accepted, so that a full disk
    /// must not make them refused ones; a status tells the number too.
    pub fn record_job(&self, job: &str) {
        if let Err(error) = self.write("job", job.as_bytes()) {
            tracing::warn!(job, %error, "could not note the number of a batch job");
        }
    }

    /// The job's number; `None` when the factory died before it knew.
    pub fn job(&self) -> Option<String> {
        fs::read_to_string(self.dir.join("job")).ok().map(|job| job.trim().to_owned()).filter(|job| !job.is_empty())
    }

    /// Remembers that we told a pilot to go; the first time counts.
    pub fn mark_removed(&self, pilot: PilotId) {
        if self.was_removed(pilot) {
            return;
        }
        if let Err(error) = self.write(&format!("{pilot}.removed"), b"") {
            tracing::warn!(%pilot, %error, "could not note the removal");
        }
    }

    /// Whether we told a pilot to go.
    pub fn was_removed(&self, pilot: PilotId) -> bool {
        self.dir.join(format!("{pilot}.removed")).exists()
    }

    /// How long ago we told a pilot to go.
    pub fn removed_for(&self, pilot: PilotId) -> Option<Duration> {
        let marked = fs::metadata(self.file(&format!("{pilot}.removed"))).and_then(|file| file.modified()).ok()?;
        Some(SystemTime::from(jiff::Timestamp::now()).duration_since(marked).unwrap_or_default())
    }

    /// Pilots that were not forgotten.
    pub fn pilots(&self) -> Vec<PilotId> {
        let names = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let id = |name: &str| name.strip_suffix(".json")?.parse().ok().map(PilotId);
        let mut pilots: Vec<_> = names.filter_map(|entry| id(entry.file_name().to_str()?)).collect();
        pilots.sort();
        pilots
    }

    /// What is kept of a pilot but for the directory itself. Its secret comes last, as it tells that something is kept.
    fn traces(&self, pilot: PilotId, logs: LogFiles) -> Vec<PathBuf> {
        // What the pilot could not deliver was delivered by now, or the server did not take it.
        let spool = logs.place.join(format!("{pilot}.spool"));
        let fetched = logs.place.join(format!("{pilot}.fetched"));
        let own = ["removed", "json"].map(|name| self.file(&format!("{pilot}.{name}")));
        let files = [logs.out, logs.err, logs.log].into_iter().filter(|path| !path.as_os_str().is_empty());
        files.chain([spool, fetched]).chain(own).collect()
    }

    /// Writes a file that only the owner may read.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), BatchError> {
        let path = self.file(name);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(content)).map_err(|source| BatchError::File {
            action: "write",
            path,
            source,
        })
    }
}

/// Where the submissions of a factory lie.
pub fn root(dir: &Path, factory: &str) -> PathBuf {
    let root = dir.join(factory);
    std::path::absolute(&root).unwrap_or(root)
}

/// All submissions below `root`, oldest first.
pub fn list(root: &Path) -> Result<Vec<Submission>, BatchError> {
    let failed = |source| BatchError::File { action: "list", path: root.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(root).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let Some(first) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
            found.push(Submission { dir: entry.path(), first: PilotId(first) });
        }
    }
    found.sort_by_key(|submission| submission.first);
    Ok(found)
}

/// The submission a pilot belongs to: the one with the largest first id that is not larger.
pub fn holder(submissions: &[Submission], pilot: PilotId) -> Option<&Submission> {
    submissions.iter().rev().find(|submission| submission.first <= pilot)
}

/// Deletes what is kept of these pilots, and directories of which nothing else is kept.
pub fn forget(root: &Path, pilots: &[PilotId], logs: impl Fn(&Submission, PilotId) -> LogFiles) {
    traces(root, pilots, logs).iter().for_each(|path| remove(path));
}

/// What is to be deleted when these pilots are forgotten: what is kept of them, and whole directories of which nothing
/// else is kept.
pub fn traces(root: &Path, pilots: &[PilotId], logs: impl Fn(&Submission, PilotId) -> LogFiles) -> Vec<PathBuf> {
    let submissions = list(root).unwrap_or_default();
    let mut touched: BTreeMap<PilotId, (&Submission, BTreeSet<PilotId>)> = BTreeMap::new();
    for pilot in pilots {
        if let Some(submission) = holder(&submissions, *pilot) {
            touched.entry(submission.first).or_insert((submission, BTreeSet::new())).1.insert(*pilot);
        }
    }
    let mut traces = Vec::new();
    for (submission, going) in touched.into_values() {
        if submission.pilots().iter().all(|pilot| going.contains(pilot)) {
            traces.push(submission.dir.clone());
        } else {
            traces.extend(going.into_iter().flat_map(|pilot| submission.traces(pilot, logs(submission, pilot))));
        }
    }
    traces
}

/// Deletes a file or a directory with all that is in it.
pub fn remove(path: &Path) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "could not delete what a pilot left");
        }
        _ => {}
    }
}
