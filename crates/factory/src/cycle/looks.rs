//! Questions to the world that are under way: one for each name, ended with this.

use std::collections::BTreeMap;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

/// Questions with answers of one kind.
pub(super) struct Looks<T> {
    tasks: JoinSet<T>,
    names: BTreeMap<Id, String>,
}

impl<T> Default for Looks<T> {
    fn default() -> Looks<T> {
        Looks { tasks: JoinSet::new(), names: BTreeMap::new() }
    }
}

impl<T: Send + 'static> Looks<T> {
    /// Asks, unless a question of this name is under way.
    pub(super) fn begin(&mut self, name: &str, question: impl Future<Output = T> + Send + 'static) {
        if !self.is_under_way(name) {
            let task = self.tasks.spawn(question);
            self.names.insert(task.id(), name.to_owned());
        }
    }

    /// The next one that ends in time; an error is a bug that broke it.
    pub(super) async fn next(&mut self, deadline: Instant) -> Option<(String, Result<T, JoinError>)> {
        let (id, look) = match tokio::time::timeout_at(deadline, self.tasks.join_next_with_id()).await.ok()?? {
            Ok((id, look)) => (id, Ok(look)),
            Err(broken) => (broken.id(), Err(broken)),
        };
        self.names.remove(&id).map(|name| (name, look))
    }

    /// Whether a question of this name has no answer yet.
    pub(super) fn is_under_way(&self, name: &str) -> bool {
        self.names.values().any(|under_way| under_way == name)
    }

    /// Names of the questions without an answer.
    pub(super) fn under_way(&self) -> impl Iterator<Item = &String> {
        self.names.values()
    }
}
