//! Server-sent events: which topics changed, told to pages at most four times a second.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The shortest time between two messages to one subscriber.
pub const PACE: Duration = Duration::from_millis(250);
/// The most topics of one subscriber.
pub const TOPICS_MAX: usize = 32;
/// The longest name of a topic, in bytes.
pub const TOPIC_LENGTH_MAX: usize = 128;
/// The most subscribers of one server.
pub const SUBSCRIBERS_MAX: usize = 1000;

/// Topics and who listens to them. A topic is a word such as `jobs`, `job:17`, `queue:x`, `pilots` or `overview`;
/// that it changed is all that is told, the page then asks for what it shows.
#[derive(Default)]
pub struct Hub {
    topics: Mutex<HashMap<String, Vec<Weak<Pending>>>>,
    subscribers: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Pending {
    changed: Mutex<BTreeSet<String>>,
    wake: Notify,
}

/// One listener; dropping it ends the subscription.
pub struct Subscription {
    pending: Arc<Pending>,
    next: Instant,
    subscribers: Arc<AtomicUsize>,
}

/// A subscription that cannot be had.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubscribeError {
    /// Too many topics.
    #[error("{0} topics, at most {TOPICS_MAX} are accepted")]
    Topics(usize),
    /// A name is too long or empty.
    #[error("a topic has 1 to {TOPIC_LENGTH_MAX} characters")]
    Length,
    /// Too many listeners.
    #[error("{SUBSCRIBERS_MAX} pages listen already")]
    Full,
}

impl Hub {
    /// Tells whoever listens that the topic changed. Cheap when nobody does.
    pub fn publish(&self, topic: &str) {
        if self.subscribers.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut topics = locked(&self.topics);
        let Some(listeners) = topics.get_mut(topic) else { return };
        listeners.retain(|listener| match listener.upgrade() {
            Some(pending) => {
                locked(&pending.changed).insert(topic.to_owned());
                pending.wake.notify_one();
                true
            }
            None => false,
        });
        if listeners.is_empty() {
            topics.remove(topic);
        }
    }

    /// Tells every listener that all its topics may have changed.
    pub fn publish_all(&self) {
        self.publish_those("");
    }

    /// Tells every listener that its topics that begin so may have changed.
    pub fn publish_those(&self, beginning: &str) {
        for (topic, listeners) in locked(&self.topics).iter().filter(|(topic, _)| topic.starts_with(beginning)) {
            for pending in listeners.iter().filter_map(Weak::upgrade) {
                locked(&pending.changed).insert(topic.clone());
                pending.wake.notify_one();
            }
        }
    }

    /// Whether anybody listens to anything.
    pub fn is_heard(&self) -> bool {
        self.subscribers.load(Ordering::Relaxed) > 0
    }

    /// Begins to listen.
    pub fn subscribe(&self, names: &[&str]) -> Result<Subscription, SubscribeError> {
        if names.len() > TOPICS_MAX {
            return Err(SubscribeError::Topics(names.len()));
        }
        if names.iter().any(|name| name.is_empty() || name.len() > TOPIC_LENGTH_MAX) {
            return Err(SubscribeError::Length);
        }
        if self.subscribers.fetch_add(1, Ordering::Relaxed) >= SUBSCRIBERS_MAX {
            self.subscribers.fetch_sub(1, Ordering::Relaxed);
            return Err(SubscribeError::Full);
        }
        let pending = Arc::new(Pending::default());
        let mut topics = locked(&self.topics);
        for name in names {
            topics.entry((*name).to_owned()).or_default().push(Arc::downgrade(&pending));
        }
        Ok(Subscription { pending, next: Instant::now(), subscribers: self.subscribers.clone() })
    }

    /// Forgets topics that nobody listens to any more.
    pub fn sweep(&self) {
        locked(&self.topics).retain(|_, listeners| {
            listeners.retain(|listener| listener.strong_count() > 0);
            !listeners.is_empty()
        });
    }
}

impl Subscription {
    /// The topics that changed since the last call, at least one; waits for them.
    pub async fn changed(&mut self) -> BTreeSet<String> {
        loop {
            self.pending.wake.notified().await;
            tokio::time::sleep_until(self.next).await;
            let changed = std::mem::take(&mut *locked(&self.pending.changed));
            if !changed.is_empty() {
                self.next = Instant::now() + PACE;
                return changed;
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.subscribers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The lock, also after a panic of another task: what it guards is never left half changed.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_changes_arrive_as_one_message_at_a_bounded_pace() {
        let hub = Hub::default();
        hub.publish("jobs");
        let mut page = hub.subscribe(&["jobs", "job:1"]).unwrap();
        for _ in 0..100 {
            hub.publish("jobs");
        }
        hub.publish("job:2");
        assert_eq!(page.changed().await, BTreeSet::from(["jobs".to_owned()]));
        let before = Instant::now();
        hub.publish("job:1");
        assert_eq!(page.changed().await, BTreeSet::from(["job:1".to_owned()]));
        assert!(before.elapsed() >= PACE);
        drop(page);
        hub.publish("jobs");
        hub.sweep();
        assert!(!hub.is_heard() && locked(&hub.topics).is_empty());
    }

    #[test]
    fn bounds_are_named() {
        let hub = Hub::default();
        assert_eq!(hub.subscribe(&["x"; 33]).err(), Some(SubscribeError::Topics(33)));
        assert_eq!(hub.subscribe(&[""]).err(), Some(SubscribeError::Length));
    }
}
