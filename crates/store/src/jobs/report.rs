//! Reports of pilots about attempts.

use crate::store::not_yet;
use crate::{Result, Store};
use model::{JobReport, PilotId, RefusedReport, Time};

impl Store {
    /// Applies reports in one commit and returns those that were not applied. A repeated report is harmless.
    pub async fn report(&self, _pilot: PilotId, _reports: Vec<JobReport>, _now: Time) -> Result<Vec<RefusedReport>> {
        not_yet()
    }
}
