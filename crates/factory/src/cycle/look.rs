//! Looking at batch end points: at all of them at once, and without waiting long for one that does not answer.

use super::{Cycler, now};
use crate::world::BatchView;
use batch::{BatchError, Status};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a cycle waits for the end points, unless cycles are shorter. One that takes longer goes on answering while the labels of the others are
/// served, and its own get no pilots until it has.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Status of an end point, and how many more pilots it takes.
pub(super) type Look = Result<(Status, Option<u64>), BatchError>;

impl Cycler {
    /// One status call per end point, shared by all its labels.
    pub(crate) async fn look_at_batches(&mut self) -> BTreeMap<String, Status> {
        for (name, batch) in &self.batches {
            let batch = Arc::clone(batch);
            self.looks.begin(name, async move {
                let status = batch.status().await?;
                Ok((status, batch.capacity().await?))
            });
        }
        let patience = self.patience();
        let deadline = Instant::now() + patience;
        let mut answers = BTreeMap::new();
        while let Some((name, look)) = self.looks.next(deadline).await {
            let look = look.unwrap_or_else(|broken| Err(BatchError::Again(format!("look at it: {broken}"))));
            answers.extend(self.learn_look(&name, look).map(|status| (name, status)));
        }
        for name in self.looks.under_way() {
            let view = self.world.batches.entry(name.clone()).or_default();
            view.trouble = format!("get an answer within {} s", patience.as_secs_f64());
            view.silent = true;
        }
        answers
    }

    /// How long a cycle waits for answers.
    pub(super) fn patience(&self) -> Duration {
        ANSWER_MAX.min(self.config.factory.cycle())
    }

    fn learn_look(&mut self, name: &str, look: Look) -> Option<Status> {
        let view = self.world.batches.entry(name.to_owned()).or_default();
        match look {
            Ok((status, free)) => {
                // The age is measured on the steady clock and turned into a time once.
                let taken = now() - status.taken.elapsed();
                *view = BatchView { at: Some(taken), free, ..BatchView::default() };
                Some(status)
            }
            Err(error) => {
                tracing::warn!(batch = name, %error, "could not look at a batch end point");
                view.trouble = error.to_string();
                view.silent = false;
                None
            }
        }
    }
}
