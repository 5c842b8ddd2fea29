//! The directory of one submitted array on the shared file system: script, secrets, output, and which job it became.

use crate::BatchError;
use model::PilotId;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// One array; its directory is named by the first pilot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    /// Its directory.
    pub dir: PathBuf,
    /// Pilot of index 0.
    pub first: PilotId,
}

impl Array {
    /// Makes the directory with the script and one secret per pilot, or nothing. Nobody but the owner may look into it.
    pub fn create(root: &Path, first: PilotId, script: &str, secrets: &[Vec<u8>]) -> Result<Array, BatchError> {
        let array = Array { dir: root.join(first.to_string()), first };
        array.fill(script, secrets).inspect_err(|_| array.delete())?;
        Ok(array)
    }

    fn fill(&self, script: &str, secrets: &[Vec<u8>]) -> Result<(), BatchError> {
        let failed = |source| BatchError::File { action: "make", path: self.dir.clone(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).map_err(failed)?;
        self.write("script", script.as_bytes())?;
        for (pilot, secret) in (self.first.0..).zip(secrets) {
            self.write(&format!("{pilot}.json"), secret)?;
        }
        Ok(())
    }

    /// Deletes the directory with all that is in it.
    pub fn delete(&self) {
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            tracing::warn!(path = %self.dir.display(), %error, "could not delete the directory of an array");
        }
    }

    /// Path of the script.
    pub fn script(&self) -> PathBuf {
        self.dir.join("script")
    }

    /// Remembers the job's number.
    pub fn record_job(&self, job: &str) -> Result<(), BatchError> {
        self.write("job", job.as_bytes())
    }

    /// The job's number; `None` when the factory died before it knew.
    pub fn job(&self) -> Option<String> {
        fs::read_to_string(self.dir.join("job")).ok().map(|job| job.trim().to_owned()).filter(|job| !job.is_empty())
    }

    /// Remembers that we told a pilot to go.
    pub fn mark_removed(&self, pilot: PilotId) {
        if let Err(error) = self.write(&format!("{pilot}.removed"), b"") {
            tracing::warn!(%pilot, %error, "could not note the removal");
        }
    }

    /// Whether we told a pilot to go.
    pub fn was_removed(&self, pilot: PilotId) -> bool {
        self.dir.join(format!("{pilot}.removed")).exists()
    }

    /// Pilots that were not forgotten.
    pub fn pilots(&self) -> Vec<PilotId> {
        let names = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let id = |name: &str| name.strip_suffix(".json")?.parse().ok().map(PilotId);
        let mut pilots: Vec<_> = names.filter_map(|entry| id(entry.file_name().to_str()?)).collect();
        pilots.sort();
        pilots
    }

    /// Path of an output of a pilot.
    pub fn output(&self, pilot: PilotId, stream: &str) -> PathBuf {
        self.dir.join(format!("{}.{stream}", pilot.0 - self.first.0))
    }

    /// Deletes what is kept of a pilot, and the directory after the last one.
    pub fn forget(&self, pilot: PilotId) {
        for stream in ["out", "err", "log"] {
            let _ = fs::remove_file(self.output(pilot, stream));
        }
        for name in ["removed", "json"] {
            let _ = fs::remove_file(self.dir.join(format!("{pilot}.{name}")));
        }
        // What the pilot could not deliver was delivered by now, or the server did not take it.
        let _ = fs::remove_dir_all(self.dir.join(format!("{pilot}.spool")));
        if self.pilots().is_empty() {
            self.delete();
        }
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), BatchError> {
        let path = self.dir.join(name);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(content)).map_err(|source| BatchError::File {
            action: "write",
            path,
            source,
        })
    }
}

/// All arrays below `root`, oldest first.
pub fn list(root: &Path) -> Result<Vec<Array>, BatchError> {
    let failed = |source| BatchError::File { action: "list", path: root.to_owned(), source };
    let mut arrays = Vec::new();
    for entry in fs::read_dir(root).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let Some(first) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
            arrays.push(Array { dir: entry.path(), first: PilotId(first) });
        }
    }
    arrays.sort_by_key(|array| array.first);
    Ok(arrays)
}

/// The array a pilot belongs to: the one with the largest first id that is not larger.
pub fn holder(arrays: &[Array], pilot: PilotId) -> Option<&Array> {
    arrays.iter().rev().find(|array| array.first <= pilot)
}
