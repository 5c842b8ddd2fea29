//! Long polls that wait for something with a key: a pilot's command, a job's log.

use crate::hub::locked;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, Weak};
use tokio::sync::Notify;

/// One bell per key that somebody waits for.
pub struct Bells<K>(Mutex<HashMap<K, Weak<Notify>>>);

impl<K> Default for Bells<K> {
    fn default() -> Bells<K> {
        Bells(Mutex::default())
    }
}

impl<K: Eq + Hash> Bells<K> {
    /// The bell of `key`. Call [`Notify::notified`] and enable it before looking, so that no ring is missed.
    pub fn of(&self, key: K) -> Arc<Notify> {
        let mut bells = locked(&self.0);
        if let Some(bell) = bells.get(&key).and_then(Weak::upgrade) {
            return bell;
        }
        let bell = Arc::new(Notify::new());
        bells.insert(key, Arc::downgrade(&bell));
        bell
    }

    /// Wakes all who wait for `key`.
    pub fn ring<Q: Eq + Hash + ?Sized>(&self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
    {
        if let Some(bell) = locked(&self.0).get(key).and_then(Weak::upgrade) {
            bell.notify_waiters();
        }
    }

    /// Wakes everybody.
    pub fn ring_all(&self) {
        for bell in locked(&self.0).values().filter_map(Weak::upgrade) {
            bell.notify_waiters();
        }
    }

    /// Forgets bells that nobody waits for.
    pub fn sweep(&self) {
        locked(&self.0).retain(|_, bell| bell.strong_count() > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_ring_reaches_who_waits_and_unused_bells_go() {
        let bells: Bells<String> = Bells::default();
        let bell = bells.of("a".into());
        let waiting = bell.notified();
        bells.ring("b");
        bells.ring("a");
        waiting.await;
        drop(bell);
        bells.sweep();
        assert!(locked(&bells.0).is_empty());
    }
}
