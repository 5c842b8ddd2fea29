//! When pilots ended in fault, by class of error.

use super::number::{counted, grouped};
use super::times::{Axis, Kind, Times};
use model::{ErrorClass, Time};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use wire::api::ErrorHistory;

/// Classes with a colour of their own; the others are one.
const COLOURED: usize = 5;

type Counts = BTreeMap<Option<ErrorClass>, u64>;

/// The chart of a history up to now, the most frequent class at the floor; none without a fault.
pub fn chart(history: &ErrorHistory, now: Time) -> Option<Times> {
    let axis = Axis { since: history.since, hours: history.hours, now };
    let (mut totals, mut by_part) = (Counts::new(), BTreeMap::<i64, Counts>::new());
    for one in &history.faults {
        *totals.entry(one.error_class).or_default() += one.pilots;
        *by_part.entry(axis.part(one.at)).or_default().entry(one.error_class).or_default() += one.pilots;
    }
    let (worst, counts) = by_part.iter().max_by_key(|(at, counts)| (sum(counts), Reverse(**at)))?;
    let words = format!("Most broke in the {} from {}, {}.", axis.length(), axis.began(*worst), listed(counts));
    let mut classes: Vec<Option<ErrorClass>> = totals.keys().copied().collect();
    classes.sort_by_key(|class| Reverse(totals[class]));
    let (own, others) = classes.split_at(classes.len().min(COLOURED));
    let groups: Vec<&[Option<ErrorClass>]> = own.chunks(1).chain((!others.is_empty()).then_some(others)).collect();
    let kinds = groups.iter().enumerate().map(|(nth, group)| {
        let name = if let [one] = group { named(one) } else { "others" };
        let pilots: u64 = group.iter().map(|class| totals[class]).sum();
        Kind { tone: format!("k{nth}"), words: format!("{name} {}", grouped(pilots)) }
    });
    let of_groups = |counts: &Counts| {
        groups.iter().map(|group| group.iter().filter_map(|class| counts.get(class)).sum()).collect::<Vec<u64>>()
    };
    let drawn = by_part.iter().map(|(at, counts)| (*at, of_groups(counts))).collect();
    let told = |from: &str, at: i64| format!("from {from}, {}", listed(&by_part[&at]));
    Some(Times::drawn(&axis, "Pilots in fault by class", kinds.collect(), &drawn, told, words))
}

fn sum(counts: &Counts) -> u64 {
    counts.values().sum()
}

fn named(class: &Option<ErrorClass>) -> &'static str {
    class.map_or("no class", ErrorClass::as_str)
}

/// `12 pilots: 9 node, 3 lost`.
fn listed(counts: &Counts) -> String {
    let mut classes: Vec<_> = counts.iter().collect();
    classes.sort_by_key(|(_, pilots)| Reverse(**pilots));
    let classes = classes.into_iter().map(|(class, pilots)| format!("{} {}", grouped(*pilots), named(class)));
    format!("{}: {}", counted(sum(counts), "pilot"), classes.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::api::ErrorsAt;

    const HOUR_MS: i64 = 3_600_000;

    fn hour(n: i64) -> Time {
        Time(1_700_000_000_000 / HOUR_MS * HOUR_MS + n * HOUR_MS)
    }

    fn fault(n: i64, error_class: Option<ErrorClass>, pilots: u64) -> ErrorsAt {
        ErrorsAt { at: hour(n), error_class, pilots }
    }

    fn drawn(faults: Vec<ErrorsAt>) -> Option<Times> {
        let history = ErrorHistory { since: hour(0), hours: 1, faults };
        chart(&history, hour(4) + std::time::Duration::from_secs(60))
    }

    #[test]
    fn classes_stand_on_top_of_each_other_and_the_worst_part_is_told() {
        let (node, lost) = (Some(ErrorClass::Node), Some(ErrorClass::Lost));
        let times = drawn(vec![fault(0, lost, 1), fault(3, node, 9), fault(3, lost, 3)]).unwrap();
        assert_eq!(times.parts, 5);
        assert_eq!(times.words, "Most broke in the hour from 01:00, 12 pilots: 9 node, 3 lost.");
        let layers: Vec<_> = times.layers.iter().map(|one| (one.kind.words.as_str(), one.path.as_str())).collect();
        let lost = "M0.05 60.0v-5.0h.9v5.0zM3.05 15.0v-15.0h.9v15.0z";
        assert_eq!(layers, [("node 9", "M3.05 60.0v-45.0h.9v45.0z"), ("lost 4", lost)]);
        assert_eq!(times.told[0].words, "from 2023-11-14 22:00, 1 pilot: 1 lost");
        assert!(drawn(Vec::new()).is_none());
    }

    #[test]
    fn many_classes_share_the_last_colour() {
        let faults = ErrorClass::ALL.iter().zip(1..).map(|(class, n)| fault(1, Some(*class), n));
        let times = drawn(faults.collect()).unwrap();
        assert_eq!(times.layers.len(), COLOURED + 1);
        let others = &times.layers[COLOURED].kind;
        assert!(others.tone == "k5" && others.words.starts_with("others "), "{}", others.words);
    }
}
