//! `pilotage pilots show`.

use super::{last_words, state};
use crate::cli::now;
use crate::output::{ago, print, print_json};
use model::{PilotId, Time};
use std::process::ExitCode;
use wire::Client;
use wire::api::PilotDetail;

/// Shows one pilot.
pub async fn run(pilot: PilotId, json: bool, client: &Client) -> anyhow::Result<ExitCode> {
    let detail = client.pilot(pilot).await?;
    if json {
        print_json(&detail)?
    } else {
        print(&in_words(detail, now()))?
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(detail: PilotDetail, now: Time) -> String {
    let PilotDetail { summary: pilot, version, profile } = detail;
    let mut lines = vec![
        ("State", state(&pilot)),
        ("Said last", last_words(&pilot)),
        ("Label", format!("{} of factory {}", pilot.label, pilot.factory)),
        ("Queue", format!("{}, site {}", pilot.queue, pilot.site)),
        ("Batch", format!("{} {} {}", pilot.batch, pilot.batch_id, pilot.native_state)),
        ("Announced", ago(now, pilot.announced)),
        ("Heard", pilot.last_heard.map(|heard| ago(now, heard)).unwrap_or_default()),
        ("Jobs", format!("{} now, {} ended, {} slots", pilot.jobs_now, pilot.jobs_ended, pilot.slots)),
        ("Node", pilot.node.clone()),
        ("Program", version),
    ];
    lines.extend(profile.map(|profile| profile.words()).unwrap_or_default());
    let known = lines.into_iter().filter(|(_, value)| !value.trim().is_empty());
    let rows: String = known.map(|(name, value)| format!("  {name:<10}  {}\n", value.trim_end())).collect();
    format!("pilot {}\n{rows}", pilot.id)
}
