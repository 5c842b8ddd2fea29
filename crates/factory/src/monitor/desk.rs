//! Where the cycles put down what one monitor is to be told, and its sender takes it from. Nobody waits here.

use super::book::Window;
use super::spool::Spool;
use super::stage::{Event, Seen};
use crate::FactoryError;
use model::{MonitorInfo, PilotId};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use wire::apfmon::LabelEntry;

/// The most characters of a message, as many as monitors keep.
const MESSAGE_MAX: usize = 1024;

/// The desk of one monitor.
pub struct Desk {
    name: String,
    held: Mutex<Held>,
    bell: Notify,
}

struct Held {
    spool: Spool,
    labels: BTreeMap<String, LabelEntry>,
    /// The newest message of each label that has one to tell.
    messages: BTreeMap<String, String>,
    /// When each label had a message last.
    said: BTreeMap<String, Instant>,
    refused: u64,
    trouble: String,
}

/// How often this was reached: told at the first, the tenth, the hundredth, ...
fn is_worth_a_word(before: u64, now: u64) -> bool {
    before.checked_ilog10() != now.checked_ilog10()
}

impl Desk {
    /// With what an earlier process left.
    pub fn open(name: &str, path: &Path) -> Result<Desk, FactoryError> {
        let opened = Spool::open(path);
        let spool = opened.map_err(|error| FactoryError::Monitor {
            name: name.to_owned(),
            reason: format!("{}: {error}", path.display()),
        })?;
        let held = Held {
            spool,
            labels: BTreeMap::new(),
            messages: BTreeMap::new(),
            said: BTreeMap::new(),
            refused: 0,
            trouble: String::new(),
        };
        Ok(Desk { name: name.to_owned(), held: Mutex::new(held), bell: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // Whoever broke off left a whole line behind, or none.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes other settings.
    pub fn adapt(&self, spool_max: usize, labels: BTreeMap<String, LabelEntry>) {
        let mut held = self.lock();
        held.spool.set_max(spool_max);
        held.messages.retain(|label, _| labels.contains_key(label));
        held.said.retain(|label, _| labels.contains_key(label));
        held.labels = labels;
    }

    /// Puts down what the monitor does not know of these pilots. Of a pilot whose label it is not told of, only what
    /// follows what it knows already.
    pub fn put<'a>(&self, seen: impl Iterator<Item = Seen<'a>>, foreign: &BTreeSet<&str>) {
        let held = self.lock();
        let mut events = Vec::new();
        for one in seen {
            if held.labels.contains_key(one.label) || held.spool.book().knows(one.pilot) {
                events.extend(held.spool.book().missing(one, foreign.contains(one.label)));
            }
        }
        self.add(held, events);
    }

    /// Puts down the end of pilots that are not live any more without anybody having said so.
    pub fn settle(&self, live: &BTreeSet<PilotId>) {
        let mut held = self.lock();
        let ends = held.spool.settle(live);
        self.add(held, ends);
    }

    fn add(&self, mut held: MutexGuard<'_, Held>, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let before = held.spool.dropped();
        held.spool.add(events);
        let dropped = held.spool.dropped();
        drop(held);
        if is_worth_a_word(before, dropped) {
            tracing::warn!(monitor = self.name, dropped, "too many events wait for a monitor; the oldest were dropped");
        }
        self.bell.notify_one();
    }

    /// Puts down what the scheduler said of a label, unless it had its word less than `apart` ago.
    pub fn say(&self, label: &str, message: &str, apart: Duration) {
        let mut held = self.lock();
        let is_soon = held.said.get(label).is_some_and(|said| said.elapsed() < apart);
        if message.is_empty() || !held.labels.contains_key(label) || (is_soon && !held.messages.contains_key(label)) {
            return;
        }
        held.messages.insert(label.to_owned(), message.chars().take(MESSAGE_MAX).collect());
        held.said.insert(label.to_owned(), Instant::now());
        drop(held);
        self.bell.notify_one();
    }

    /// Waits until something is put down.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }

    /// What can be told next.
    pub fn window(&self, most: usize) -> Window {
        self.lock().spool.book().window(most)
    }

    /// All events before this number were told, or `refused` of them cannot be.
    pub fn taken(&self, before: u64, refused: u64) {
        let mut held = self.lock();
        held.spool.take(before);
        held.refused += refused;
    }

    /// Takes some messages.
    pub fn messages(&self, most: usize) -> Vec<(String, String)> {
        let messages = &mut self.lock().messages;
        std::iter::from_fn(|| messages.pop_first()).take(most).collect()
    }

    /// Puts a message back that could not be told, unless there is a newer one.
    pub fn put_back(&self, label: String, message: String) {
        self.lock().messages.entry(label).or_insert(message);
    }

    /// How labels are registered that the monitor does not know yet.
    pub fn unknown_labels<'a>(
        &self,
        wanted: impl Iterator<Item = &'a str>,
        known: &BTreeSet<String>,
    ) -> Vec<LabelEntry> {
        let labels = &self.lock().labels;
        let unknown: BTreeSet<&str> = wanted.filter(|label| !known.contains(*label)).collect();
        unknown.into_iter().filter_map(|label| labels.get(label).cloned()).collect()
    }

    /// Notes why nothing can be told at present; empty when it can.
    pub fn set_trouble(&self, trouble: &str) {
        let mut held = self.lock();
        match (held.trouble.is_empty(), trouble.is_empty()) {
            (true, false) => tracing::warn!(monitor = self.name, trouble, "could not tell a monitor; trying again"),
            (false, true) => tracing::info!(monitor = self.name, "the monitor can be told again"),
            _ => {}
        }
        trouble.clone_into(&mut held.trouble);
    }

    /// Whether everything was told.
    pub fn is_clear(&self) -> bool {
        let held = self.lock();
        held.spool.book().waiting() == 0 && held.messages.is_empty()
    }

    /// How it goes.
    pub fn info(&self, url: &str) -> MonitorInfo {
        let held = self.lock();
        MonitorInfo {
            name: self.name.clone(),
            url: url.to_owned(),
            waiting: held.spool.book().waiting() as u64,
            dropped: held.spool.dropped(),
            refused: held.refused,
            trouble: held.trouble.clone(),
        }
    }

    /// Writes the spool anew when that is due. Cycles go on meanwhile.
    pub async fn tidy(&self) {
        let Some(rewrite) = self.lock().spool.rewrite() else { return };
        let written = tokio::task::spawn_blocking(move || rewrite.write()).await;
        let file = written.unwrap_or_else(|error| Err(io::Error::other(error)));
        if let Err(error) = self.lock().spool.rewritten(file) {
            tracing::warn!(monitor = self.name, %error, "could not write the spool of a monitor anew");
        }
    }
}
