//! What webhooks get.

use model::alarm::{Alarm, Occasion};
use serde::Serialize;
use store::Message;

/// The version of the form; it changes only when a field goes or means something else.
const VERSION: u32 = 1;

/// The body of a call.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    version: u32,
    /// The same when the message comes again.
    id: i64,
    server: &'a str,
    receiver: &'a str,
    notices: Vec<Told<'a>>,
}

#[derive(Debug, Serialize)]
struct Told<'a> {
    occasion: Occasion,
    /// Page of the alarm.
    url: String,
    /// What to do about it.
    action: &'static str,
    alarm: &'a Alarm,
}

pub(super) fn body<'a>(server: &'a str, message: &'a Message) -> Body<'a> {
    let notices = message.notices.iter().map(|notice| Told {
        occasion: notice.occasion,
        url: page(server, &notice.alarm),
        action: notice.alarm.rule.action(),
        alarm: &notice.alarm,
    });
    Body { version: VERSION, id: message.id, server, receiver: &message.receiver, notices: notices.collect() }
}

/// The page of an alarm.
pub(super) fn page(server: &str, alarm: &Alarm) -> String {
    format!("{server}/alarms/{}", alarm.id)
}
