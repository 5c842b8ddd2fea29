//! What can go wrong in the store.

use model::JobId;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// The store's results.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the store did not do what was asked. Nothing of the failed operation was kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Too many operations wait for the writer; the caller may try again at once.
    #[error("the store is busy: {waiting} operations wait already")]
    Busy {
        /// Operations in the queue.
        waiting: usize,
    },
    /// The disk or the quota is full. Works again by itself when there is room.
    #[error("no space is left for the database")]
    Full,
    /// The database cannot be reached, read or written at present. Works again by itself.
    #[error("the database is not available: {reason}")]
    Unavailable {
        /// What the engine said.
        reason: String,
    },
    /// Another process has the database.
    #[error("{} is in use by process {pid} on host {host}", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
        /// Host of the other process.
        host: String,
        /// Its process id.
        pid: u32,
    },
    /// The directory or file cannot be used.
    #[error("cannot use {}", path.display())]
    Path {
        /// The directory or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The thing does not exist.
    #[error("there is no {what}")]
    NotFound {
        /// What was looked for, such as `job 17`.
        what: String,
    },
    /// The caller may not touch the thing.
    #[error("{what} belongs to somebody else")]
    Forbidden {
        /// What was touched, such as `job 17`.
        what: String,
    },
    /// Nothing is added to an attempt that is over.
    #[error("attempt {attempt} of job {job} is over")]
    AttemptOver {
        /// The job.
        job: JobId,
        /// The attempt.
        attempt: u32,
    },
    /// The same idempotency key came with another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// What is asked does not fit what is there.
    #[error("{0}")]
    Conflict(String),
    /// What is asked makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The database was written by a newer version of the program.
    #[error("the database has schema version {found}, this program knows up to {known}")]
    Newer {
        /// Version of the database.
        found: i64,
        /// Newest version that this program knows.
        known: i64,
    },
    /// A stored value cannot be understood.
    #[error("the database holds a value that cannot be read: {0}")]
    Corrupt(String),
    /// A fault of the store itself: the engine refused a statement.
    #[error("the database refused {statement}: {reason}")]
    Engine {
        /// The statement's name.
        statement: String,
        /// What the engine said.
        reason: String,
    },
    /// The engine gave the transaction up for another one; it is run again by the store itself.
    #[error("the transaction collided with another one")]
    Collision,
}

impl Error {
    /// The caller may try again later without change: nothing is wrong with what was asked.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Error::Busy { .. } | Error::Full | Error::Unavailable { .. } | Error::Collision)
    }

    /// Something is wrong with what was asked, not with the store.
    pub fn is_refusal(&self) -> bool {
        use Error as E;
        matches!(
            self,
            E::NotFound { .. }
                | E::Forbidden { .. }
                | E::AttemptOver { .. }
                | E::KeyReused
                | E::Conflict(_)
                | E::Invalid(_)
        )
    }

    /// The same error for another one who waits for the same commit.
    pub(crate) fn again(&self) -> Error {
        match self {
            Error::Busy { waiting } => Error::Busy { waiting: *waiting },
            Error::Full => Error::Full,
            Error::Unavailable { reason } => Error::Unavailable { reason: reason.clone() },
            Error::InUse { path, host, pid } => Error::InUse { path: path.clone(), host: host.clone(), pid: *pid },
            Error::Path { .. } => Error::Unavailable { reason: self.to_string() },
            Error::NotFound { what } => Error::NotFound { what: what.clone() },
            Error::Forbidden { what } => Error::Forbidden { what: what.clone() },
            Error::AttemptOver { job, attempt } => Error::AttemptOver { job: *job, attempt: *attempt },
            Error::KeyReused => Error::KeyReused,
            Error::Conflict(text) => Error::Conflict(text.clone()),
            Error::Invalid(text) => Error::Invalid(text.clone()),
            Error::Newer { found, known } => Error::Newer { found: *found, known: *known },
            Error::Corrupt(text) => Error::Corrupt(text.clone()),
            Error::Engine { statement, reason } => {
                Error::Engine { statement: statement.clone(), reason: reason.clone() }
            }
            Error::Collision => Error::Unavailable { reason: self.to_string() },
        }
    }

    pub(crate) fn not_found(what: impl Into<String>) -> Error {
        Error::NotFound { what: what.into() }
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> Error {
        Error::Unavailable { reason: reason.into() }
    }
}

/// Runs something of which a fault must not end the thread that it runs on: a panic becomes an error.
pub(crate) fn caught<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
        let reason = format!("it panicked: {}", said.unwrap_or("without a word"));
        Err(Error::Engine { statement: "operation".to_owned(), reason })
    })
}
