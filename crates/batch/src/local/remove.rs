//! Removal of local pilots: TERM, grace, KILL, each time only of the very process group that was started.

use super::Local;
use super::folder::{Folder, Life};
use super::process::Identity;
use crate::BatchError;
use rustix::process::{Pid, Signal, kill_process_group};
use std::time::Duration;

impl Local {
    /// Tells a pilot to go, and sees to it that it is gone after the grace.
    pub(super) fn begin_removal(&self, folder: &Folder) -> Result<(), BatchError> {
        if !folder.path.exists() || folder.removed_for().is_some() {
            return Ok(());
        }
        let failed = |source| BatchError::File { action: "mark", path: folder.path.clone(), source };
        folder.mark_removed().map_err(failed)?;
        if let Life::Running(identity) = folder.life() {
            signal(&identity, Signal::TERM);
        }
        let (folder, grace) = (folder.clone(), self.grace());
        tokio::spawn(async move {
            tokio::time::sleep(grace).await;
            kill_if_alive(&folder);
        });
        Ok(())
    }

    /// What [`Local::begin_removal`] began before the factory was restarted.
    pub(super) fn finish_removal(&self, folder: &Folder, life: &Life) {
        let overdue = folder.removed_for().is_some_and(|age| age > self.grace());
        if let (true, Life::Running(identity)) = (overdue, life) {
            signal(identity, Signal::KILL);
        }
    }

    fn grace(&self) -> Duration {
        Duration::try_from_secs_f64(self.config.grace_s).unwrap_or(Duration::from_secs(15))
    }
}

fn kill_if_alive(folder: &Folder) {
    if let Life::Running(identity) = folder.life() {
        signal(&identity, Signal::KILL);
    }
}

fn signal(identity: &Identity, signal: Signal) {
    if let Some(pid) = Pid::from_raw(identity.pid)
        && let Err(error) = kill_process_group(pid, signal)
    {
        tracing::debug!(pid = identity.pid, %error, "process group is gone already");
    }
}
