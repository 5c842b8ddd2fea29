//! Everything that can happen to a pilot, in one channel.

use crate::frame::{FromRunner, JobKey};
use model::Command;
use std::sync::Arc;
use wire::api::{Heartbeat, JobReport, LeaseRequest, Leased};

/// Events waiting to be handled; who has more waits.
pub(super) const EVENTS_MAX: usize = 1024;

pub(super) type Sender = tokio::sync::mpsc::Sender<Event>;

/// Which of the two lease calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Carries reports and comes back at once.
    Refill,
    /// Waits for jobs.
    Poll,
}

pub(super) enum Event {
    /// A runner said something.
    Runner(usize, Vec<FromRunner>),
    /// A runner takes bytes again.
    Writable(usize),
    /// The process behind this link has gone; the number tells it from its successor.
    RunnerGone(usize, u32),
    /// A lease call came back.
    Leased { line: Line, request: Arc<LeaseRequest>, answer: Result<Leased, wire::Error> },
    /// A heartbeat came back.
    Heartbeat(Result<Heartbeat, wire::Error>),
    /// A new token came, or not.
    Renewed(Result<(), wire::Error>),
    /// Commands came in.
    Commands(Vec<Command>),
    /// Inputs are in the scratch directory of this slot, or could not be brought.
    Staged(usize, JobKey, Result<(), String>),
    /// Outputs and logs are away; what remains is to report.
    Finished(JobKey, Box<JobReport>),
    /// The operating system told us to go.
    Signal(Signal),
}

/// A signal that we listen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// End soon.
    Term,
    /// Take no more jobs.
    Drain,
}
