//! Counts that link to the rows behind them, and the life lines of jobs and pilots.

use super::link::Link;
use super::tone::{self, Badge};
use model::job::JobCounts;
use model::{JobState, PilotFlow, PilotState, Time};
use std::collections::BTreeMap;

/// Pilots by state.
pub type PilotCounts = BTreeMap<PilotState, u64>;

/// One count of a strip: badge, number, link to the rows.
#[derive(Clone)]
pub struct Count {
    /// State.
    pub badge: Badge,
    /// How many.
    pub number: u64,
    /// The rows.
    pub href: String,
}

/// One count in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// How many.
    pub number: u64,
    /// The rows.
    pub href: String,
}

/// One tab above a listing.
pub struct Tab {
    /// The state; none for all.
    pub badge: Option<Badge>,
    /// The word when there is no badge.
    pub word: &'static str,
    /// How many; none when that is not counted.
    pub number: Option<u64>,
    /// The listing.
    pub href: String,
    /// It is the one that is shown.
    pub current: bool,
}

/// One stage of a life line.
pub struct Stage {
    /// Its name.
    pub name: &'static str,
    /// Colour class.
    pub tone: &'static str,
    /// When it was reached; none when it has not been.
    pub at: Option<Time>,
    /// Something beside.
    pub note: String,
    /// It is the present stage: the time since it was reached is shown, counting on.
    pub present: bool,
}

/// Where the pages of a listing lead.
#[derive(Default)]
pub struct Pager {
    /// Back to the newest rows, unless these are they.
    pub first: Option<String>,
    /// Older rows.
    pub next: Option<String>,
}

/// Counts of jobs by state, all states, each linking to `link` narrowed to the state.
pub fn of_jobs(counts: &JobCounts, link: &Link) -> Vec<Count> {
    let count = |state: &JobState| Count {
        badge: tone::job(state),
        number: counts.of(*state),
        href: link.clone().with("state", state).url(),
    };
    JobState::ALL.iter().map(count).collect()
}

/// Counts of live pilots by state.
pub fn of_pilots(counts: &PilotCounts, link: &Link) -> Vec<Count> {
    let live = PilotState::ALL.iter().filter(|state| !state.is_final());
    live.map(|state| of_state(counts, state, link)).collect()
}

/// Counts of pilots by state, all states.
pub fn of_all_pilots(counts: &PilotCounts, link: &Link) -> Vec<Count> {
    PilotState::ALL.iter().map(|state| of_state(counts, state, link)).collect()
}

/// The same of pilots that others report, which are never announced or told to wait.
pub fn of_reported_pilots(counts: &PilotCounts, link: &Link) -> Vec<Count> {
    let told = |state: &&PilotState| !matches!(state, PilotState::Announced | PilotState::Pending);
    PilotState::ALL.iter().filter(told).map(|state| of_state(counts, state, link)).collect()
}

fn of_state(counts: &PilotCounts, state: &PilotState, link: &Link) -> Count {
    Count {
        badge: tone::pilot(state),
        number: counts.get(state).copied().unwrap_or_default(),
        href: link.clone().with("state", state).url(),
    }
}

/// Sum of some states of pilots.
pub fn sum(counts: &PilotCounts, wanted: impl Fn(PilotState) -> bool) -> u64 {
    counts.iter().filter(|(state, _)| wanted(**state)).map(|(_, pilots)| pilots).sum()
}

/// The rows of a monitor's table: created, running, exiting; done and fault in the last hour. Created pilots are in three
/// states, so that cell leads to all live ones; those of the last hour lead to the page that tells more of them.
pub fn monitor(counts: &PilotCounts, last_hour: &PilotFlow, listing: &Link, page: &str) -> Vec<Cell> {
    let one = |state: PilotState| Cell {
        number: counts.get(&state).copied().unwrap_or_default(),
        href: listing.clone().with("state", state).url(),
    };
    let ended = |number: u64| Cell { number, href: format!("{page}#h-history") };
    let created = Cell { number: sum(counts, PilotState::is_pending), href: listing.clone().with("live", true).url() };
    vec![created, one(PilotState::Running), one(PilotState::Exiting), ended(last_hour.done), ended(last_hour.fault)]
}
