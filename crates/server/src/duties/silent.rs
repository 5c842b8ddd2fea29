//! Pilots that others report and of which nothing is heard any more: the safety net below what their factories tell.

use super::{failed, has, turn};
use crate::apfmon::Apfmon;
use crate::{AppState, now};
use model::pilot::Source;
use model::{Claim, ErrorClass, PilotState, Time};
use std::sync::Arc;
use std::time::Duration;
use store::{Claimant, PilotClaim, SilentPilot};

const DUTY: &str = "silent";
/// Pilots that are looked at, and closed, at once.
const PORTION: u32 = 1000;
/// Pause between two portions, so that other writers come in between.
const BREATH: Duration = Duration::from_millis(50);
/// The states that have a rule.
const STATES: [PilotState; 3] = [PilotState::Submitted, PilotState::Running, PilotState::Exiting];

/// Closes silent pilots, until the server stops.
pub async fn run(state: AppState, config: Arc<Apfmon>) {
    while turn(&state, config.stale_every).await {
        if !has(&state, DUTY, config.stale_every * 3).await {
            continue;
        }
        for pilots in STATES {
            if let Err(error) = close(&state, &config, pilots, now()).await {
                failed(&state, DUTY, &error.into());
            }
        }
    }
}

/// Goes through all that have been silent for the shortest time of any rule.
async fn close(state: &AppState, config: &Apfmon, of: PilotState, now: Time) -> store::Result<()> {
    let Some(shortest) = config.all_rules().map(|rules| rules.limit(of)).min() else { return Ok(()) };
    let mut after = (Time(0), 0);
    loop {
        let silent = state.store.silent_pilots(of, now - shortest, after, PORTION).await?;
        let Some(last) = silent.last() else { return Ok(()) };
        after = (last.last_heard, last.id);
        let is_full = silent.len() == PORTION as usize;
        let is_over = |pilot: &SilentPilot| now.since(pilot.last_heard) > config.rules(&pilot.label).limit(of);
        let claims: Vec<PilotClaim> = silent.into_iter().filter(is_over).map(claim).collect();
        if !claims.is_empty() {
            let by = Claimant { source: Source::Server, address: String::new(), now };
            state.store.report_pilots(claims, config.patterns.clone(), by).await?;
        }
        if !is_full || !turn(state, BREATH).await {
            return Ok(());
        }
    }
}

fn claim(pilot: SilentPilot) -> PilotClaim {
    let is_leaving = pilot.state == PilotState::Exiting;
    let word = if pilot.state.is_pending() { "created" } else { pilot.state.as_str() };
    PilotClaim {
        factory: pilot.factory,
        batch_id: pilot.batch_id,
        label: pilot.label,
        queue: String::new(),
        resource: String::new(),
        claim: if is_leaving { Claim::Done } else { Claim::Fault },
        result: None,
        jobs: 0,
        error_class: (!is_leaving).then_some(ErrorClass::Lost),
        text: format!("stale: nothing was heard of it since {}, when it was {word}", pilot.last_heard),
        only_known: true,
    }
}
