//! What can go wrong with a call.

use crate::api::Problem;

/// The code of a refusal that no server of ours wrote: a proxy's page, or another program at this address.
pub const FOREIGN: &str = "unexpected";

/// A call that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server understood and refused: it will refuse again.
    #[error("{}", problem.detail)]
    Refused {
        /// The call.
        call: String,
        /// Why.
        problem: Problem,
    },
    /// No server answered, or those that did are not able to work now. Trying later may help.
    #[error("{} the server at {url}: {reason}", if *answered { "be served by" } else { "reach" })]
    Unavailable {
        /// Whom was tried last.
        url: String,
        /// What happened, causes included.
        reason: String,
        /// It answered that it cannot work now.
        answered: bool,
    },
    /// The answer is not what this version expects.
    #[error("understand the answer of {url}")]
    Answer {
        /// The call.
        url: String,
        /// Where it differs.
        source: serde_json::Error,
    },
    /// The call cannot be made with these values.
    #[error("make the call {call}: {reason}")]
    Call {
        /// The call.
        call: String,
        /// Why not.
        reason: String,
    },
    /// The client cannot be set up with this configuration.
    #[error("set up the connection: {reason}")]
    Setup {
        /// Why not.
        reason: String,
    },
}

impl Error {
    /// Whether trying the same again later may help.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Error::Unavailable { .. })
    }

    /// Whether the refusal is not in the words of a server of ours, but of something on the way to it.
    pub fn is_foreign(&self) -> bool {
        self.code() == Some(FOREIGN)
    }

    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Error::Refused { problem, .. } => Some(problem.status),
            _ => None,
        }
    }

    /// The stable word of a refusal, such as `unknown-queue`.
    pub fn code(&self) -> Option<&str> {
        match self {
            Error::Refused { problem, .. } => Some(&problem.code),
            _ => None,
        }
    }
}

/// An error and its causes in one line.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}
