use super::*;
use crate::config::StepName as N;
use crate::situation::{Aged, Jobs, Pilots};
use model::QueueStatus;
use proptest::prelude::*;
use std::time::Duration;

fn aged<T>(value: T) -> Option<Aged<T>> {
    Some(Aged { value, age: Duration::ZERO })
}

fn situation(activated: i64, pending: i64, running: i64) -> Situation {
    Situation {
        jobs: aged(Jobs { activated, ..Jobs::default() }),
        pilots: aged(Pilots { pending, running, retiring: 0 }),
        status: aged(QueueStatus::Online),
        total: Some(pending + running),
        slots: 1,
    }
}

fn unknown() -> Situation {
    Situation { slots: 1, ..Situation::default() }
}

fn with_status(status: QueueStatus) -> Situation {
    Situation { status: aged(status), ..situation(5, 0, 0) }
}

fn sched(text: &str) -> Sched {
    toml::from_str(text).unwrap()
}

/// One row: step, input, settings, situation, output, message.
type Row = (N, i64, &'static str, Situation, i64, &'static str);

fn check(rows: Vec<Row>) {
    for (name, n, settings, situation, output, message) in rows {
        let got = step(name, n, &sched(settings), &situation);
        assert_eq!(got, (output, message.to_owned()), "{name} of {n} with '{settings}'");
    }
}

#[test]
fn demand_steps_follow_the_reference() {
    check(vec![
        (N::Ready, 0, "", situation(100, 30, 7), 70, "Ready:in=0,activated=100,offset=0,pending=30,ret=70"),
        (
            N::Ready,
            9,
            "ready.offset = 80",
            situation(100, 30, 0),
            0,
            "Ready:in=9,activated=100,offset=80,pending=30,ret=0",
        ),
        (N::Ready, 0, "", situation(0, 0, 0), 0, "Ready:in=0,activated=0,offset=0,pending=0,ret=0"),
        (N::Ready, 3, "", unknown(), 0, "Ready:comment=Invalid wmsinfo or batchinfo"),
        (N::Scale, 7, "scale.factor = 0.5", situation(0, 0, 0), 4, "Scale:in=7,factor=0.5,ret=4"),
        (N::Scale, -3, "scale.factor = 0.5", situation(0, 0, 0), -1, "Scale:in=-3,factor=0.5,ret=-1"),
        (N::Scale, 7, "", situation(0, 0, 0), 7, "Scale:in=7,factor=1.0,ret=7"),
        (N::Fixed, 7, "fixed.pilotspercycle = 3", unknown(), 3, "Fixed:in=7,ret=3"),
        (N::Fixed, 7, "", unknown(), 0, "Fixed:comment=nosetup,in=7,ret=0"),
        (N::Null, 7, "", unknown(), 0, "Null:in=7,out=0"),
    ]);
}

#[test]
fn cycle_and_pending_steps_follow_the_reference() {
    check(vec![
        (N::MaxPerCycle, 7, "maxpercycle.maximum = 5", unknown(), 5, "MaxPerCycle:in=7,maxpercycle=5,ret=5"),
        (N::MaxPerCycle, -7, "maxpercycle.maximum = 5", unknown(), -7, "MaxPerCycle:in=-7,maxpercycle=5,ret=-7"),
        (N::MaxPerCycle, 7, "", unknown(), 7, "MaxPerCycle:comment=Not set,in=7"),
        (N::MinPerCycle, -7, "minpercycle.minimum = 0", unknown(), 0, "MinPerCycle:in=-7,minpercycle=0,ret=0"),
        (N::MinPerCycle, 7, "", unknown(), 7, "MinPerCycle:comment=Not set"),
        (
            N::MaxPending,
            50,
            "maxpending.maximum = 10",
            situation(0, 0, 0),
            50,
            "MaxPending:in=50,pending=0,maxpending=10,ret=50",
        ),
        (
            N::MaxPending,
            50,
            "maxpending.maximum = 10",
            situation(0, 4, 0),
            6,
            "MaxPending:in=50,pending=4,maxpending=10,ret=6",
        ),
        (
            N::MaxPending,
            50,
            "maxpending.maximum = 10",
            situation(0, 14, 0),
            -4,
            "MaxPending:in=50,pending=14,maxpending=10,ret=-4",
        ),
        (
            N::MaxPending,
            50,
            "maxpending = { maximum = 10, allow_negative = false }",
            situation(0, 14, 0),
            0,
            "MaxPending:in=50,pending=14,maxpending=10,ret=0",
        ),
        (N::MaxPending, 50, "maxpending.maximum = 10", unknown(), 50, "MaxPending:comment=No queueinfo."),
        (N::MaxPending, 50, "", situation(0, 4, 0), 50, ""),
        (
            N::MinPending,
            0,
            "minpending.minimum = 5",
            situation(0, 2, 0),
            3,
            "MinPending:in=0,minpending=5,pending=2,ret=3",
        ),
        (N::MinPending, 2, "", situation(0, 2, 0), 2, "MinPending:comment=not set,in=2,pending=2,ret=2"),
        (N::MinPending, 2, "minpending.minimum = 5", unknown(), 2, "MinPending:comment=No queueinfo,in=2,ret=2"),
    ]);
}

