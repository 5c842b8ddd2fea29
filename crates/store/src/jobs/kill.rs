//! Killing jobs.

use crate::store::not_yet;
use crate::{Result, Store};
use model::{IdSet, Killed, Time};

/// Whose jobs may be touched. A call that touches others is refused as a whole with [`crate::Error::Forbidden`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Anybody's.
    All,
    /// This user's.
    User(String),
    /// This user's, and those of this group.
    Group {
        /// The user.
        user: String,
        /// The group.
        group: String,
    },
    /// This user's, and all in these queues (a site admin's).
    Queues {
        /// The user.
        user: String,
        /// Queues of the admin's sites.
        queues: Vec<String>,
    },
}

/// Which jobs to kill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillRequest {
    /// The jobs.
    pub ids: IdSet,
    /// Whose jobs may be touched.
    pub scope: Scope,
    /// Who asks, for the record of commands.
    pub issuer: String,
    /// The time.
    pub now: Time,
}

impl Store {
    /// Cancels jobs in the record; for each one that a pilot holds, a `kill` command to that job is queued for it.
    pub async fn kill(&self, _request: KillRequest) -> Result<Killed> {
        not_yet()
    }
}
