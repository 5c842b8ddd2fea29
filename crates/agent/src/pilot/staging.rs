//! Brings inputs into a scratch directory and takes outputs out of it.

use super::session::Session;
use super::transfer::{Trouble, fetch, put};
use crate::frame::JobKey;
use crate::runner::url_file_name;
use model::JobSpec;
use model::job::FileTransfer;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;
use wire::api::{LeasedJob, OUTPUT_MAX};

/// Bytes that are copied between two looks whether the copy is still wanted.
const PIECE: u64 = 16 << 20;

/// Whether a job needs its slot for itself before and after it runs.
pub(super) fn is_staged(spec: &JobSpec) -> bool {
    let fetched = spec.script.is_none() && url_file_name(&spec.transformation).is_some();
    fetched || !spec.inputs.is_empty() || !spec.outputs.is_empty()
}

/// Brings files for one attempt; ends early when it is cancelled, and then touches nothing any more.
pub(super) struct StageIn {
    pub(super) key: JobKey,
    pub(super) dir: PathBuf,
    pub(super) cancel: CancellationToken,
}

impl StageIn {
    /// Brings the transformation, if it is a URL, and all inputs. The error names the file.
    pub(super) async fn run(&self, spec: &JobSpec) -> Result<(), String> {
        if let Some(name) = url_file_name(&spec.transformation).filter(|_| spec.script.is_none()) {
            let path = self.dir.join(name);
            self.bring(&spec.transformation, &path).await.map_err(|trouble| trouble.words)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).map_err(|error| error.to_string())?;
        }
        for input in &spec.inputs {
            let brought = self.bring(&input.url, &self.dir.join(&input.name)).await;
            brought.map_err(|trouble| format!("input '{}': {}", input.name, trouble.words))?;
        }
        Ok(())
    }

    async fn bring(&self, url: &str, path: &Path) -> Result<(), Trouble> {
        if url.starts_with('/') {
            return copy(PathBuf::from(url), path.to_owned(), self.key, self.cancel.clone()).await;
        }
        let partial = partial_name(path, self.key);
        make_parents(path).map_err(|error| Trouble::lasting(error.to_string()))?;
        fetch(url, &partial, &self.cancel).await?;
        fs::rename(&partial, path).map_err(|error| Trouble::lasting(error.to_string()))
    }
}

/// Takes an output of a job away.
pub(super) async fn take_out(
    session: &Session,
    job: &LeasedJob,
    output: &FileTransfer,
    path: &Path,
) -> Result<(), Trouble> {
    let bytes = check_made(path).map_err(Trouble::lasting)?;
    if output.url.starts_with('/') {
        let key = JobKey { job: job.id, attempt: job.attempt };
        return copy(path.to_owned(), PathBuf::from(&output.url), key, CancellationToken::new()).await;
    }
    if !output.url.is_empty() {
        return put(&output.url, path).await;
    }
    if bytes > OUTPUT_MAX {
        let words = format!("has {bytes} bytes, the server keeps at most {OUTPUT_MAX}; give it a URL");
        return Err(Trouble::lasting(words));
    }
    session.client().put_output(job, &output.name, path).await.map_err(Trouble::from)
}

/// The size of an output; the error says why it is none.
pub(super) fn check_made(path: &Path) -> Result<u64, String> {
    match fs::metadata(path) {
        Ok(seen) if seen.is_file() => Ok(seen.len()),
        Ok(_) => Err("is not a file".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err("was not made by the job".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn make_parents(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// Copies a file so that nobody ever sees half of it.
async fn copy(from: PathBuf, to: PathBuf, key: JobKey, cancel: CancellationToken) -> Result<(), Trouble> {
    let copied = tokio::task::spawn_blocking(move || {
        let partial = partial_name(&to, key);
        let done = copy_unless(&from, &partial, &to, &cancel);
        done.map_err(|error| {
            let _ = fs::remove_file(&partial);
            Trouble::lasting(format!("{} to {}: {error}", from.display(), to.display()))
        })
    });
    copied.await.map_err(|error| Trouble::lasting(error.to_string()))?
}

fn copy_unless(from: &Path, partial: &Path, to: &Path, cancel: &CancellationToken) -> io::Result<()> {
    make_parents(to)?;
    let seen = fs::metadata(from)?;
    if !seen.is_file() {
        return Err(io::Error::other("is not a file"));
    }
    let mut source = File::open(from)?;
    let mut target = File::create(partial)?;
    target.set_permissions(seen.permissions())?;
    loop {
        if cancel.is_cancelled() {
            return Err(io::Error::other("is not wanted any more"));
        }
        if io::copy(&mut (&mut source).take(PIECE), &mut target)? < PIECE {
            return fs::rename(partial, to);
        }
    }
}

/// Its own for each attempt: an older one may still be writing.
fn partial_name(path: &Path, key: JobKey) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.{}.part", key.job, key.attempt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::JobId;

    const KEY: JobKey = JobKey { job: JobId(7), attempt: 2 };

    #[tokio::test]
    async fn a_copy_keeps_the_mode_and_a_cancelled_one_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("new/to"));
        fs::write(&from, vec![7; PIECE as usize + 1]).unwrap();
        fs::set_permissions(&from, fs::Permissions::from_mode(0o750)).unwrap();
        copy(from.clone(), to.clone(), KEY, CancellationToken::new()).await.unwrap();
        assert_eq!(fs::metadata(&to).unwrap().len(), PIECE + 1);
        assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o750);
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        let trouble = copy(from, dir.path().join("second"), KEY, cancelled).await.unwrap_err();
        assert!(trouble.words.ends_with("is not wanted any more"), "{}", trouble.words);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
