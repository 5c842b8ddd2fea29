use super::*;
use PilotState as S;
use proptest::prelude::*;

fn at(start: i64, from: S, to: S) -> FlowAt {
    FlowAt { start, flow: PilotFlow::of(from, to) }
}

fn seconds(at: i64) -> Time {
    Time(at * 1000)
}

#[test]
fn a_life_is_counted_once() {
    let mut flow = PilotFlow::announced(1);
    for (from, to) in [(S::Announced, S::Submitted), (S::Submitted, S::Pending), (S::Pending, S::Running)] {
        flow += PilotFlow::of(from, to);
    }
    assert_eq!(flow, PilotFlow { submitted: 1, started: 1, running_change: 1, ..PilotFlow::default() });
    flow += PilotFlow::of(S::Running, S::Exiting);
    flow += PilotFlow::of(S::Exiting, S::Done);
    assert_eq!(flow, PilotFlow { submitted: 1, started: 1, done: 1, ..PilotFlow::default() });
}

#[test]
fn a_refused_pilot_was_never_submitted() {
    let mut flow = PilotFlow::announced(1);
    flow += PilotFlow::of(S::Announced, S::Fault);
    assert_eq!(flow, PilotFlow { fault: 1, ..PilotFlow::default() });
}

#[test]
fn levels_follow_from_those_of_now() {
    let flows = [
        FlowAt { start: 60, flow: PilotFlow { pending_change: 2, ..PilotFlow::default() } },
        at(180, S::Pending, S::Running),
        at(300, S::Running, S::Done),
    ];
    let now = Levels { pending: 1, running: 0 };
    let drawn = History::drawn(Span::Minute, seconds(60), seconds(359), &flows, now);
    assert_eq!(drawn.start, [60, 120, 180, 240, 300]);
    assert_eq!(drawn.pending, [2, 2, 1, 1, 1]);
    assert_eq!(drawn.running, [0, 0, 1, 1, 0]);
    assert_eq!(drawn.started, [0, 0, 1, 0, 0]);
    let past = History::drawn(Span::Minute, seconds(120), seconds(240), &flows, now);
    assert_eq!((past.start, past.running), (vec![120, 180, 240], vec![0, 1, 1]));
}

#[test]
fn an_empty_history_has_its_spans() {
    let drawn = History::drawn(Span::TenMinutes, seconds(0), seconds(1_200), &[], Levels { pending: 3, running: 4 });
    assert_eq!((drawn.start, drawn.pending, drawn.running), (vec![0, 600, 1_200], vec![3; 3], vec![4; 3]));
}

#[test]
fn a_view_has_the_shortest_span_that_is_kept_and_can_be_drawn() {
    let hours = |hours: u32| Duration::from_secs(3600) * hours;
    let of = |age: u32, range: u32| Span::for_view(hours(age), hours(range));
    assert_eq!([of(1, 1), of(48, 48), of(60, 1)], [Span::Minute; 3]);
    assert_eq!([of(61, 1), of(80, 80), of(720, 720)], [Span::TenMinutes; 3]);
    assert_eq!([of(745, 1), of(8760, 8760), of(20_000, 20_000)], [Span::SixHours; 3]);
}

proptest! {
    #[test]
    fn quantiles_are_close(seconds in prop::collection::vec(1.0..1e6_f64, 1..60), share in 0.01..1.0_f64) {
        let mut durations = Durations::default();
        let mut sorted = seconds.clone();
        sorted.sort_by(f64::total_cmp);
        seconds.iter().for_each(|one| durations.add(Durations::bucket(Duration::from_secs_f64(*one)), 1));
        let wanted = sorted[(sorted.len() as f64 * share).ceil() as usize - 1];
        let found = durations.quantile(share).unwrap().as_secs_f64();
        prop_assert!((found / wanted - 1.0).abs() < 0.095, "{found} for {wanted}");
    }
}

#[test]
fn none_have_no_quantile() {
    assert_eq!(Durations::default().quantile(0.5), None);
    assert_eq!(Durations::bucket(Duration::ZERO), 0);
    assert_eq!(Durations::bucket(Duration::MAX), LAST_BUCKET);
}

const LAST_BUCKET: u32 = 88;
