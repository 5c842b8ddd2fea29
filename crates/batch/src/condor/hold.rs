//! Why HTCondor holds jobs back: the codes of its manual.

use model::ErrorClass;

/// A person held it, by `condor_hold`.
pub const BY_PERSON: i64 = 1;
/// The files of a remote submission are on their way.
pub const SPOOLING: i64 = 16;

/// Why a job is held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    /// HTCondor's number for it.
    pub code: Option<i64>,
    /// In its words.
    pub reason: String,
}

impl Hold {
    /// What it means for a pilot that never came out of it.
    pub fn class(&self) -> ErrorClass {
        match self.code {
            Some(BY_PERSON) => ErrorClass::Killed,
            // The node could not start it: no process, no directory, a failed hook, no account, no container.
            Some(6 | 14 | 19 | 23 | 28..=31 | 35 | 45 | 48) => ErrorClass::Node,
            Some(34) => ErrorClass::Memory,
            Some(46 | 47) => ErrorClass::WallTime,
            // Policies of site or schedd, credentials, files at the submit host, gateways of grids.
            _ => ErrorClass::Batch,
        }
    }

    /// The same in words, for people.
    pub fn in_words(&self) -> String {
        let reason = if self.reason.is_empty() { "no reason given" } else { &self.reason };
        match self.code {
            Some(code) => format!("HTCondor: held: {reason} (code {code})"),
            None => format!("HTCondor: held: {reason}"),
        }
    }
}
