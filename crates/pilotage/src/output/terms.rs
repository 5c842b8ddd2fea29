//! Numbers, times and sizes in words.

use model::Time;
use std::time::Duration;

/// `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 job`, `2 jobs`.
pub fn plural(number: u64, one: &str) -> String {
    format!("{} {one}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `0.3 s`, `42 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3600..86400 => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86400, seconds % 86400 / 3600),
    }
}

/// How long ago, roughly: `now`, `42 s ago`, `3 min ago`.
pub fn ago(now: Time, then: Time) -> String {
    let seconds = now.since(then).as_secs();
    match seconds {
        0..2 => "now".to_owned(),
        2..120 => format!("{seconds} s ago"),
        120..7200 => format!("{} min ago", seconds / 60),
        7200..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86400),
    }
}

/// `512 MiB`, `2 GiB`, `1.5 GiB`.
pub fn mib(mebibytes: u64) -> String {
    match mebibytes {
        0..1024 => format!("{mebibytes} MiB"),
        _ if mebibytes.is_multiple_of(1024) => format!("{} GiB", mebibytes / 1024),
        _ => format!("{:.1} GiB", mebibytes as f64 / 1024.0),
    }
}

/// Absolute time in UTC, to the second.
pub fn utc_time(time: Time) -> String {
    let text = time.to_string();
    let cut = text.split('.').next().unwrap_or(&text).trim_end_matches('Z');
    cut.replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(plural(1, "job"), "1 job");
        let times = [0, 59, 200, 7500, 280_000].map(|s| duration(Duration::from_secs(s)));
        assert_eq!(times, ["0.0 s", "59 s", "3 min 20 s", "2 h 05 min", "3 d 5 h"]);
        assert_eq!(ago(Time(130_000), Time(0)), "2 min ago");
        assert_eq!(utc_time(Time(1_000)), "1970-01-01 00:00:01");
        assert_eq!([500, 2048, 1536].map(mib), ["500 MiB", "2 GiB", "1.5 GiB"]);
    }
}
