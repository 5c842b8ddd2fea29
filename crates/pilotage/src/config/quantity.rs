//! Amounts as people type them: `2G`, `90s`, `1:30:00`.

use std::net::SocketAddr;
use std::time::Duration;

/// Memory in MiB: a number with `K`, `M`, `G` or `T` (powers of 1024, `B` and `iB` may follow); without a unit MiB.
pub fn parse_memory_mib(text: &str) -> Result<u32, String> {
    let refused = || format!("'{text}' is no amount of memory; write it as 512M or 2G");
    let (number, unit) = split_unit(text);
    let number: f64 = number.parse().map_err(|_| refused())?;
    let mib_per_unit = match unit.trim_end_matches(['b', 'B']).trim_end_matches('i').to_ascii_uppercase().as_str() {
        "K" => 1.0 / 1024.0,
        "" if unit.is_empty() => 1.0,
        "M" => 1.0,
        "G" => 1024.0,
        "T" => 1024.0 * 1024.0,
        _ => return Err(refused()),
    };
    let mib = (number * mib_per_unit).ceil();
    if mib.is_finite() && mib >= 1.0 && mib <= f64::from(u32::MAX) { Ok(mib as u32) } else { Err(refused()) }
}

/// The same where `0` means no limit.
pub fn parse_limit_mib(text: &str) -> Result<u32, String> {
    if text == "0" { Ok(0) } else { parse_memory_mib(text) }
}

/// A time: `90s`, `30m`, `2h`, `7d`, `250ms`, sums such as `1h30m`, `H:MM:SS`, or a number of seconds.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let parsed = if text.contains(':') { parse_clock(text) } else { parse_sum(text) };
    parsed
        .filter(|time| *time <= Duration::from_secs(u64::from(u32::MAX)))
        .ok_or_else(|| format!("'{text}' is no time; write it as 90s, 30m, 2h, 7d or 1:30:00"))
}

/// A number of seconds.
pub fn parse_seconds(text: &str) -> Result<Duration, String> {
    let refused = |_| format!("'{text}' is no number of seconds");
    text.parse()
        .map_err(|_| ())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).map_err(|_| ()))
        .map_err(refused)
}

/// A limit in whole seconds, rounded up: a limit below a second must not become 0, which means none.
pub fn whole_seconds(time: Duration) -> u32 {
    let seconds = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// An address to listen on.
pub fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("'{text}' is no address; write it as 127.0.0.1:25080 or [::1]:0"))
}

fn parse_clock(text: &str) -> Option<Duration> {
    let parts: Vec<u64> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let valid = parts.len() <= 3 && parts.iter().skip(1).all(|part| *part < 60);
    let seconds = parts.iter().try_fold(0u64, |sum, part| sum.checked_mul(60)?.checked_add(*part))?;
    valid.then(|| Duration::from_secs(seconds))
}

fn parse_sum(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if let Ok(seconds) = rest.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let (number, after) = split_unit(rest);
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let seconds_per_unit = match &after[..end] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds_per_unit).ok()?;
        sum = sum.checked_add(part)?;
        rest = &after[end..];
    }
    (!text.trim().is_empty()).then_some(sum)
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_with_and_without_unit() {
        let read = ["512", "512M", "2G", "2GiB", "1.5G", "1K", "1T"].map(|text| parse_memory_mib(text).unwrap());
        assert_eq!(read, [512, 512, 2048, 2048, 1536, 1, 1 << 20]);
        for bad in ["", "G", "2X", "0", "-1", "99999T", "2 G", "b"] {
            assert!(parse_memory_mib(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn limits_are_rounded_up() {
        assert_eq!([0, 1, 500, 1000, 1001].map(|ms| whole_seconds(Duration::from_millis(ms))), [0, 1, 1, 1, 2]);
        assert_eq!(whole_seconds(Duration::MAX), u32::MAX);
    }

    #[test]
    fn times_are_read_in_every_usual_form() {
        let read = ["90", "90s", "1.5h", "1h30m", "1:30:00", "2:05", "1d", "250ms"]
            .map(|text| parse_duration(text).unwrap().as_millis());
        assert_eq!(read, [90_000, 90_000, 5_400_000, 5_400_000, 5_400_000, 125_000, 86_400_000, 250]);
        for bad in [
            "",
            "h",
            "2w",
            "1:75",
            "1:2:3:4",
            "-5",
            "nan",
            "9999999999",
            "1e19",
            "18446744073709549568s18446744073709549568s",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
