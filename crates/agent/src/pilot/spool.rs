//! Reports that the server could not take, on disk: one JSON document a line, synced before it counts.

use model::PilotId;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use wire::api::JobReport;

/// The most bytes of a spool file; what is beyond stays in memory only.
const SPOOL_MAX: u64 = 64 << 20;

/// The spool of one pilot. The file exists only while something is in it.
pub(super) struct Spool {
    path: PathBuf,
    file: Option<File>,
    bytes: u64,
    full: bool,
}

impl Spool {
    /// In `dir`; nothing is written yet.
    pub(super) fn open(dir: &Path, pilot: PilotId) -> Spool {
        Spool { path: dir.join(format!("{pilot}.spool")), file: None, bytes: 0, full: false }
    }

    /// Where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether reports are in the file.
    pub(super) fn has_content(&self) -> bool {
        self.file.is_some()
    }

    /// What an earlier process of this pilot left. A line that was cut off by a crash is skipped.
    pub(super) fn recover(&mut self) -> Vec<JobReport> {
        let Ok(text) = fs::read_to_string(&self.path) else { return Vec::new() };
        let reports: Vec<JobReport> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        self.file = fs::OpenOptions::new().append(true).open(&self.path).ok();
        self.bytes = text.len() as u64;
        reports
    }

    /// Adds reports durably.
    pub(super) fn append(&mut self, reports: &[JobReport]) -> io::Result<()> {
        let mut text = Vec::new();
        for report in reports {
            serde_json::to_writer(&mut text, report)?;
            text.push(b'\n');
        }
        if text.is_empty() {
            return Ok(());
        }
        if self.bytes + text.len() as u64 > SPOOL_MAX {
            if !std::mem::replace(&mut self.full, true) {
                tracing::warn!("the spool {} is full; further reports stay in memory only", self.path.display());
            }
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let file = fs::OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
                none.insert(file)
            }
        };
        file.write_all(&text)?;
        file.sync_data()?;
        self.bytes += text.len() as u64;
        Ok(())
    }

    /// Everything was delivered.
    pub(super) fn clear(&mut self) {
        if self.file.take().is_some()
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!("failed to remove the spool {}: {error}", self.path.display());
        }
        self.bytes = 0;
        self.full = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{JobId, JobState};

    fn report(job: i64) -> JobReport {
        serde_json::from_value(
            serde_json::json!({"job": job, "attempt": 1, "token": "t", "state": JobState::Finished, "stdout": "a\nb"}),
        )
        .unwrap()
    }

    #[test]
    fn survives_its_process_and_a_torn_line() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(dir.path(), PilotId(7));
        assert!(spool.recover().is_empty() && !spool.has_content());
        spool.append(&[report(1), report(2)]).unwrap();
        spool.append(&[report(3)]).unwrap();
        let torn = fs::read(spool.path()).unwrap();
        fs::write(spool.path(), &torn[..torn.len() - 5]).unwrap();
        let mut again = Spool::open(dir.path(), PilotId(7));
        let jobs: Vec<JobId> = again.recover().iter().map(|report| report.job).collect();
        assert_eq!(jobs, [JobId(1), JobId(2)]);
        again.clear();
        assert!(!again.path().exists());
    }
}
