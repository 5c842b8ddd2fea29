//! Wide jobs that narrower ones overtake, because pilots ask for fewer slots than they need. After a while one of them is
//! given to a pilot that has enough slots though not all of them free: it keeps them free for it as they become so.
//!
//! Kept in memory alone: after a restart the wait begins anew.

use model::Time;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long jobs may be overtaken. A pilot that starts anew has all its slots free and mostly comes sooner.
pub(crate) const OVERTAKEN_MAX: Duration = Duration::from_secs(300);

/// Since when jobs of a lane are overtaken.
#[derive(Default)]
pub(crate) struct PassedOver(Mutex<HashMap<i64, Time>>);

impl PassedOver {
    /// Notes that these lanes are passed over; gives the one that was for too long, the longest first.
    pub(crate) fn due(&self, lanes: impl Iterator<Item = i64>, now: Time) -> Option<i64> {
        let mut lanes = lanes.peekable();
        lanes.peek()?;
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = lanes.map(|lane| (*since.entry(lane).or_insert(now), lane));
        waits.min().filter(|(since, _)| now.since(*since) >= OVERTAKEN_MAX).map(|(_, lane)| lane)
    }

    /// Jobs of these lanes were taken.
    pub(crate) fn served(&self, lanes: impl Iterator<Item = i64>) {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for lane in lanes {
            since.remove(&lane);
        }
    }
}
