//! Of which time and place a page tells how pilots ended: as links to the same page with other ones.

use super::jobs::text;
use super::link::Link;
use super::plots::Choice;
use wire::api::EndsQuery;

/// Hours when nobody says.
const HOURS: u32 = 24;
/// Hours to choose from, with their names.
const RANGES: [(u32, &str); 4] = [(2, "2 hours"), (24, "24 hours"), (168, "7 days"), (720, "30 days")];

/// The page `base` for what the query asks.
pub fn address(base: &Link, query: &EndsQuery) -> String {
    let mut link = base.clone().with("hours", text(&query.hours.filter(|hours| *hours != HOURS)));
    for (kind, name) in places(query) {
        link = link.with(kind, text(name));
    }
    link.url()
}

/// The same for other times.
pub fn ranges(base: &Link, query: &EndsQuery) -> Vec<Choice> {
    let now = query.hours.unwrap_or(HOURS);
    let choice = |(hours, name): &(u32, &'static str)| Choice {
        name,
        href: address(base, &EndsQuery { hours: Some(*hours), ..query.clone() }),
        current: *hours == now,
    };
    RANGES.iter().map(choice).collect()
}

/// The time that is asked for, in words.
pub fn range(query: &EndsQuery) -> &'static str {
    let hours = query.hours.unwrap_or(HOURS);
    RANGES.iter().find(|(one, _)| *one == hours).map_or("hours asked for", |(_, name)| name)
}

/// What the page is narrowed to: in words, and the page without it.
pub fn narrowed(base: &Link, query: &EndsQuery) -> Vec<(String, String)> {
    let without = |kind: &str| {
        let mut query = query.clone();
        match kind {
            "factory" => query.factory = None,
            "label" => query.label = None,
            "queue" => query.queue = None,
            "site" => query.site = None,
            _ => query.region = None,
        }
        address(base, &query)
    };
    let given = |(kind, name): (&str, &Option<String>)| Some((format!("{kind} {}", name.as_ref()?), without(kind)));
    places(query).into_iter().filter_map(given).collect()
}

fn places(query: &EndsQuery) -> [(&'static str, &Option<String>); 5] {
    [
        ("factory", &query.factory),
        ("label", &query.label),
        ("queue", &query.queue),
        ("site", &query.site),
        ("region", &query.region),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_what_they_do_not_change() {
        let query =
            EndsQuery { hours: Some(168), site: Some("A&B".into()), label: Some("l".into()), ..EndsQuery::default() };
        let base = Link::to("/efficiency").with("by", "queue");
        assert_eq!(address(&base, &query), "/efficiency?by=queue&hours=168&label=l&site=A%26B");
        assert_eq!(range(&query), "7 days");
        let day = &ranges(&base, &query)[1];
        assert_eq!((day.href.as_str(), day.current), ("/efficiency?by=queue&label=l&site=A%26B", false));
        let parts = narrowed(&base, &query);
        assert_eq!(parts[0], ("label l".into(), "/efficiency?by=queue&hours=168&site=A%26B".into()));
        assert_eq!(parts[1], ("site A&B".into(), "/efficiency?by=queue&hours=168&label=l".into()));
    }
}
