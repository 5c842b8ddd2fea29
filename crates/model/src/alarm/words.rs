//! Words for people.

use crate::Time;
use std::time::Duration;

/// A length of time in its two largest units, such as `6 h` or `1 d 3 h`.
pub fn lasting(time: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut rest = time.as_secs();
    let mut parts = Vec::new();
    for (seconds, unit) in UNITS {
        if rest >= seconds {
            parts.push(format!("{} {unit}", rest / seconds));
            rest %= seconds;
        } else if !parts.is_empty() {
            break;
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// A time to the minute, such as `2026-11-22 20:05 UTC`.
pub fn minute(time: Time) -> String {
    let text = time.to_string();
    let whole = text.get(..16).unwrap_or(&text);
    format!("{} UTC", whole.replace('T', " "))
}

/// `1 pilot`, `2 pilots`.
pub(super) fn counted(number: u64, thing: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{s}")
}
