//! How the pilots of this factory are started: what only the program around the factory can know.

use std::path::PathBuf;

/// Given to the factory by its program; the same for all labels.
#[derive(Clone, Debug)]
pub struct PilotLaunch {
    /// Text of the wrapper script (`agent::WRAPPER`). It is started as `sh WRAPPER ARGUMENTS... --secret-file FILE`
    /// (or `--secret-dir DIR --first-id ID` in a batch array) with the options of `PilotArgs` as `PILOTAGE_...`
    /// variables, and with `PILOTAGE_PILOT` (path of the program) or `PILOTAGE_PILOT_URL` and `PILOTAGE_PILOT_SHA256`.
    /// It runs the program with all its own arguments.
    pub wrapper: String,
    /// The pilot program.
    pub program: PilotProgram,
    /// Base URLs of the servers as pilots reach them.
    pub servers: Vec<String>,
    /// Whom pilots trust to be the server.
    pub trust: wire::tls::Trust,
}

/// Where a node finds the pilot program.
#[derive(Clone, Debug)]
pub enum PilotProgram {
    /// At this path, on every node.
    Path {
        /// The program.
        path: PathBuf,
        /// Words before our own arguments, such as `pilot` for the program of all roles.
        arguments: Vec<String>,
    },
    /// To be downloaded and checked by the wrapper.
    Url {
        /// Where from.
        url: String,
        /// Hex SHA-256 of the file.
        sha256: String,
    },
}
