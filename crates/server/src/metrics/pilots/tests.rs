use super::*;
use model::{ErrorClass, Hold, OrderId, OrderScope, PilotId, PilotState, Time};
use std::time::Duration;

fn count(label: &str, state: PilotState, pilots: u64) -> LabelCount {
    LabelCount { factory: "f".into(), label: label.into(), queue: "q".into(), state, pilots, slots: 0, held: 0 }
}

fn factory() -> FactorySummary {
    let said = serde_json::json!({
        "name": "f", "last_heard": Time(1_500), "version": "0.1.0", "host": "h", "pid": 1, "started": Time(0), "cycle_s": 30,
        "labels": [{"name": "a", "queue": "q", "batch": "b", "system": "local", "chain": [], "trouble": "broken"}],
        "credentials": [{"name": "proxy", "kind": "voms", "began": null, "ends": Time(9_000), "attributes_end": Time(7_000),
                         "alarm_percent": null, "is_usable": true}],
    });
    serde_json::from_value(said).unwrap()
}

fn order() -> Order {
    Order {
        id: OrderId(1),
        factory: "f".into(),
        scope: OrderScope::All,
        hold: Hold::Cap(5),
        by: "ann".into(),
        at: Time(0),
        reason: "x".into(),
        until: None,
        ended: None,
    }
}

fn facts() -> Facts {
    let ended = EndedPilots {
        factory: "f".into(),
        label: "a".into(),
        queue: "q".into(),
        state: PilotState::Fault,
        error_class: Some(ErrorClass::Node),
        pilots: 3,
        last: PilotId(9),
        message: "no \"room\"".into(),
    };
    let mut durations = PilotDurations::default();
    durations.waited.add(Durations::bucket(Duration::from_secs(60)), 5);
    durations.waited.add(Durations::bucket(Duration::from_secs(5_000_000)), 1);
    let kept = [("a", PilotState::Running, 2), ("b", PilotState::Running, 1), ("a", PilotState::Done, 4)];
    Facts {
        kept: kept.map(|(label, state, pilots)| count(label, state, pilots)).into(),
        forgotten: vec![count("a", PilotState::Done, 100), count("a", PilotState::Fault, 7)],
        ended: vec![ended],
        durations,
        factories: vec![factory()],
        orders: vec![order()],
        alarms: [((Rule::Held, Severity::Warning), 2)].into(),
        sites: [("q".to_owned(), "GLASGOW".to_owned())].into(),
        labels_max: 2,
    }
}

fn lines(facts: &Facts) -> String {
    let text = encoded(facts).unwrap();
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines.sort_unstable();
    lines.join("\n").replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn everything_is_told_by_label() {
    insta::assert_snapshot!(lines(&facts()));
}

/// The same sums, without the dimension that has too many values.
#[test]
fn too_many_labels_are_told_together() {
    insta::assert_snapshot!(lines(&Facts { labels_max: 1, ..facts() }));
}
