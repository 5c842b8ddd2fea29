//! The pilot's end: nothing that jobs have done is lost.

use super::Desk;
use crate::pilot::{EXIT_DONE, EXIT_UNDELIVERED, PilotError, report};
use model::ErrorClass;
use std::time::Duration;

impl Desk {
    /// Puts results on disk that only wait for a server, in case the pilot is not given the time to end by itself.
    pub(super) fn keep_results(&mut self) {
        for work in self.hand.unfinished() {
            let mut work = work.lock();
            if work.is_left_to_server()
                && let Err(words) = self.outbox.keep_result(&mut work)
            {
                tracing::debug!(job = %work.job.id, "{words}");
            }
        }
    }

    /// The server knows all or it is on disk, the runners are gone, the directory is removed.
    pub(super) async fn close(mut self) -> Result<u8, PilotError> {
        let reason = self.life.reason();
        self.tasks.shutdown().await;
        // Before the runners go, which remove the files of their slots.
        let undelivered = self.keep_undelivered();
        let patience = Duration::from_secs_f64(self.args.grace_s.clamp(0.0, 3600.0)) + Duration::from_secs(5);
        let links = self.hand.slots.iter_mut().filter_map(|slot| slot.link.take());
        for link in links.collect::<Vec<_>>() {
            link.close(patience).await;
        }
        self.say_goodbye(&reason).await;
        drop(self.root);
        if let Some(words) = self.life.fault() {
            return Err(PilotError::Node(words));
        }
        if undelivered {
            return Ok(EXIT_UNDELIVERED);
        }
        tracing::info!(reason, "done");
        Ok(EXIT_DONE)
    }

    /// Puts everything on disk that the server has not confirmed; whether there was something.
    fn keep_undelivered(&mut self) -> bool {
        self.outbox.put_back(self.calls.take_carried());
        for work in self.hand.unfinished() {
            let mut work = work.lock();
            if let Err(words) = self.outbox.keep_result(&mut work) {
                tracing::error!(job = %work.job.id, "its result is lost: {words}");
                self.outbox.push(report::failure(
                    &work.job,
                    ErrorClass::Evicted,
                    &format!("its result is lost: {words}"),
                ));
            }
        }
        let path = self.outbox.spool_path().display().to_string();
        match self.outbox.keep_all() {
            Ok(0) => false,
            Ok(reports) => {
                tracing::error!("{reports} reports could not be delivered; they are kept in {path}");
                true
            }
            Err(error) => {
                tracing::error!(
                    "reports could not be delivered, and those that {path} does not hold are lost: {error}"
                );
                true
            }
        }
    }
}
