//! The pilots that talk to this server, in memory: when each was heard last, and what it has free.
//!
//! A heartbeat only changes this memory; a duty writes what changed every few seconds.

use crate::hub::locked;
use model::{IdlePilots, PilotId, Time};
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

/// One pilot as this server heard it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivePilot {
    /// Its present incarnation.
    pub incarnation: u32,
    /// The queue it serves.
    pub queue: String,
    /// Slots without a job, by its last word.
    pub idle_slots: u32,
    /// Lease calls of it that wait right now.
    pub waiting_calls: u32,
    /// Whether it was told to finish and exit.
    pub draining: bool,
    /// Its last call.
    pub last_heard: Time,
    /// The last call that the store knows of.
    pub flushed: Time,
}

impl LivePilot {
    /// A pilot heard at `now`, without any idle slot until it says so.
    pub fn new(incarnation: u32, queue: String, now: Time) -> LivePilot {
        LivePilot {
            incarnation,
            queue,
            idle_slots: 0,
            waiting_calls: 0,
            draining: false,
            last_heard: now,
            flushed: Time(0),
        }
    }
}

/// All pilots that talk to this server.
#[derive(Default)]
pub struct LivePilots(Mutex<HashMap<PilotId, LivePilot>>);

/// Counts of a lease call that waits; the slots count as idle until it is dropped.
pub struct Idle<'a> {
    pilots: &'a LivePilots,
    pilot: PilotId,
}

impl LivePilots {
    /// Remembers a pilot that said hello, or one that another server greeted.
    pub fn insert(&self, pilot: PilotId, live: LivePilot) {
        locked(&self.0).insert(pilot, live);
    }

    /// Forgets a pilot that has gone.
    pub fn remove(&self, pilot: PilotId) {
        locked(&self.0).remove(&pilot);
    }

    /// Notes a call of a pilot; `None` when this server does not know the pilot yet.
    pub fn heard(&self, pilot: PilotId, now: Time) -> Option<LivePilot> {
        let mut pilots = locked(&self.0);
        let live = pilots.get_mut(&pilot)?;
        live.last_heard = now;
        Some(live.clone())
    }

    /// When this server heard the pilot last.
    pub fn last_heard(&self, pilot: PilotId) -> Option<Time> {
        locked(&self.0).get(&pilot).map(|live| live.last_heard)
    }

    /// Notes how many slots a pilot has free.
    pub fn set_idle(&self, pilot: PilotId, idle_slots: u32) {
        if let Some(live) = locked(&self.0).get_mut(&pilot) {
            live.idle_slots = idle_slots;
        }
    }

    /// Notes that a pilot is to finish and exit.
    pub fn set_draining(&self, pilot: PilotId) {
        if let Some(live) = locked(&self.0).get_mut(&pilot) {
            live.draining = true;
        }
    }

    /// Whether a pilot is to finish and exit.
    pub fn is_draining(&self, pilot: PilotId) -> bool {
        locked(&self.0).get(&pilot).is_some_and(|live| live.draining)
    }

    /// Counts the slots as idle while a lease call waits.
    pub fn wait(&self, pilot: PilotId, idle_slots: u32) -> Idle<'_> {
        if let Some(live) = locked(&self.0).get_mut(&pilot) {
            live.idle_slots = idle_slots;
            live.waiting_calls += 1;
        }
        Idle { pilots: self, pilot }
    }

    /// Idle pilots of each queue, the most slots first: those whose lease call waits and that are not draining.
    pub fn idle(&self) -> HashMap<String, Vec<IdlePilots>> {
        let mut counts: HashMap<String, BTreeMap<u32, u64>> = HashMap::new();
        for live in locked(&self.0).values().filter(|live| live.waiting_calls > 0 && !live.draining) {
            *counts.entry(live.queue.clone()).or_default().entry(live.idle_slots).or_default() += 1;
        }
        let sorted = |counts: BTreeMap<u32, u64>| {
            counts.into_iter().rev().map(|(slots, pilots)| IdlePilots { slots, pilots }).collect()
        };
        counts.into_iter().map(|(queue, counts)| (queue, sorted(counts))).collect()
    }

    /// What the store has not yet been told, in order of ids. [`LivePilots::flushed`] confirms it.
    pub fn unflushed(&self) -> Vec<(PilotId, Time)> {
        let pilots = locked(&self.0);
        let newer = pilots.iter().filter(|(_, live)| live.last_heard > live.flushed);
        let mut heard: Vec<_> = newer.map(|(pilot, live)| (*pilot, live.last_heard)).collect();
        heard.sort_unstable_by_key(|(pilot, _)| *pilot);
        heard
    }

    /// The store knows these now.
    pub fn flushed(&self, heard: &[(PilotId, Time)]) {
        let mut pilots = locked(&self.0);
        for (pilot, time) in heard {
            if let Some(live) = pilots.get_mut(pilot) {
                live.flushed = live.flushed.max(*time);
            }
        }
    }

    /// Forgets pilots that were not heard since `before`.
    pub fn forget_silent(&self, before: Time) {
        locked(&self.0).retain(|_, live| live.last_heard >= before);
    }
}

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        if let Some(live) = locked(&self.pilots.0).get_mut(&self.pilot) {
            live.waiting_calls = live.waiting_calls.saturating_sub(1);
        }
    }
}
