//! Alarms: looks by the rules at what is counted, keeps what they find, and tells who should know.

mod address;
mod alertmanager;
mod mail;
mod send;
mod situation;
mod webhook;

use super::{failed, has, turn};
use crate::{ApiError, AppState, now};
use model::alarm::{self, Alarm, Notice, Silence};
use situation::Gatherer;
use std::time::Duration;

const DUTY: &str = "alarms";
const MESSAGES: &str = "alarm-messages";
/// How often it is looked for messages that are to be sent.
const SEND_EVERY: Duration = Duration::from_secs(5);

/// Evaluates until the server stops.
pub async fn evaluate(state: AppState) {
    let every = state.config.alarms.rules.every;
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
    Ok(state.store.turn_alarms(evaluate, address, now).await?)
}

/// Sends messages until the server stops.
pub async fn send(state: AppState) {
    let every = SEND_EVERY.min(state.config.alarms.rules.every);
    while turn(&state, every).await {
        if !state.config.alarms.receivers.is_empty()
            && has(&state, MESSAGES, SEND_EVERY * 12).await
            && let Err(error) = send::due(&state).await
        {
            failed(&state, MESSAGES, &error);
        }
    }
}
