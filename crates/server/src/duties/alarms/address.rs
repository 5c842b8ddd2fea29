//! Who is told what.

use crate::config::Receiver;
use model::alarm::{Notice, Occasion};
use store::NewMessage;

/// The messages to all receivers: one to each that should know of any of the notices.
pub(super) fn address(notices: &[Notice], receivers: &[Receiver]) -> Vec<NewMessage> {
    let message = |receiver: &Receiver| {
        let notices: Vec<Notice> = notices.iter().filter(|notice| concerns(receiver, notice)).cloned().collect();
        (!notices.is_empty()).then(|| NewMessage { receiver: receiver.name.clone(), notices })
    };
    receivers.iter().filter_map(message).collect()
}

/// Of the end is told who was told of the worst.
fn concerns(receiver: &Receiver, Notice { occasion, alarm }: &Notice) -> bool {
    let severity = if *occasion == Occasion::Cleared { alarm.worst } else { alarm.severity };
    severity >= receiver.least && receiver.of.matches(alarm.rule, &alarm.subject)
}
