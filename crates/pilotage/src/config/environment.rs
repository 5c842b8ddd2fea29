//! What the environment says, read once.

use std::ffi::OsString;
use std::path::PathBuf;

/// The variables that Pilotage looks at.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `PILOTAGE_URL`: servers, comma separated.
    pub url: Option<String>,
    /// `PILOTAGE_TOKEN`.
    pub token: Option<String>,
    /// `PILOTAGE_DIR`: directory of a server on this machine.
    pub dir: Option<PathBuf>,
    /// `PILOTAGE_TRUST`: fingerprint of the server's authority, or a file with authorities in PEM.
    pub trust: Option<String>,
    /// `PILOTAGE_DATABASE`.
    pub database: Option<String>,
    /// Where programs keep state between runs.
    pub state_home: Option<PathBuf>,
    /// Where programs keep data.
    pub data_home: Option<PathBuf>,
}

impl Environment {
    /// That of this process.
    pub fn of_process() -> Environment {
        Environment::from_lookup(|name| std::env::var_os(name))
    }

    /// That which `lookup` gives; empty variables count as absent.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Environment {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let text = |name: &str| set(name).map(|value| value.to_string_lossy().into_owned());
        let absolute = |name: &str| set(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let below_home = |rest: &str| absolute("HOME").map(|home| home.join(rest));
        Environment {
            url: text("PILOTAGE_URL"),
            token: text("PILOTAGE_TOKEN"),
            dir: set("PILOTAGE_DIR").map(PathBuf::from),
            trust: text("PILOTAGE_TRUST"),
            database: text("PILOTAGE_DATABASE"),
            state_home: absolute("XDG_STATE_HOME").or_else(|| below_home(".local/state")),
            data_home: absolute("XDG_DATA_HOME").or_else(|| below_home(".local/share")),
        }
    }
}
