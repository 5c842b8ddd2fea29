//! `condor_rm`: always by a constraint that names the factory.

use super::Condor;
use crate::submission::{self, Submission};
use crate::{BatchError, Flag, PilotStatus};
use model::PilotId;
use std::time::Duration;

/// Pilots that one constraint names; keeps it far below the system's limit of an argument.
pub const CONSTRAINT_MAX: usize = 1000;
/// HTCondor shows a removed job until the other end has confirmed. After so long it is to forget it all the same.
const FORCE_AFTER: Duration = Duration::from_secs(1800);

impl Condor {
    pub(super) async fn remove_pilots(&self, pilots: &[PilotId]) -> Result<(), BatchError> {
        let submissions = submission::list(&self.place.here)?;
        for chunk in self.known.not_removing(pilots).chunks(CONSTRAINT_MAX) {
            for pilot in chunk {
                if let Some(submission) = submission::holder(&submissions, *pilot) {
                    submission.mark_removed(*pilot);
                }
            }
            // Before it is tried: a schedd that suffers must not be asked for it again and again.
            self.known.removing(chunk);
            self.condor_rm(chunk, "JobStatus =!= 3", &[]).await?;
        }
        Ok(())
    }

    /// Lets a remote schedd forget ended pilots, whose output it keeps until then.
    pub(super) async fn release_output(&self, pilots: &[PilotId]) {
        if let Err(error) = self.condor_rm(pilots, "JobStatus == 4", &[]).await {
            tracing::warn!(%error, "could not let the schedd forget ended pilots");
        }
    }

    /// Lets HTCondor forget pilots that have been on their way out for long, such as those of a CE that is gone.
    pub(super) async fn force_stuck(&self, submissions: &[Submission], pilots: &[PilotStatus]) {
        let is_stuck = |pilot: &&PilotStatus| {
            let holder = submission::holder(submissions, pilot.pilot).filter(|_| pilot.flag == Some(Flag::Retiring));
            holder.and_then(|one| one.removed_for(pilot.pilot)).is_some_and(|age| age > FORCE_AFTER)
        };
        let stuck: Vec<PilotId> = pilots.iter().filter(is_stuck).map(|pilot| pilot.pilot).collect();
        if !stuck.is_empty()
            && let Err(error) = self.condor_rm(&stuck, "JobStatus == 3", &["-forcex"]).await
        {
            tracing::warn!(%error, "could not remove pilots by force");
        }
    }

    async fn condor_rm(&self, pilots: &[PilotId], more: &str, how: &[&str]) -> Result<(), BatchError> {
        for chunk in pilots.chunks(CONSTRAINT_MAX) {
            let constraint = format!("{} && {more}", self.owner.constraint_on(chunk));
            let answer = self.commands.run("condor_rm", &self.words(&constraint, how)).await?;
            // Nothing there to remove is as good as removed.
            if !answer.err.contains("Couldn't find/remove all jobs matching") {
                answer.success("condor_rm")?;
            }
        }
        Ok(())
    }
}
