//! What holds for every input.

use super::*;
use crate::config::{Config, LabelSection, guarded};
use crate::plan::facts_of;
use crate::situation::*;
use model::{Decision, DecisionId, Time};
use proptest::prelude::*;

fn situation(ready: i64, idle_slots: i64, pending: i64, running: i64) -> Situation {
    Situation {
        wms: Some(Wms { ready, idle_slots, ..Wms::default() }),
        batch: Some(Batch { pending, running, ..Batch::default() }),
        site: Some(Site { status: Some("online".to_owned()), ..Site::default() }),
        factory: Some(Whole { total: Some(pending + running), ..Whole::default() }),
        ..Situation::default()
    }
}

fn default_chain() -> (Vec<StepName>, Sched) {
    let (config, label) = (Config::default(), LabelSection::default());
    (guarded(label.chain(&config.factory)), config.sched_of(&label))
}

fn with(option: &str, value: i64) -> Sched {
    let mut sched = Sched::default();
    sched.set_option(option, &value.to_string()).unwrap();
    sched
}

/// Any situation, with unknown groups, counts of any size and ages.
fn any_situation() -> impl Strategy<Value = Situation> {
    let counts = || prop_oneof![Just(0i64), -3i64..30, any::<i32>().prop_map(i64::from)];
    let seconds = || prop::option::of(0f64..2000.0);
    let status = prop_oneof![Just("online"), Just("offline"), Just("test"), Just("brokeroff"), Just("null"), Just("5")];
    let site =
        (prop::option::of(status), prop::option::of(counts()), 0f64..900.0).prop_map(|(status, total, age_s)| Site {
            name: "S".to_owned(),
            status: status.map(str::to_owned),
            total,
            age_s,
        });
    let wms = (counts(), counts(), counts(), 0f64..900.0, prop::option::of((counts(), counts()))).prop_map(
        |(ready, running, transferring, age_s, high)| Wms {
            ready,
            running,
            transferring,
            age_s,
            shapes: (ready % 2 == 0).then(|| vec![Waiting { cores: 4, jobs: ready, ..Waiting::default() }]),
            priority: high.map(|(ready, running)| HighPriority { ready, running }),
            ..Wms::default()
        },
    );
    let batch = (counts(), counts(), counts(), prop::option::of(counts()), 0f64..900.0).prop_map(
        |(pending, running, retiring, done, age_s)| Batch {
            pending,
            running,
            retiring,
            done,
            age_s,
            ..Batch::default()
        },
    );
    let point = (prop::option::of(counts()), any::<bool>(), prop::option::of(counts()), 0i64..50, seconds()).prop_map(
        |(free, silent, total, failures, last_failure_s)| Endpoint {
            name: "7".to_owned(),
            free,
            silent,
            total,
            failures,
            last_failure_s,
            nodes: vec![FailingNode { name: "n1".to_owned(), failures, last_failure_s: 700.0 }],
            unavoidable: silent,
        },
    );
    let label = (0i64..50, seconds(), seconds(), seconds()).prop_map(
        |(failures, last_failure_s, last_submit_s, removal_wanted_s)| Remembered {
            failures,
            last_failure_s,
            last_submit_s,
            removal_wanted_s,
        },
    );
    let history =
        (0i64..9, 0i64..9).prop_map(|(total, part)| History { total, short: part, judged: total, empty: part });
    let factory =
        (prop::option::of(counts()), 0i64..9).prop_map(|(total, cycle)| Whole { total, maximum: Some(50), cycle });
    let command = (prop::option::of(counts()), any::<i32>(), prop_oneof![Just("5"), Just("a, b: \"c\"")])
        .prop_map(|(number, input, message)| Advice { input: Some(input.into()), number, message: message.to_owned() });
    let some = (prop::option::of(wms), prop::option::of(batch), prop::option::of(site), prop::option::of(point));
    let past = (prop::option::of(label), prop::option::of(history), prop::option::of(command));
    let credential = "(|it ended)".prop_map(|trouble| Credential { name: "x".to_owned(), trouble, left_s: None });
    let orders = (any::<bool>(), any::<bool>(), prop::option::of(counts())).prop_map(|(drain, pause, cap)| Ordered {
        drain,
        pause,
        cap,
        why: "ann: a, b".to_owned(),
        age_s: 0.0,
    });
    let now = (prop::option::of(credential), prop::option::of(orders));
    let more = (past, prop::option::of(factory), now, 1u32..9);
    (some, more).prop_map(|((wms, batch, site, endpoint), ((label, history, command), factory, now, slots))| {
        let (credential, orders) = now;
        Situation {
            wms,
            batch,
            site,
            cloud: None,
            endpoint,
            factory,
            label,
            history,
            command,
            credential,
            orders,
            pilot: Some(NewPilot { slots, cores: 2, memory_mib: 500, wall_time_s: 900 }),
            offers: Some(vec![Room { cores: 1, slots, pilots: 2, ..Room::default() }]),
        }
    })
}

