//! Times and spans as pages write them: absolute in UTC, with the age beside.

use askama::filters::HtmlSafe;
use model::Time;
use std::borrow::Borrow;
use std::fmt;
use std::time::Duration;

/// A point in time as `<time>` with its age beside; the page's script keeps the age fresh and adds the local time.
#[derive(Clone, Copy)]
pub struct When {
    at: Time,
    now: Time,
    full: bool,
}

/// Absolute time and age; the date is left out when it is today's.
pub fn when(at: &Time, now: &Time) -> When {
    When { at: *at, now: *now, full: false }
}

/// The same, always with the date.
pub fn when_full(at: &Time, now: &Time) -> When {
    When { at: *at, now: *now, full: true }
}

impl HtmlSafe for When {}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let absolute = if self.full { dated(self.at) } else { short(self.at, self.now) };
        let (at, title, age) = (self.at, dated(self.at), age(self.now.since(self.at)));
        write!(f, r#"<time datetime="{at}" title="{title} UTC">{absolute}</time> "#)?;
        write!(f, r#"<span class="age" data-age="{}">{age}</span>"#, self.at.0)
    }
}

/// Only the absolute time, with its date.
#[derive(Clone, Copy)]
pub struct Dated(Time);

/// The absolute time without an age, for what is to come.
pub fn full(at: impl Borrow<Time>) -> Dated {
    Dated(*at.borrow())
}

impl HtmlSafe for Dated {}

impl fmt::Display for Dated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, absolute) = (self.0, dated(self.0));
        write!(f, r#"<time datetime="{at}" title="{absolute} UTC">{absolute}</time>"#)
    }
}

/// Only the age, the absolute time on hover.
#[derive(Clone, Copy)]
pub struct Ago(Time, Time);

/// Only the age, for places where no more fits.
pub fn ago(at: &Time, now: &Time) -> Ago {
    Ago(*at, *now)
}

impl HtmlSafe for Ago {}

impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, title, age) = (self.0, dated(self.0), age(self.1.since(self.0)));
        write!(f, r#"<time datetime="{at}" title="{title} UTC" class="age" data-age="{}">{age}</time>"#, self.0.0)
    }
}

/// A span that still grows; the page's script counts on.
#[derive(Clone, Copy)]
pub struct Growing(Time, Time);

/// The span from `since` to now, counting on.
pub fn growing(since: &Time, now: &Time) -> Growing {
    Growing(*since, *now)
}

impl HtmlSafe for Growing {}

impl fmt::Display for Growing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.1.since(self.0);
        // What counts on by the second has no use for their hundredths.
        let words = if since.as_secs() < 10 { format!("{} s", since.as_secs()) } else { span(since) };
        write!(f, r#"<span class="nowrap" data-running="{}">{words}</span>"#, self.0.0)
    }
}

/// An age in one unit, such as `3 min ago`.
pub fn age(age: Duration) -> String {
    let s = age.as_secs();
    match s {
        0 => "now".to_owned(),
        1..60 => format!("{s} s ago"),
        60..3600 => format!("{} min ago", s / 60),
        3600..172_800 => format!("{} h ago", s / 3600),
        _ => format!("{} d ago", s / 86_400),
    }
}

/// A span in two units, such as `1 min 05 s`; short ones with a fraction.
pub fn span(span: Duration) -> String {
    let s = span.as_secs();
    match s {
        0..10 => format!("{:.2} s", span.as_secs_f64()),
        10..60 => format!("{s} s"),
        60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        3600..86_400 => format!("{} h {:02} min", s / 3600, s / 60 % 60),
        _ => format!("{} d {} h", s / 86_400, s / 3600 % 24),
    }
}

/// The span between two times.
pub fn between(from: &Time, to: &Time) -> String {
    span(to.since(*from))
}

/// `2026-11-22 02:04:09`.
fn dated(at: Time) -> String {
    format(at, "%Y-%m-%d %H:%M:%S")
}

/// `02:04`, with the date when it is not today's.
pub fn to_the_minute(at: Time, now: Time) -> String {
    format(at, if is_same_day(at, now) { "%H:%M" } else { "%Y-%m-%d %H:%M" })
}

fn is_same_day(at: Time, now: Time) -> bool {
    let day = |time: Time| time.0.div_euclid(86_400_000);
    day(at) == day(now)
}

fn short(at: Time, now: Time) -> String {
    if is_same_day(at, now) { format(at, "%H:%M:%S") } else { format(at, "%Y-%m-%d %H:%M") }
}

fn format(at: Time, pattern: &str) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(timestamp) => timestamp.strftime(pattern).to_string(),
        Err(_) => at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_795_312_800_000);

    #[test]
    fn the_date_is_left_out_today_only() {
        let today = when(&(NOW - Duration::from_secs(65)), &NOW).to_string();
        assert!(today.contains(">01:58:55</time>") && today.contains("1 min ago"), "{today}");
        let before = when(&(NOW - Duration::from_secs(200_000)), &NOW).to_string();
        assert!(before.contains(">2026-11-19 18:26</time>") && before.contains("2 d ago"), "{before}");
    }

    #[test]
    fn spans_have_two_units() {
        let spans = [40, 12_000, 65_000, 7_260_000, 90_000_000].map(|ms| span(Duration::from_millis(ms)));
        assert_eq!(spans, ["0.04 s", "12 s", "1 min 05 s", "2 h 01 min", "1 d 1 h"]);
    }
}
