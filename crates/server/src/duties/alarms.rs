//! Alarms: looks by the rules at what is counted, keeps what they find, and tells who should know.

mod address;
mod alertmanager;
mod mail;
mod send;
mod situation;
mod webhook;

use super::{failed, has, turn};
use crate::events::OrderChanged;
use crate::{ApiError, AppState, now};
use model::alarm::exclusion::{self, World};
use model::alarm::{self, Alarm, Notice, Silence};
use model::{FactorySummary, Time};
use situation::Gatherer;
use std::time::Duration;

const DUTY: &str = "alarms";
const MESSAGES: &str = "alarm-messages";
/// How often it is looked for messages that are to be sent.
const SEND_EVERY: Duration = Duration::from_secs(5);
/// How long sending is one server's; it is asked for before each message, which takes at most half of it.
const SEND_HOLD: Duration = Duration::from_secs(60);

/// Evaluates until the server stops.
pub async fn evaluate(state: AppState) {
    let every = state.config.alarms.rules.every;
    // What was held back is held on before factories ask, though its time was over while no server ran.
    if let Err(error) = exclude(&state, &[], now()).await {
        failed(&state, DUTY, &error);
    }
    let mut gatherer = Gatherer::default();
    while turn(&state, every).await {
        if has(&state, DUTY, every * 3).await
            && let Err(error) = evaluate_once(&state, &mut gatherer).await
        {
            failed(&state, DUTY, &error);
        }
    }
}

async fn evaluate_once(state: &AppState, gatherer: &mut Gatherer) -> Result<(), ApiError> {
    let now = now();
    let settings = state.config.alarms.rules.clone();
    let situation = gatherer.situation(state, now).await?;
    let findings = alarm::findings(&situation, &settings);
    let evaluate =
        move |before: Vec<Alarm>, silences: &[Silence]| alarm::turn(before, &findings, &settings, silences, now);
    let receivers = state.config.alarms.receivers.clone();
    let address = move |notices: &[Notice]| address::address(notices, &receivers);
    state.store.turn_alarms(evaluate, address, now).await?;
    exclude(state, &situation.factories, now).await
}

/// Holds labels back because of alarms, and lets them go again.
async fn exclude(state: &AppState, factories: &[FactorySummary], now: Time) -> Result<(), ApiError> {
    let settings = state.config.alarms.rules.clone();
    if !settings.may_exclude() && state.store.exclusions().await?.is_empty() {
        return Ok(());
    }
    // Factories of other software take no orders, silent ones do not hear them.
    let follows = |factory: &&FactorySummary| factory.reported.is_none() && !factory.is_silent(now);
    let followers = factories.iter().filter(follows).map(|factory| factory.name.clone()).collect();
    let decide = move |world: &World<'_>| exclusion::exclude(world, &followers, &settings, now);
    for order in state.store.turn_exclusions(decide, now).await? {
        OrderChanged { order: &order }.emit(&state.metrics);
    }
    Ok(())
}

/// Sends messages until the server stops.
pub async fn send(state: AppState) {
    let every = SEND_EVERY.min(state.config.alarms.rules.every);
    while turn(&state, every).await {
        if !state.config.alarms.receivers.is_empty()
            && has(&state, MESSAGES, SEND_HOLD).await
            && let Err(error) = send::due(&state).await
        {
            failed(&state, MESSAGES, &error);
        }
    }
}