#[test]
fn total_steps_follow_the_reference() {
    check(vec![
        (
            N::MaxToRun,
            9,
            "maxtorun.maximum = 10",
            situation(0, 2, 3),
            5,
            "MaxToRun:in=9,maxtorun=10,pending=2,running=3,ret=5",
        ),
        (
            N::MaxToRun,
            9,
            "maxtorun.maximum = 4",
            situation(0, 2, 3),
            -1,
            "MaxToRun:in=9,maxtorun=4,pending=2,running=3,ret=-1",
        ),
        (N::MaxToRun, 9, "maxtorun.maximum = 4", unknown(), 0, "MaxToRun:comment=No batchinfo,in=9"),
        (N::MaxToRun, 9, "", situation(0, 2, 3), 9, ""),
        (
            N::MaxPerFactory,
            9,
            "maxperfactory.maximum = 10",
            situation(0, 2, 3),
            5,
            "MaxPerFactory:in=9,total=5,maxperfactory=10,ret=5",
        ),
        (
            N::MaxPerFactory,
            9,
            "maxperfactory.maximum = 4",
            situation(0, 2, 3),
            0,
            "MaxPerFactory:in=9,total=5,maxperfactory=4,ret=0",
        ),
        (
            N::MaxPerFactory,
            2,
            "maxperfactory.maximum = 10",
            situation(0, 2, 3),
            2,
            "MaxPerFactory:in=2,total=5,maxperfactory=10,ret=2",
        ),
        (N::MaxPerFactory, 9, "", situation(0, 2, 3), 9, "MaxPerFactory:comment=Not set,in=9,ret=9"),
        (
            N::MaxPerFactory,
            9,
            "maxperfactory.maximum = 10",
            unknown(),
            0,
            "MaxPerFactory:comment=No batchinfo,in=9,ret=0",
        ),
        (
            N::KeepNRunning,
            0,
            "keepnrunning.keep_running = 4",
            situation(0, 2, 3),
            -1,
            "KeepNRunning:in=0,keep=4,running=3,pending=2,retiring=0,ret=-1",
        ),
        (
            N::KeepNRunning,
            8,
            "",
            situation(0, 2, 3),
            3,
            "KeepNRunning:in=8,keep=None,running=3,pending=2,retiring=0,ret=3",
        ),
        (N::KeepNRunning, 8, "", unknown(), 0, "KeepNRunning:comment=Invalid queueinfo"),
    ]);
}

#[test]
fn status_steps_follow_the_reference() {
    check(vec![
        (
            N::StatusTest,
            9,
            "statustest.pilots = 1",
            with_status(QueueStatus::Test),
            1,
            "StatusTest:comment=test,in=9,out=1",
        ),
        (N::StatusTest, 9, "", with_status(QueueStatus::Test), 0, "StatusTest:comment=test,in=9,out=0"),
        (N::StatusTest, 9, "", with_status(QueueStatus::Online), 9, "StatusTest:comment=not test,in=9,ret=9"),
        (N::StatusTest, 9, "", unknown(), 0, "StatusTest:comment=no wms/batch/siteinfo,in=9,ret=0"),
        (N::StatusOffline, 9, "", with_status(QueueStatus::Offline), 0, "StatusOffline:comment=offline,in=9,ret=0"),
        (
            N::StatusOffline,
            9,
            "",
            with_status(QueueStatus::BrokerOff),
            9,
            "StatusOffline:comment=not offline,in=9,ret=9",
        ),
        (N::StatusOffline, 9, "", unknown(), 0, "StatusOffline:comment=no wms/site/batchinfo,in=9,ret=0"),
    ]);
}

