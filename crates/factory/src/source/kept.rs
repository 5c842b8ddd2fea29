//! Last good copies: what a source gave when it was last believed, so that the factory starts and goes on without it.

use super::Documents;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The directory of last good copies.
#[derive(Clone, Debug)]
pub struct Kept {
    dir: PathBuf,
}

impl Kept {
    /// Below the factory's directory. Nothing is made before something is kept.
    pub fn in_dir(factory_dir: &Path) -> Kept {
        Kept { dir: factory_dir.join("sources") }
    }

    fn path(&self, source: &str) -> PathBuf {
        self.dir.join(format!("{source}.json"))
    }

    /// The copy; `None` when there is none that can be read.
    pub fn load(&self, source: &str) -> Option<Documents> {
        let path = self.path(source);
        let text = fs::read(&path).ok()?;
        let read = serde_json::from_slice(&text);
        read.inspect_err(|error| tracing::warn!(path = %path.display(), %error, "cannot use a last good copy")).ok()
    }

    /// Replaces the copy, whole or not at all.
    pub fn save(&self, source: &str, documents: &Documents) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let path = self.path(source);
        let fresh = path.with_extension("new");
        let file = fs::File::create(&fresh)?;
        serde_json::to_writer(&file, documents)?;
        file.sync_all()?;
        fs::rename(fresh, path)
    }
}
