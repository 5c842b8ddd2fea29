//! Which time is asked for, and by which spans it is told.

use super::refused;
use crate::ApiError;
use crate::api::hours;
use model::{Span, Time};
use std::time::Duration;
use wire::api::HistoryQuery;

/// Hours when nobody says, and at most: as long as counts are kept.
const HOURS: u32 = 48;
const HOURS_MAX: u32 = 9_600;
/// The longest time that is told by the minute for sites and regions.
const MINUTES_OF_MANY: Duration = Duration::from_secs(6 * 3600);

/// Some time of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its beginning.
    pub since: Time,
    /// Its end.
    pub until: Time,
    /// The spans by which it is told.
    pub span: Span,
}

impl Window {
    /// The time that is asked for; what lies ahead of `now` or before everything that is kept is left out.
    pub fn of(query: &HistoryQuery, now: Time) -> Result<Window, ApiError> {
        let until = query.until.map_or(now, |until| until.min(now));
        let since = match (query.from, query.hours) {
            (Some(_), Some(_)) => return Err(refused("from", "give either 'from' or 'hours', not both")),
            (Some(from), None) if from < until => from,
            (Some(_), None) => return Err(refused("from", "'from' must be before 'until', and before now")),
            (None, length) => until - hours(length.unwrap_or(HOURS), HOURS_MAX)?,
        };
        let back = Duration::from_secs(query.back_s.unwrap_or_default().into());
        let (since, until) = ((since - back).max(now - Span::SixHours.kept()), until - back);
        if since >= until {
            let days = Span::SixHours.kept().as_secs() / 86_400;
            return Err(refused(
                "until",
                format!("that time is over for more than {days} days, and counts are kept no longer"),
            ));
        }
        Ok(Window { since, until, span: span(query, since, until, now) })
    }

    /// Where spans of every length end at once after this time: what happened later is asked for by the longest spans
    /// only. None while that is still to come.
    pub fn end(&self, now: Time) -> Option<Time> {
        let end = Time((Span::SixHours.start(self.until) + Span::SixHours.seconds()) * 1000);
        (end <= now).then_some(end)
    }
}

/// The shortest spans that are still kept and can be drawn. Sites and regions are sums over many labels: a day of minutes
/// of each would be dear and shows no more.
fn span(query: &HistoryQuery, since: Time, until: Time, now: Time) -> Span {
    let range = until.since(since);
    let is_of_many = query.site.is_some() || query.region.is_some();
    let least = if is_of_many && range > MINUTES_OF_MANY { Span::TenMinutes } else { Span::Minute };
    Span::for_view(now.since(since), range).max(least).max(query.span.unwrap_or(Span::Minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 02:00 UTC.
    const NOW: Time = Time(1_795_312_800_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn window(query: HistoryQuery) -> (Duration, Duration, Span) {
        let Window { since, until, span } = Window::of(&query, NOW).unwrap();
        (NOW.since(since), NOW.since(until), span)
    }

    fn asked(from: u32, until: u32) -> HistoryQuery {
        HistoryQuery { from: Some(NOW - HOUR * from), until: Some(NOW - HOUR * until), ..HistoryQuery::default() }
    }

    #[test]
    fn a_shorter_time_is_told_by_shorter_spans_while_they_are_kept() {
        let zero = Duration::ZERO;
        assert_eq!(window(HistoryQuery::default()), (HOUR * 48, zero, Span::Minute));
        assert_eq!(window(HistoryQuery { hours: Some(720), ..HistoryQuery::default() }).2, Span::TenMinutes);
        assert_eq!(window(asked(50, 49)), (HOUR * 50, HOUR * 49, Span::Minute));
        assert_eq!(window(asked(61, 60)).2, Span::TenMinutes);
        assert_eq!(window(asked(8000, 7999)).2, Span::SixHours);
        let site = |query| HistoryQuery { site: Some("s".into()), ..query };
        assert_eq!([window(site(asked(48, 0))).2, window(site(asked(48, 42))).2], [Span::TenMinutes, Span::Minute]);
        assert_eq!(window(HistoryQuery { span: Some(Span::TenMinutes), ..asked(2, 1) }).2, Span::TenMinutes);
    }

    #[test]
    fn both_ends_go_back_together() {
        let week = HistoryQuery { back_s: Some(7 * 86_400), ..HistoryQuery::default() };
        assert_eq!(window(week), (HOUR * 216, HOUR * 168, Span::TenMinutes));
        let ahead = HistoryQuery { until: Some(NOW + HOUR), back_s: Some(3600), ..asked(1, 0) };
        assert_eq!(window(ahead), (HOUR * 2, HOUR, Span::Minute), "the future ends now, then both go back");
        let year = HistoryQuery { hours: Some(8760), back_s: Some(8760 * 3600), ..HistoryQuery::default() };
        assert_eq!(window(year).0, Span::SixHours.kept(), "no more than is kept");
    }

    #[test]
    fn what_is_no_time_is_refused_by_name() {
        let of = |query: HistoryQuery| Window::of(&query, NOW).unwrap_err();
        assert_eq!(of(asked(1, 2)).field.as_deref(), Some("from"));
        assert_eq!(of(HistoryQuery { hours: Some(1), ..asked(2, 1) }).field.as_deref(), Some("from"));
        assert_eq!(of(HistoryQuery { hours: Some(0), ..HistoryQuery::default() }).field.as_deref(), Some("hours"));
        let gone = of(asked(9700, 9650));
        assert!(gone.detail.contains("400 days"), "{}", gone.detail);
    }

    #[test]
    fn what_came_later_is_asked_for_where_all_spans_end() {
        let end = |until: u32| Window::of(&asked(100, until), NOW).unwrap().end(NOW);
        assert_eq!(end(0), None, "02:00 is in the six hours of now");
        assert_eq!(end(3), Some(NOW - HOUR * 2), "23:00 ends at midnight");
        assert_eq!(end(20), Some(NOW - HOUR * 14), "06:00 begins six hours");
    }
}