#[test]
fn the_chain_of_production_reads_as_it_always_did() {
    let chain = [N::Ready, N::Scale, N::MaxPerCycle, N::MinPerCycle, N::StatusTest, N::StatusOffline, N::MaxPending];
    let settings = "scale.factor = 0.5\nmaxpercycle.maximum = 100\nminpercycle.minimum = 0\nmaxpending.maximum = 10";
    let (number, steps) = decide(&chain, &sched(settings), &situation(307, 4, 20));
    let message = steps.iter().map(|step| step.message.as_str()).collect::<Vec<_>>().join(";");
    assert_eq!(number, 6);
    insta::assert_snapshot!(message.replace(';', ";\n"));
}

#[test]
fn several_slots_a_pilot_need_fewer_pilots() {
    let mut situation = situation(9, 1, 0);
    situation.slots = 4;
    let got = step(N::Ready, 0, &Sched::default(), &situation);
    assert_eq!(got, (2, "Ready:in=0,activated=9,offset=0,pending=1,slots=4,ret=2".to_owned()));
    situation.jobs = aged(Jobs { activated: 9, idle_slots: 4, coming_slots: 4, ..Jobs::default() });
    assert_eq!(step(N::Ready, 0, &Sched::default(), &situation).0, 0);
}

proptest! {
    /// Whatever the situation, the default chain never exceeds any of its bounds and never removes.
    #[test]
    fn the_default_chain_keeps_its_bounds(
        activated in 0i64..1_000_000, idle in 0i64..1000, pending in 0i64..5000, running in 0i64..5000,
        others in 0i64..5000, slots in 1i64..65,
    ) {
        let config = crate::config::Config::default();
        let label = crate::config::LabelSection::default();
        let bounds = config.sched_of(&label);
        let mut given = situation(activated, pending, running);
        given.jobs = aged(Jobs { activated, idle_slots: idle, ..Jobs::default() });
        given.total = Some(pending + running + others);
        given.slots = slots;
        let (number, _) = decide(label.chain(&config.factory), &bounds, &given);
        let needed = ((activated - idle).max(0) + slots - 1) / slots;
        prop_assert!(number >= 0);
        prop_assert!(number == 0 || pending + number <= needed, "{number} for {needed}");
        prop_assert!(number <= bounds.maxpercycle.maximum.unwrap());
        prop_assert!(number == 0 || pending + running + number <= bounds.maxtorun.maximum.unwrap());
        prop_assert!(number == 0 || pending + running + others + number <= bounds.maxperfactory.maximum.unwrap());
        prop_assert!(number == 0 || pending == 0 || pending + number <= bounds.maxpending.maximum.unwrap());
    }

    /// What is not known never leads to pilots.
    #[test]
    fn without_information_nothing_is_submitted(jobs: bool, pilots: bool) {
        let mut given = situation(1000, 0, 0);
        if !jobs { given.jobs = None; }
        if !pilots { given.pilots = None; }
        let config = crate::config::Config::default();
        let label = crate::config::LabelSection::default();
        let (number, _) = decide(label.chain(&config.factory), &config.sched_of(&label), &given);
        prop_assert_eq!(number > 0, jobs && pilots);
    }

    /// Limits are limits on every input, also huge and negative ones.
    #[test]
    fn limits_hold_for_every_input(n in any::<i64>(), max in 0i64..10_000, pending in 1i64..10_000, running in 0i64..10_000) {
        let text = format!("maxpercycle.maximum={max}\nmaxpending.maximum={max}\nmaxtorun.maximum={max}\nmaxperfactory.maximum={max}");
        let (sched, given) = (sched(&text), situation(0, pending, running));
        prop_assert!(step(N::MaxPerCycle, n, &sched, &given).0 <= max);
        prop_assert!(step(N::MaxPending, n, &sched, &given).0 <= max - pending);
        prop_assert!(step(N::MaxToRun, n, &sched, &given).0 <= max - pending - running);
        prop_assert!(step(N::MaxPerFactory, n, &sched, &given).0 <= (max - pending - running).max(0));
        for name in N::ALL { step(name, n, &sched, &given); }
    }
}
