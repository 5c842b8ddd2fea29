//! When pilots ended in fault: bars side by side, the classes of errors on top of each other.

use super::moment::{self, When};
use super::number::{counted, grouped};
use model::{ErrorClass, Time};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;
use wire::api::ErrorHistory;

/// Height of the tallest bar.
const HEIGHT: f64 = 60.0;
/// Classes with a colour of their own; the others are one.
const COLOURED: usize = 5;
const HOUR_MS: i64 = 3_600_000;

/// One class of errors, or all that have no colour of their own.
pub struct Layer {
    /// The CSS class of its colour.
    pub tone: String,
    /// Its name, with how many pilots.
    pub words: String,
    /// Its bars, one unit wide each.
    pub path: String,
}

/// One part of the time.
pub struct Part {
    /// Its place, from the left.
    pub at: i64,
    /// What happened in it.
    pub words: String,
}

/// The bars.
pub struct ErrorTimes {
    /// How many parts there are.
    pub parts: i64,
    /// How long each is.
    pub length: String,
    /// The beginning of the first.
    pub since: When,
    /// The most frequent class first.
    pub layers: Vec<Layer>,
    /// Parts with faults, to be pointed at.
    pub told: Vec<Part>,
    /// When most broke.
    pub words: String,
}

impl ErrorTimes {
    /// Those of a history up to now; none without a fault.
    pub fn of(history: &ErrorHistory, now: Time) -> Option<ErrorTimes> {
        let length = i64::from(history.hours.max(1)) * HOUR_MS;
        let part = |at: Time| (at.0 - history.since.0) / length;
        let (mut totals, mut by_part) = (BTreeMap::<_, u64>::new(), BTreeMap::<i64, BTreeMap<_, u64>>::new());
        for one in &history.faults {
            *totals.entry(one.error_class).or_default() += one.pilots;
            *by_part.entry(part(one.at)).or_default().entry(one.error_class).or_default() += one.pilots;
        }
        let sum = |counts: &BTreeMap<Option<ErrorClass>, u64>| counts.values().sum::<u64>();
        let (worst, counts) = by_part.iter().max_by_key(|(at, counts)| (sum(counts), Reverse(**at)))?;
        let mut classes: Vec<Option<ErrorClass>> = totals.keys().copied().collect();
        classes.sort_by_key(|class| Reverse(totals[class]));
        let began = |part: i64| Time(history.since.0 + part * length);
        let words = format!(
            "Most broke in the {} from {}, {}.",
            hours(history.hours),
            moment::to_the_minute(began(*worst), now),
            listed(counts)
        );
        let told = by_part.iter().map(|(at, counts)| Part {
            at: *at,
            words: format!("from {}, {}", moment::to_the_minute(began(*at), now), listed(counts)),
        });
        Some(ErrorTimes {
            parts: part(now) + 1,
            length: hours(history.hours),
            since: moment::when(&history.since, &now),
            layers: layers(&by_part, &classes, &totals, sum(counts)),
            told: told.collect(),
            words,
        })
    }
}

type Counts = BTreeMap<Option<ErrorClass>, u64>;

fn layers(by_part: &BTreeMap<i64, Counts>, classes: &[Option<ErrorClass>], totals: &Counts, most: u64) -> Vec<Layer> {
    let (own, others) = classes.split_at(classes.len().min(COLOURED));
    let groups = own.chunks(1).chain((!others.is_empty()).then_some(others));
    let mut floors: BTreeMap<i64, f64> = BTreeMap::new();
    let layer = |(nth, group): (usize, &[Option<ErrorClass>])| {
        let mut path = String::new();
        for (at, counts) in by_part {
            let pilots: u64 = group.iter().filter_map(|class| counts.get(class)).sum();
            let floor = floors.entry(*at).or_insert(HEIGHT);
            let height = HEIGHT * pilots as f64 / most as f64;
            if pilots > 0 {
                // Writing to a string cannot fail.
                let _written = write!(path, "M{at}.05 {floor:.1}v-{height:.1}h.9v{height:.1}z");
            }
            *floor -= height;
        }
        let name = if let [one] = group { named(one) } else { "others" };
        let pilots: u64 = group.iter().map(|class| totals[class]).sum();
        Layer { tone: format!("k{nth}"), words: format!("{name} {}", grouped(pilots)), path }
    };
    groups.enumerate().map(layer).collect()
}

fn named(class: &Option<ErrorClass>) -> &'static str {
    class.map_or("no class", ErrorClass::as_str)
}

/// `12 pilots: 9 node, 3 lost`.
fn listed(counts: &Counts) -> String {
    let mut classes: Vec<_> = counts.iter().collect();
    classes.sort_by_key(|(_, pilots)| Reverse(**pilots));
    let classes = classes.into_iter().map(|(class, pilots)| format!("{} {}", grouped(pilots), named(class)));
    format!("{}: {}", counted(counts.values().sum::<u64>(), "pilot"), classes.collect::<Vec<_>>().join(", "))
}

fn hours(hours: u32) -> String {
    match hours {
        1 => "hour".to_owned(),
        24 => "24 hours".to_owned(),
        hours => counted(u64::from(hours), "hour"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::api::ErrorsAt;

    #[test]
    fn classes_stand_on_top_of_each_other_and_the_worst_part_is_told() {
        let hour = |n: i64| Time(1_700_000_000_000 / HOUR_MS * HOUR_MS + n * HOUR_MS);
        let fault = |n, error_class, pilots| ErrorsAt { at: hour(n), error_class, pilots };
        let (node, lost) = (Some(ErrorClass::Node), Some(ErrorClass::Lost));
        let faults = vec![fault(0, lost, 1), fault(3, node, 9), fault(3, lost, 3)];
        let history = ErrorHistory { since: hour(0), hours: 1, faults };
        let times = ErrorTimes::of(&history, hour(4) + std::time::Duration::from_secs(60)).unwrap();
        assert_eq!(times.parts, 5);
        assert_eq!(times.words, "Most broke in the hour from 01:00, 12 pilots: 9 node, 3 lost.");
        let layers: Vec<_> = times.layers.iter().map(|one| (one.words.as_str(), one.path.as_str())).collect();
        let lost = "M0.05 60.0v-5.0h.9v5.0zM3.05 15.0v-15.0h.9v15.0z";
        assert_eq!(layers, [("node 9", "M3.05 60.0v-45.0h.9v45.0z"), ("lost 4", lost)]);
        assert_eq!(times.told[0].words, "from 2023-11-14 22:00, 1 pilot: 1 lost");
        assert!(ErrorTimes::of(&ErrorHistory::default(), hour(4)).is_none());
    }
}
