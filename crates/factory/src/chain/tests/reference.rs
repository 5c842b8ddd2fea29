//! The fourteen steps that worked in AutoPyFactory.

use super::*;

#[test]
fn ready() {
    check(&[
        (
            "Ready",
            r#"{"wms":{"ready":100},"batch":{"pending":30,"running":7}}"#,
            70,
            "Ready:in=0,activated=100,offset=0,pending=30,ret=70",
        ),
        (
            "Ready",
            r#"{"input":9,"options":{"sched.ready.offset":"80"},"wms":{"ready":100},"batch":{"pending":30}}"#,
            0,
            "Ready:in=9,activated=100,offset=80,pending=30,ret=0",
        ),
        (
            "Ready",
            r#"{"options":{"sched.ready.offset":" -5 "},"wms":{"ready":1},"batch":{"pending":2}}"#,
            4,
            "Ready:in=0,activated=1,offset=-5,pending=2,ret=4",
        ),
        ("Ready", r#"{"wms":{},"batch":{}}"#, 0, "Ready:in=0,activated=0,offset=0,pending=0,ret=0"),
        ("Ready", r#"{"wms":null,"batch":{"pending":3}}"#, 0, "Ready:comment=Invalid wmsinfo or batchinfo"),
        ("Ready", r#"{"input":4,"wms":{"ready":3},"batch":null}"#, 0, "Ready:comment=Invalid wmsinfo or batchinfo"),
        (
            "Ready",
            r#"{"wms":{"activated":5,"assigned":9,"holding":2},"batch":{}}"#,
            5,
            "Ready:in=0,activated=5,offset=0,pending=0,ret=5",
        ),
    ]);
}

#[test]
fn ready_with_what_only_our_own_server_knows() {
    check(&[
        (
            "Ready",
            r#"{"wms":{"ready":9},"batch":{"pending":1},"pilot":{"slots":4}}"#,
            2,
            "Ready:in=0,activated=9,offset=0,pending=1,slots=4,ret=2",
        ),
        (
            "Ready",
            r#"{"wms":{"ready":9,"idle_slots":4,"coming_slots":4,"unfit":3},"batch":{}}"#,
            1,
            "Ready:in=0,activated=1,offset=0,pending=0,unfit=3,ret=1",
        ),
        (
            "Ready",
            r#"{"wms":{"ready":2,"idle_slots":4},"batch":{}}"#,
            0,
            "Ready:in=0,activated=0,offset=0,pending=0,ret=0",
        ),
    ]);
}

#[test]
fn scale() {
    check(&[
        ("Scale", r#"{"input":7,"options":{"sched.scale.factor":"0.5"}}"#, 4, "Scale:in=7,factor=0.5,ret=4"),
        ("Scale", r#"{"input":-3,"options":{"sched.scale.factor":"0.5"}}"#, -1, "Scale:in=-3,factor=0.5,ret=-1"),
        ("Scale", r#"{"input":7}"#, 7, "Scale:in=7,factor=1.0,ret=7"),
        ("Scale", r#"{"input":7,"options":{"sched.scale.factor":"2"}}"#, 14, "Scale:in=7,factor=2.0,ret=14"),
        ("Scale", r#"{"input":5,"options":{"sched.scale.factor":"-0.5"}}"#, -2, "Scale:in=5,factor=-0.5,ret=-2"),
        (
            "Scale",
            r#"{"input":100,"options":{"sched.scale.factor":"0.041666666666666664"}}"#,
            5,
            "Scale:in=100,factor=0.0416666666667,ret=5",
        ),
        ("Scale", r#"{"input":3,"options":{"sched.scale.factor":"1e-5"}}"#, 1, "Scale:in=3,factor=1e-05,ret=1"),
    ]);
}

#[test]
fn of_one_cycle() {
    check(&[
        (
            "MaxPerCycle",
            r#"{"input":7,"options":{"sched.maxpercycle.maximum":"5"}}"#,
            5,
            "MaxPerCycle:in=7,maxpercycle=5,ret=5",
        ),
        (
            "MaxPerCycle",
            r#"{"input":-7,"options":{"sched.maxpercycle.maximum":"5"}}"#,
            -7,
            "MaxPerCycle:in=-7,maxpercycle=5,ret=-7",
        ),
        ("MaxPerCycle", r#"{"input":7}"#, 7, "MaxPerCycle:comment=Not set,in=7"),
        (
            "MinPerCycle",
            r#"{"input":-7,"options":{"sched.minpercycle.minimum":"0"}}"#,
            0,
            "MinPerCycle:in=-7,minpercycle=0,ret=0",
        ),
        ("MinPerCycle", r#"{"input":7}"#, 7, "MinPerCycle:comment=Not set"),
        ("Fixed", r#"{"input":7,"options":{"sched.fixed.pilotspercycle":"3"}}"#, 3, "Fixed:in=7,ret=3"),
        ("Fixed", r#"{"input":7,"options":{"sched.fixed.pilotspercycle":"-3"}}"#, -3, "Fixed:in=7,ret=-3"),
        ("Fixed", r#"{"input":7,"options":{"sched.fixed.pilotspercycle":"0"}}"#, 0, "Fixed:comment=nosetup,in=7,ret=0"),
        ("Fixed", r#"{"input":7}"#, 0, "Fixed:comment=nosetup,in=7,ret=0"),
        ("Null", r#"{"input":7}"#, 0, "Null:in=7,out=0"),
    ]);
}

#[test]
fn max_pending() {
    check(&[
        // No pending pilot means free slots, therefore no limit at all.
        (
            "MaxPending",
            r#"{"input":50,"options":{"sched.maxpending.maximum":"10"},"batch":{}}"#,
            50,
            "MaxPending:in=50,pending=0,maxpending=10,ret=50",
        ),
        (
            "MaxPending",
            r#"{"input":50,"options":{"sched.maxpending.maximum":"10"},"batch":{"pending":4}}"#,
            6,
            "MaxPending:in=50,pending=4,maxpending=10,ret=6",
        ),
        (
            "MaxPending",
            r#"{"input":50,"options":{"sched.maxpending.maximum":"10"},"batch":{"pending":14}}"#,
            -4,
            "MaxPending:in=50,pending=14,maxpending=10,ret=-4",
        ),
        (
            "MaxPending",
            r#"{"input":50,"options":{"sched.maxpending.maximum":"10","sched.maxpending.allow_negative":"False"},
                "batch":{"pending":14}}"#,
            0,
            "MaxPending:in=50,pending=14,maxpending=10,ret=0",
        ),
        (
            "MaxPending",
            r#"{"input":-9,"options":{"sched.maxpending.maximum":"10","sched.maxpending.allow_negative":"no"},
                "batch":{"pending":14}}"#,
            -9,
            "MaxPending:in=-9,pending=14,maxpending=10,ret=-9",
        ),
        (
            "MaxPending",
            r#"{"input":50,"options":{"sched.maxpending.maximum":"10","sched.maxpending.no_limit_when_empty":"False"},
                "batch":{}}"#,
            10,
            "MaxPending:in=50,pending=0,maxpending=10,ret=10",
        ),
        (
            "MaxPending",
            r#"{"input":50,"batch":{"pending":4}}"#,
            50,
            "MaxPending:in=50,pending=4,maxpending=None,ret=50",
        ),
        (
            "MaxPending",
            r#"{"input":50,"options":{"sched.maxpending.maximum":"10"}}"#,
            50,
            "MaxPending:comment=No queueinfo.",
        ),
    ]);
}

#[test]
fn min_pending() {
    check(&[
        (
            "MinPending",
            r#"{"options":{"sched.minpending.minimum":"5"},"batch":{"pending":2}}"#,
            3,
            "MinPending:in=0,minpending=5,pending=2,ret=3",
        ),
        ("MinPending", r#"{"input":2,"batch":{"pending":2}}"#, 2, "MinPending:comment=not set,in=2,pending=2,ret=2"),
        // AutoPyFactory lost the cycle here.
        (
            "MinPending",
            r#"{"input":2,"options":{"sched.minpending.minimum":"5"}}"#,
            2,
            "MinPending:comment=No queueinfo,in=2,ret=2",
        ),
    ]);
}

#[test]
fn max_to_run() {
    check(&[
        (
            "MaxToRun",
            r#"{"input":9,"options":{"sched.maxtorun.maximum":"10"},"batch":{"pending":2,"running":3,"retiring":4}}"#,
            5,
            "MaxToRun:in=9,maxtorun=10,pending=2,running=3,ret=5",
        ),
        (
            "MaxToRun",
            r#"{"input":9,"options":{"sched.maxtorun.maximum":"4"},"batch":{"pending":2,"running":3}}"#,
            -1,
            "MaxToRun:in=9,maxtorun=4,pending=2,running=3,ret=-1",
        ),
        (
            "MaxToRun",
            r#"{"input":9,"options":{"sched.maxtorun.maximum":"4"}}"#,
            0,
            "MaxToRun:comment=No batchinfo,in=9",
        ),
        ("MaxToRun", r#"{"input":9,"batch":{"pending":2,"running":3}}"#, 9, ""),
    ]);
}

#[test]
fn max_per_factory() {
    check(&[
        (
            "MaxPerFactory",
            r#"{"input":9,"factory":{"total":5,"maximum":10}}"#,
            5,
            "MaxPerFactory:in=9,total=5,maxperfactory=10,ret=5",
        ),
        (
            "MaxPerFactory",
            r#"{"input":9,"factory":{"total":5,"maximum":4}}"#,
            0,
            "MaxPerFactory:in=9,total=5,maxperfactory=4,ret=0",
        ),
        (
            "MaxPerFactory",
            r#"{"input":9,"options":{"maxperfactory.maximum":"5"},"factory":{"total":5}}"#,
            0,
            "MaxPerFactory:in=9,total=5,maxperfactory=5,ret=0",
        ),
        (
            "MaxPerFactory",
            r#"{"input":-3,"options":{"sched.maxperfactory.maximum":"10"},"factory":{"total":5}}"#,
            -3,
            "MaxPerFactory:in=-3,total=5,maxperfactory=10,ret=-3",
        ),
        // Unset was always zero in AutoPyFactory.
        ("MaxPerFactory", r#"{"input":9,"factory":{"total":5}}"#, 9, "MaxPerFactory:comment=Not set,in=9,ret=9"),
        (
            "MaxPerFactory",
            r#"{"input":9,"factory":{"maximum":10}}"#,
            0,
            "MaxPerFactory:comment=No batchinfo,in=9,ret=0",
        ),
    ]);
}

#[test]
fn keep_n_running() {
    check(&[
        (
            "KeepNRunning",
            r#"{"options":{"sched.keepnrunning.keep_running":"4"},"batch":{"pending":2,"running":3,"retiring":1}}"#,
            -1,
            "KeepNRunning:in=0,keep=4,running=3,pending=2,retiring=1,ret=-1",
        ),
        (
            "KeepNRunning",
            r#"{"input":8,"options":{"sched.keepnrunning.keep_running":"None"},"batch":{"pending":2,"running":3}}"#,
            3,
            "KeepNRunning:in=8,keep=None,running=3,pending=2,retiring=0,ret=3",
        ),
        (
            "KeepNRunning",
            r#"{"input":8,"options":{"sched.keepnrunning.keep_running":"0"},"batch":{"pending":-2,"running":3}}"#,
            -3,
            "KeepNRunning:in=8,keep=0,running=3,pending=0,retiring=0,ret=-3",
        ),
        (
            "KeepNRunning",
            r#"{"input":8,"batch":{}}"#,
            8,
            "KeepNRunning:in=8,keep=None,running=0,pending=0,retiring=0,ret=8",
        ),
        ("KeepNRunning", r#"{"input":8}"#, 0, "KeepNRunning:comment=Invalid queueinfo"),
    ]);
}

#[test]
fn status_test() {
    check(&[
        (
            "StatusTest",
            r#"{"input":9,"options":{"sched.statustest.pilots":"1"},"wms":{},"batch":{},"site":{"status":"test"}}"#,
            1,
            "StatusTest:comment=test,in=9,out=1",
        ),
        // It sets, and does not cap.
        (
            "StatusTest",
            r#"{"options":{"sched.statustest.pilots":"7"},"wms":{},"batch":{},"site":{"status":"test"}}"#,
            7,
            "StatusTest:comment=test,in=0,out=7",
        ),
        (
            "StatusTest",
            r#"{"options":{"sched.statustest.pilots":"7","sched.statustest.cap":"True"},
                "wms":{},"batch":{},"site":{"status":"test"}}"#,
            0,
            "StatusTest:comment=test,in=0,out=0",
        ),
        (
            "StatusTest",
            r#"{"input":9,"wms":{},"batch":{},"site":{"status":"online"}}"#,
            9,
            "StatusTest:comment=not test,in=9,ret=9",
        ),
        ("StatusTest", r#"{"input":9,"wms":{},"batch":{},"site":{}}"#, 9, "StatusTest:comment=not test,in=9,ret=9"),
        (
            "StatusTest",
            r#"{"input":9,"wms":{},"batch":{},"site":{"status":"TEST"}}"#,
            9,
            "StatusTest:comment=not test,in=9,ret=9",
        ),
        (
            "StatusTest",
            r#"{"input":9,"batch":{},"site":{"status":"test"}}"#,
            0,
            "StatusTest:comment=no wms/batch/siteinfo,in=9,ret=0",
        ),
        ("StatusTest", r#"{"input":9,"wms":{},"batch":{}}"#, 0, "StatusTest:comment=no wms/batch/siteinfo,in=9,ret=0"),
    ]);
}

#[test]
fn status_offline() {
    check(&[
        (
            "StatusOffline",
            r#"{"input":9,"wms":{},"batch":{},"site":{"status":"offline"}}"#,
            0,
            "StatusOffline:comment=offline,in=9,ret=0",
        ),
        (
            "StatusOffline",
            r#"{"options":{"sched.statusoffline.pilots":"2"},"wms":{},"batch":{},"site":{"status":"offline"}}"#,
            2,
            "StatusOffline:comment=offline,in=0,ret=2",
        ),
        (
            "StatusOffline",
            r#"{"options":{"sched.statusoffline.pilots":"2","sched.statusoffline.cap":"true"},
                "wms":{},"batch":{},"site":{"status":"offline"}}"#,
            0,
            "StatusOffline:comment=offline,in=0,ret=0",
        ),
        (
            "StatusOffline",
            r#"{"input":9,"wms":{},"batch":{},"site":{"status":"brokeroff"}}"#,
            9,
            "StatusOffline:comment=not offline,in=9,ret=9",
        ),
        (
            "StatusOffline",
            r#"{"input":9,"options":{"sched.statusoffline.brokeroff":"1"},"wms":{},"batch":{},
                "site":{"status":"brokeroff"}}"#,
            0,
            "StatusOffline:comment=brokeroff,in=9,ret=0",
        ),
        (
            "StatusOffline",
            r#"{"input":9,"wms":{},"site":{"status":"offline"}}"#,
            0,
            "StatusOffline:comment=no wms/site/batchinfo,in=9,ret=0",
        ),
    ]);
}

#[test]
fn throttle() {
    check(&[
        (
            "Throttle",
            r#"{"input":9,"history":[{"wallclock_s":4},{"wallclock_s":9.9},{"wallclock_s":10}]}"#,
            1,
            "Throttle:in=9,total=3,short=2,ratio=0.5,submit=1,ret=1",
        ),
        // The ratio itself is still allowed.
        (
            "Throttle",
            r#"{"input":9,"history":[{"wallclock_s":4},{"wallclock_s":10}]}"#,
            9,
            "Throttle:in=9,total=2,short=1,ratio=0.5,submit=1,ret=9",
        ),
        // It sets, also where less or nothing came in.
        (
            "Throttle",
            r#"{"input":-2,"options":{"sched.throttle.submit":"3","sched.throttle.ratio":"0"},"history":[{"wallclock_s":0}]}"#,
            3,
            "Throttle:in=-2,total=1,short=1,ratio=0.0,submit=3,ret=3",
        ),
        (
            "Throttle",
            r#"{"input":9,"options":{"sched.throttle.maxtime":"300","sched.throttle.interval":"60"},
                "history":[{"wallclock_s":299,"age_s":59},{"wallclock_s":1,"age_s":60},{"wallclock_s":300,"age_s":1}]}"#,
            9,
            "Throttle:in=9,total=2,short=1,ratio=0.5,submit=1,ret=9",
        ),
        ("Throttle", r#"{"input":9,"history":[]}"#, 9, "Throttle:in=9,ret=9"),
        ("Throttle", r#"{"input":9,"history":null}"#, 9, "Throttle:in=9,ret=9"),
        (
            "Throttle",
            r#"{"input":9,"history":{"total":4,"short":3}}"#,
            1,
            "Throttle:in=9,total=4,short=3,ratio=0.5,submit=1,ret=1",
        ),
    ]);
}

#[test]
fn the_chain_of_production_reads_as_it_always_did() {
    let chain = "Ready,Scale,MaxPerCycle,MinPerCycle,StatusTest,StatusOffline,MaxPending";
    let facts = r#"{"options":{"sched.scale.factor":"0.5","sched.maxpercycle.maximum":"100",
        "sched.minpercycle.minimum":"0","sched.maxpending.maximum":"10"},
        "wms":{"ready":307},"batch":{"pending":4,"running":20},"site":{"status":"online"}}"#;
    let (number, steps) = answer(chain, facts);
    let message = steps.iter().map(|step| step.message.as_str()).collect::<Vec<_>>().join(";\n");
    assert_eq!(number, 6);
    insta::assert_snapshot!(message);
}
