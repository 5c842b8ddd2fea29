//! What a factory's pilots did in the last day, as a line of bars.

use super::label_pilots::equal;
use super::number::grouped;
use super::times::Bars;
use model::{PilotFlow, Time};
use store::FactoryFlow;

/// Hours that are drawn.
pub const HOURS: i64 = 24;
/// Height of the tallest bar.
const HEIGHT: f64 = 20.0;
const HOUR_S: i64 = 3600;

/// Ends of pilots by the hour, drawn as one path of those that were done and one of those in fault on top of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Path of those that were done.
    pub done: String,
    /// Path of those in fault.
    pub fault: String,
    /// The sums, in words.
    pub words: String,
}

impl Activity {
    /// That of one factory; `flows` are in order of factories.
    pub fn of(factory: &str, flows: &[FactoryFlow], now: Time) -> Activity {
        Activity::drawn(equal(flows, |one| one.factory.as_str().cmp(factory)), now)
    }

    fn drawn(flows: &[FactoryFlow], now: Time) -> Activity {
        let first = now.as_secs().div_euclid(HOUR_S) - HOURS + 1;
        let hours = flows.iter().map(|one| (one.start.div_euclid(HOUR_S) - first, one.flow));
        let hours: Vec<_> = hours.filter(|(hour, _)| (0..HOURS).contains(hour)).collect();
        let most = hours.iter().map(|(_, flow)| flow.ended()).max().unwrap_or_default();
        let sum = |of: fn(&PilotFlow) -> u64| grouped(hours.iter().map(|(_, flow)| of(flow)).sum::<u64>());
        let [started, done, fault] = [sum(|flow| flow.started), sum(|flow| flow.done), sum(|flow| flow.fault)];
        let mut bars = Bars::new(HEIGHT, most);
        Activity {
            done: bars.path(hours.iter().map(|(hour, flow)| (*hour, flow.done))),
            fault: bars.path(hours.iter().map(|(hour, flow)| (*hour, flow.fault))),
            words: format!("In the last 24 hours {started} started, {done} done, {fault} in fault."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::PilotFlow;

    #[test]
    fn bars_stand_in_their_hours_and_faults_on_top() {
        let now = Time(1_800_000_000_000);
        let flow = |factory: &str, ago: i64, done, fault| FactoryFlow {
            factory: factory.into(),
            start: now.as_secs() - ago * HOUR_S,
            flow: PilotFlow { started: done + fault, done, fault, ..PilotFlow::default() },
        };
        let flows = [flow("a", 0, 9, 9), flow("b", 30, 50, 0), flow("b", 23, 3, 1), flow("b", 0, 0, 2)];
        let drawn = Activity::of("b", &flows, now);
        assert_eq!(drawn.done, "M0.05 20.0v-15.0h.9v15.0z");
        assert_eq!(drawn.fault, "M0.05 5.0v-5.0h.9v5.0zM23.05 20.0v-10.0h.9v10.0z");
        assert_eq!(drawn.words, "In the last 24 hours 6 started, 3 done, 3 in fault.");
        let none = Activity::of("c", &flows, now);
        assert_eq!(
            (none.done.as_str(), none.words.as_str()),
            ("", "In the last 24 hours 0 started, 0 done, 0 in fault.")
        );
    }
}