fn any_settings() -> impl Strategy<Value = Sched> {
    let keys = Sched::keys();
    prop::collection::vec((0..keys.len(), 0u32..40), 0..8).prop_map(move |chosen| {
        let mut sched = Sched::default();
        for (index, value) in chosen {
            let (section, key) = keys[index];
            let text = match key {
                "fairshare" => format!("priority<{value}:{value}"),
                "allow_negative" | "no_limit_when_empty" | "cap" | "brokeroff" | "override" => (value % 2).to_string(),
                "factor" | "ratio" => format!("{}", f64::from(value) / 7.0),
                "status" => "test".to_owned(),
                _ => value.to_string(),
            };
            sched.set_option(&format!("sched.{section}.{key}"), &text).unwrap();
        }
        sched
    })
}

fn any_chain() -> impl Strategy<Value = Vec<StepName>> {
    prop::collection::vec(prop::sample::select(StepName::ALL), 0..12)
}

proptest! {
    /// Whatever the situation, the default chain never exceeds any of its bounds and never removes.
    #[test]
    fn the_default_chain_keeps_its_bounds(
        ready in 0i64..1_000_000, idle in 0i64..1000, pending in 0i64..5000, running in 0i64..5000,
        others in 0i64..5000, slots in 1u32..65,
    ) {
        let (chain, bounds) = default_chain();
        let mut given = situation(ready, idle, pending, running);
        given.factory = Some(Whole { total: Some(pending + running + others), ..Whole::default() });
        given.pilot = Some(NewPilot { slots, ..NewPilot::default() });
        let (number, _) = decide(&chain, 0, &bounds, &given);
        let slots = i64::from(slots);
        let needed = ((ready - idle).max(0) + slots - 1) / slots;
        prop_assert!(number >= 0);
        prop_assert!(number == 0 || pending + number <= needed, "{} for {}", number, needed);
        prop_assert!(number <= bounds.maxpercycle.maximum.unwrap());
        prop_assert!(number == 0 || pending + running + number <= bounds.maxtorun.maximum.unwrap());
        prop_assert!(number == 0 || pending + running + others + number <= bounds.maxperfactory.maximum.unwrap());
        prop_assert!(number == 0 || pending == 0 || pending + number <= bounds.maxpending.maximum.unwrap());
    }

    /// What is not known never leads to pilots.
    #[test]
    fn without_information_nothing_is_submitted(jobs: bool, pilots: bool) {
        let (chain, bounds) = default_chain();
        let mut given = situation(1000, 0, 0, 0);
        if !jobs { given.wms = None; }
        if !pilots { given.batch = None; }
        let (number, _) = decide(&chain, 0, &bounds, &given);
        prop_assert_eq!(number > 0, jobs && pilots);
    }

    /// Limits are limits on every input, also huge and negative ones.
    #[test]
    fn limits_hold_for_every_input(n in any::<i64>(), max in 0i64..10_000, given in any_situation()) {
        let run = |step, sched: &Sched| decide(&[step], n, sched, &given).0;
        prop_assert!(run(StepName::MaxPerCycle, &with("sched.maxpercycle.maximum", max)) <= max);
        let out = run(StepName::MaxPerSite, &with("sched.maxpersite.maximum", max));
        prop_assert!(out <= n && out <= max);
        prop_assert!(out >= n.min(0), "a cap never removes");
        if let Some(batch) = &given.batch {
            let out = run(StepName::MaxPending, &with("sched.maxpending.maximum", max));
            prop_assert!(batch.pending == 0 || out <= max - batch.pending);
            prop_assert!(run(StepName::MaxToRun, &with("sched.maxtorun.maximum", max)) <= max - batch.live());
        }
        if let Some(total) = given.factory.as_ref().and_then(|factory| factory.total) {
            let out = run(StepName::MaxPerFactory, &with("maxperfactory.maximum", max));
            prop_assert!(out <= (max - total).max(0));
        }
    }

    /// A guard never asks for more, and a removal that it lets through is one that was asked for, by the chain or by an
    /// order.
    #[test]
    fn guards_only_hold_back(n in any::<i32>(), given in any_situation(), sched in any_settings()) {
        let n = i64::from(n);
        for guard in StepName::ALL.iter().filter(|step| step.kind() == Kind::Guard) {
            let (out, steps) = decide(&[*guard], n, &sched, &given);
            prop_assert!(out <= n.max(0), "{:?}", steps);
            prop_assert!(matches!(guard, StepName::Capacity | StepName::Orders) || out >= n.min(0), "{:?}", steps);
        }
    }

    /// No chain, settings or situation make a step fail, and each step gets what the one before it made.
    #[test]
    fn every_chain_runs(n in any::<i64>(), chain in any_chain(), sched in any_settings(), given in any_situation()) {
        let (number, steps) = decide(&chain, n, &sched, &given);
        prop_assert_eq!(steps.len(), chain.len());
        let mut last = n;
        for step in &steps {
            prop_assert_eq!(step.input, last);
            last = step.output;
        }
        prop_assert_eq!(number, last);
    }
}

proptest! {
    /// What a decision keeps is enough to take it again.
    #[test]
    fn every_decision_replays(chain in any_chain(), sched in any_settings(), given in any_situation()) {
        let (number, steps) = decide(&chain, 0, &sched, &given);
        let decision = Decision {
            id: DecisionId(1), time: Time(0), last_time: Time(0), times: 1,
            factory: "f".into(), label: "l".into(), queue: "q".into(),
            facts: facts_of(&given, &chain, &sched),
            number, steps: steps.clone(), announced: 0, accepted: 0, error: String::new(),
        };
        prop_assert_eq!(crate::replay(&decision), Ok((number, steps)));
    }
}
