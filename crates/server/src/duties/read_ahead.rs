//! Reads ahead what pages show and large grids take long to read, so that whoever looks first need not wait for it.
//!
//! A small grid is left alone: what takes no time to read is read when somebody looks, and then it is exact.

use super::{failed, turn};
use crate::api::pilot_ends::{beginning, hours_of_part};
use crate::api::{history, nodes};
use crate::pages::ACTIVITY_HOURS;
use crate::{ApiError, AppState, now};
use model::node_health;
use std::time::Duration;
use wire::api::HistoryQuery;

const DUTY: &str = "read-ahead";
/// How often it is looked what is about to be too old to be shown.
const EVERY: Duration = Duration::from_secs(5);
/// How often it is looked whether the grid is large by now.
const SMALL_EVERY: Duration = Duration::from_secs(60);
/// A grid is large when it has as many counts of pilots, of which there is one for each state of a label's pilots.
const LARGE: usize = 100;
/// Hours by which the pages of errors and efficiency tell.
const ENDED: [u32; 3] = [24, 168, 720];

/// Runs until the server stops, once the grid is large.
pub async fn run(state: AppState) {
    while !is_large(&state).await {
        if !turn(&state, SMALL_EVERY).await {
            return;
        }
    }
    loop {
        if let Err(error) = read(&state).await {
            failed(&state, DUTY, &error);
        }
        if !turn(&state, EVERY).await {
            return;
        }
    }
}

async fn is_large(state: &AppState) -> bool {
    match state.store.pilot_counts().await {
        Ok(counts) => counts.len() >= LARGE,
        Err(error) => {
            failed(state, DUTY, &error.into());
            false
        }
    }
}

/// Reads what is about to be too old.
async fn read(state: &AppState) -> Result<(), ApiError> {
    let (sums, store, now) = (&state.aggregates, &state.store, now());
    sums.factories(store).kept_warm().await?;
    sums.pilot_counts(store).kept_warm().await?;
    sums.flows(store, 1, now).kept_warm().await?;
    sums.activity(store, ACTIVITY_HOURS as u64, now).kept_warm().await?;
    history::keep_warm(state, HistoryQuery::default()).await?;
    for counted in [node_health::HOURS as u32, nodes::HOURS_MAX] {
        sums.nodes(store, beginning(hours(counted))).kept_warm().await?;
    }
    for ended in ENDED {
        let (since, part) = (beginning(hours(ended)), hours_of_part(Some(ended)));
        sums.ends(store, since).kept_warm().await?;
        sums.messages(store, since).kept_warm().await?;
        sums.faults(store, since, part, (None, None)).kept_warm().await?;
        sums.core_time(store, since).kept_warm().await?;
        sums.core_time_by_parts(store, since, part, (None, None)).kept_warm().await?;
    }
    Ok(())
}

fn hours(hours: u32) -> Duration {
    Duration::from_secs(u64::from(hours) * 3600)
}
