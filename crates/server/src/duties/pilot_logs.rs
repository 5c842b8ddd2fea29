//! Keeps logs of pilots as long as they are wanted: compresses and deletes by age, and makes room where there is too
//! little. One server does it at a time, some files in each round, the oldest days first.

mod round;

use super::{failed, has, turn};
use crate::events::RoomMade;
use crate::pilot_log::keeping::{Ages, Day};
use crate::pilot_log::status::{self, Pressure, Status};
use crate::pilot_log::{ROOT, disk, keeping};
use crate::{ApiError, AppState, now};
use model::Time;
use object_store::ObjectStore;
use object_store::path::Path;
use round::{Round, Visit};
use std::collections::BTreeMap;
use store::Removable;

/// Name of the duty.
const DUTY: &str = "pilot-logs";
/// Rounds after which a day is looked at again in which nothing was to be done: a young one, and an old one, to which
/// logs come only from pilots that ran long.
const YOUNG_ROUNDS: u32 = 10;
const OLD_ROUNDS: u32 = 360;
/// Until when a day counts as young, in milliseconds after its begin.
const YOUNG_MS: i64 = 2 * 86_400_000;

/// What is remembered between rounds.
#[derive(Default)]
struct Memory {
    /// What was found on each day, by its folder.
    visits: BTreeMap<Path, Visit>,
    pressure: Option<Pressure>,
    told: Option<Status>,
}

impl Memory {
    /// Of rounds that find nothing to delete, one is told; what was deleted last stays in mind.
    fn add(&mut self, pressure: Pressure, state: &AppState) {
        let was_in_vain = self.pressure.as_ref().is_some_and(|last| last.is_in_vain);
        if pressure.logs > 0 || pressure.is_in_vain && !was_in_vain {
            RoomMade { pressure: &pressure, config: &state.config.logs }.emit(&state.metrics);
        }
        match &mut self.pressure {
            Some(last) if pressure.logs == 0 => last.is_in_vain = pressure.is_in_vain,
            last => *last = Some(pressure),
        }
    }
}

/// Runs until the server stops.
pub async fn run(state: AppState) {
    let mut memory = Memory::default();
    let every = state.config.retention_every;
    while turn(&state, every).await {
        if has(&state, DUTY, every * 3).await
            && let Err(error) = keep(&state, &mut memory).await
        {
            failed(&state, DUTY, &error);
        }
    }
}

async fn keep(state: &AppState, memory: &mut Memory) -> Result<(), ApiError> {
    let now = now();
    if memory.told.is_none() {
        memory.pressure = status::read(&state.store).await?.and_then(|status| status.pressure);
    }
    let ages = Ages::new(&state.config.logs, &state.store.factories().await?);
    let days = days(&*state.objects).await?;
    memory.visits.retain(|folder, _| days.iter().any(|day| day.folder == *folder));
    let mut round = Round::new(state, &ages, now);
    let mut done = Ok(());
    for day in &days {
        if !is_time(state, memory.visits.get(&day.folder), day, now) {
            continue;
        }
        match round.visit(day).await {
            Ok(Some(visit)) => drop(memory.visits.insert(day.folder.clone(), visit)),
            Ok(None) => break,
            // One day that cannot be read does not keep the others.
            Err(error) => done = done.and(Err(error)),
        }
    }
    let deleted = round.tell();
    make_room(state, memory, &days, Round::new(state, &ages, now)).await?;
    tell(state, memory, now).await?;
    state.store.removed([(Removable::PilotLogs, deleted)].into(), now).await?;
    done
}

/// The folders of all factories' days, the oldest first.
async fn days(store: &dyn ObjectStore) -> Result<Vec<Day>, ApiError> {
    let mut days = Vec::new();
    for factory in store.list_with_delimiter(Some(&Path::from(ROOT))).await?.common_prefixes {
        let found = store.list_with_delimiter(Some(&factory)).await?.common_prefixes;
        days.extend(found.into_iter().filter_map(Day::of));
    }
    days.sort();
    Ok(days)
}

fn is_time(state: &AppState, visit: Option<&Visit>, day: &Day, now: Time) -> bool {
    let rounds = if now.0 - day.began.0 < YOUNG_MS { YOUNG_ROUNDS } else { OLD_ROUNDS };
    visit.is_none_or(|visit| now.since(visit.at) >= state.config.retention_every * rounds)
}

/// Deletes the oldest logs while there is too little room.
async fn make_room(state: &AppState, memory: &mut Memory, days: &[Day], mut round: Round<'_>) -> Result<(), ApiError> {
    let now = round.began();
    let config = &state.config.logs;
    let Some(excess) = config.excess(&room(state, memory)?) else { return Ok(()) };
    let mut pressure = Pressure { at: now, ..Pressure::default() };
    let mut freed = 0;
    for day in days.iter().filter(|day| now.since(day.began) >= keeping::YOUNG) {
        let gone = round.make_room(day, excess.saturating_sub(freed)).await?;
        if gone.logs > 0 {
            pressure.day = day.folder.filename().unwrap_or_default().to_owned();
        }
        freed += gone.freed;
        (pressure.logs, pressure.bytes) = (pressure.logs + gone.logs, pressure.bytes + gone.bytes);
        if let Some(visit) = memory.visits.get_mut(&day.folder) {
            visit.bytes = visit.bytes.saturating_sub(gone.bytes);
        }
        if freed >= excess || round.is_over() {
            break;
        }
    }
    pressure.is_in_vain = freed < excess && !round.is_over();
    memory.add(pressure, state);
    Ok(())
}

fn room(state: &AppState, memory: &Memory) -> Result<keeping::Room, ApiError> {
    let (used, total) = disk::room(&state.objects_dir).map_err(|error| {
        ApiError::unavailable("object-store-unavailable", format!("{}: {error}", state.objects_dir.display()))
    })?;
    Ok(keeping::Room { used, total, logs: memory.visits.values().map(|visit| visit.bytes).sum() })
}

/// Tells metrics, and all servers when something changed.
async fn tell(state: &AppState, memory: &mut Memory, now: Time) -> Result<(), ApiError> {
    let room = room(state, memory)?;
    let used_percent = (room.total > 0).then(|| (room.used.saturating_mul(100) / room.total).min(100) as u8);
    if state.config.logs.excess(&room).is_none()
        && let Some(pressure) = &mut memory.pressure
    {
        pressure.is_in_vain = false;
    }
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    state.metrics.pilot_log_bytes.set(number(room.logs));
    state.metrics.objects_disk_used_percent.set(used_percent.unwrap_or_default().into());
    let status = Status { at: Time(0), bytes: room.logs, used_percent, pressure: memory.pressure.clone() };
    if memory.told.as_ref() != Some(&status) {
        let text = serde_json::to_vec(&Status { at: now, ..status.clone() });
        let text = text.map_err(|error| ApiError::internal(error.to_string()))?;
        state.store.set_meta(status::NAME, text).await?;
        memory.told = Some(status);
    }
    Ok(())
}
