//! Sends what is in the outbox, and tries again what could not be sent.

use super::{MESSAGES, SEND_HOLD, alertmanager, mail, webhook};
use crate::config::{Destination, Receiver};
use crate::duties::has;
use crate::events::AlarmsTold;
use crate::{ApiError, AppState, now};
use std::path::Path;
use std::time::Duration;
use store::Message;

/// How long a message is worth sending.
const WORTH: Duration = Duration::from_secs(24 * 3600);
/// The longest time for one message.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends all messages that are due, as long as that is this server's duty. One that fails does not keep the others.
pub(super) async fn due(state: &AppState) -> Result<(), ApiError> {
    for message in state.store.due_messages(now()).await? {
        if !has(state, MESSAGES, SEND_HOLD).await {
            break;
        }
        let receiver = state.config.alarms.receivers.iter().find(|receiver| receiver.name == message.receiver);
        let sent = match receiver {
            Some(receiver) => tell(state, receiver, &message).await,
            None => Err(Failure::ForEver("no receiver has this name any more".to_owned())),
        };
        let kind = receiver.map_or("none", |receiver| receiver.to.kind());
        let to = message.receiver.clone();
        AlarmsTold {
            receiver: &to,
            kind,
            notices: message.notices.len(),
            failure: sent.as_ref().err().map(Failure::words),
        }
        .emit(&state.metrics);
        match sent {
            Ok(()) => state.store.message_done(message, format!("{to} by {kind}"), now()).await?,
            Err(Failure::ForEver(why)) => give_up(state, message, &why).await?,
            Err(Failure::ForNow(why)) if now().since(message.made) >= WORTH => give_up(state, message, &why).await?,
            Err(Failure::ForNow(_)) => {
                let tries = u32::try_from(message.tries).unwrap_or(u32::MAX).saturating_add(2);
                let wait = model::backoff::before_attempt(tries, state.config.alarms.send_again);
                state.store.put_off_message(message.id, now() + wait).await?;
            }
        }
    }
    Ok(())
}

/// Why a message was not sent.
pub(super) enum Failure {
    /// It is worth trying again.
    ForNow(String),
    /// It will never be.
    ForEver(String),
}

impl Failure {
    fn words(&self) -> &str {
        match self {
            Failure::ForNow(words) | Failure::ForEver(words) => words,
        }
    }
}

async fn give_up(state: &AppState, message: Message, why: &str) -> Result<(), ApiError> {
    let outcome = format!("{} could not be told: {why}", message.receiver);
    Ok(state.store.message_done(message, outcome, now()).await?)
}

async fn tell(state: &AppState, receiver: &Receiver, message: &Message) -> Result<(), Failure> {
    match &receiver.to {
        Destination::Mail(to) => mail::send(state, to, message).await,
        Destination::Webhook { url, secret_file } => {
            let body = webhook::body(&state.url, message);
            post(url, secret_file.as_deref(), message, &body).await
        }
        Destination::Alertmanager { url, secret_file } => {
            let url = format!("{}/api/v2/alerts", url.trim_end_matches('/'));
            let body = alertmanager::alerts(&state.url, &message.notices, state.config.alarms.rules.repeat, now());
            post(&url, secret_file.as_deref(), message, &body).await
        }
    }
}

async fn post(
    url: &str,
    secret_file: Option<&Path>,
    message: &Message,
    body: &impl serde::Serialize,
) -> Result<(), Failure> {
    let secret = secret_file.map(secret).transpose().map_err(Failure::ForNow)?;
    let key = format!("pilotage-alarms-{}", message.id);
    wire::webhook::post(url, secret.as_deref(), &key, body, TIMEOUT).await.map_err(Failure::ForNow)
}

/// What is in a file, read each time so that a new secret counts at once.
pub(super) fn secret(file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(text.trim().to_owned())
}
