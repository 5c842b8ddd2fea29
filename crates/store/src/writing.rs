//! How writing goes: whether it fails or takes long, known without asking the writer, which may hang.

use crate::Error;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A commit that takes longer is slow: people wait for it.
const SLOW: Duration = Duration::from_secs(2);

/// What is wrong with writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteTrouble {
    /// All commits have failed for this long.
    Failing {
        /// Since the first of them.
        since: Duration,
        /// What the last one said.
        why: String,
    },
    /// One commit has been under way for this long, and all others wait for it.
    Slow {
        /// Since its beginning.
        since: Duration,
    },
}

/// What the writer does now, and how that went last.
#[derive(Debug, Default)]
pub(crate) struct Writing(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    begun: Option<Instant>,
    failing: Option<(Instant, String)>,
}

impl Writing {
    /// The writer begins with something.
    pub(crate) fn begin(&self) {
        self.change(|state| state.begun = Some(Instant::now()));
    }

    /// It is done, and something was written.
    pub(crate) fn written(&self) {
        self.change(|state| *state = State::default());
    }

    /// It is done, and there was nothing to write: that tells nothing about a full disk.
    pub(crate) fn idle(&self) {
        self.change(|state| state.begun = None);
    }

    /// It failed altogether.
    pub(crate) fn failed(&self, error: &Error) {
        self.change(|state| {
            let since = state.failing.take().map_or_else(Instant::now, |(since, _)| since);
            *state = State { begun: None, failing: Some((since, error.to_string())) };
        });
    }

    /// What is wrong now.
    pub(crate) fn trouble(&self) -> Option<WriteTrouble> {
        let state = self.0.lock().ok()?;
        if let Some((since, why)) = &state.failing {
            return Some(WriteTrouble::Failing { since: since.elapsed(), why: why.clone() });
        }
        let since = state.begun?.elapsed();
        (since > SLOW).then_some(WriteTrouble::Slow { since })
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        if let Ok(mut state) = self.0.lock() {
            change(&mut state);
        }
    }
}
