//! The file that carries a pilot's secret to its node.

use crate::tls::Trust;
use model::PilotId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Content of the secret file of one pilot. The only place where the secret lies outside of memory.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PilotSecret {
    /// The pilot.
    pub pilot: PilotId,
    /// What it proves itself with at hello.
    pub secret: String,
    /// Servers it may call, in order of preference.
    pub urls: Vec<String>,
    /// Whom it trusts to be the server.
    #[serde(default)]
    pub trust: Trust,
}

impl fmt::Debug for PilotSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PilotSecret {{ pilot: {}, urls: {:?} }}", self.pilot, self.urls)
    }
}

/// A secret file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It could not be read.
    #[error("read the secret file {path}")]
    Read {
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// Others may read it.
    #[error("use the secret file {path}: its mode is {mode:03o}, others than its owner can read it; it must be 600")]
    Exposed {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// It is no secret file.
    #[error("understand the secret file {path}")]
    Content {
        /// The file.
        path: String,
        /// Why not.
        source: serde_json::Error,
    },
}

impl PilotSecret {
    /// Reads the file; refuses one that others can read.
    pub fn read(path: &Path) -> Result<PilotSecret, SecretFileError> {
        let name = || path.display().to_string();
        let read = |source| SecretFileError::Read { path: name(), source };
        let mode = fs::metadata(path).map_err(read)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SecretFileError::Exposed { path: name(), mode });
        }
        let text = fs::read(path).map_err(read)?;
        serde_json::from_slice(&text).map_err(|source| SecretFileError::Content { path: name(), source })
    }

    /// Writes the file with mode 0600; it is never visible with other permissions, nor half written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let partial = path.with_extension("part");
        let _ = fs::remove_file(&partial);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
        file.write_all(&serde_json::to_vec(self).map_err(io::Error::other)?)?;
        fs::rename(&partial, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_the_file_and_refuses_an_exposed_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("7.json");
        let secret = PilotSecret {
            pilot: PilotId(7),
            secret: "s".into(),
            urls: vec!["http://127.0.0.1:1".into()],
            trust: Trust::Fingerprint("ab".into()),
        };
        secret.write(&path).unwrap();
        assert_eq!(PilotSecret::read(&path).unwrap().trust, secret.trust);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = PilotSecret::read(&path).unwrap_err().to_string();
        assert!(error.contains("its mode is 640"), "{error}");
    }
}
