//! The five steps that could not run in AutoPyFactory, by their intent.

use super::*;

#[test]
fn fill_activated() {
    check(&[
        (
            "Fillactivated",
            r#"{"input":5,"wms":{"ready":10},"batch":{"pending":3,"running":4}}"#,
            7,
            "Fillactivated:in=5,activated=10,pending=3,running=4,ret=7",
        ),
        (
            "Fillactivated",
            r#"{"wms":{"ready":2},"batch":{"pending":3}}"#,
            0,
            "Fillactivated:in=0,activated=2,pending=3,running=0,ret=0",
        ),
        (
            "Fillactivated",
            r#"{"options":{"sched.fillactivated.default":"2"},"batch":{"pending":3}}"#,
            2,
            "Fillactivated:comment=Invalid wmsinfo,in=0,ret=2",
        ),
        ("Fillactivated", r#"{"input":4,"wms":{}}"#, 0, "Fillactivated:comment=Invalid batchinfo,in=4,ret=0"),
    ]);
}

#[test]
fn weighted_activated() {
    check(&[
        (
            "WeightedActivated",
            r#"{"options":{"sched.weightedactivated.activated":"0.5","sched.weightedactivated.pending":"1.5"},
                "wms":{"ready":21},"batch":{"pending":3}}"#,
            6,
            "WeightedActivated:in=0,activated=21,weightedactivated=10,pending=3,weightedpending=4,ret=6",
        ),
        (
            "WeightedActivated",
            r#"{"input":1,"wms":{"ready":2},"batch":{"pending":3}}"#,
            0,
            "WeightedActivated:in=1,activated=2,weightedactivated=2,pending=3,weightedpending=3,ret=0",
        ),
        ("WeightedActivated", r#"{"input":1,"batch":{}}"#, 0, "WeightedActivated:comment=no wmsinfo,in=1,ret=0"),
        ("WeightedActivated", r#"{"input":1,"wms":{}}"#, 0, "WeightedActivated:comment=no batchinfo,in=1,ret=0"),
    ]);
}

#[test]
fn over_the_life_of_a_label() {
    let rows: [(&str, &str, i64, &str); 5] = [
        ("KeepNQueueLife", r#""sched.keepnqueuelife.njobs":"10""#, 3, "in=9,keep=10,jobsinqueue=7,ret=3"),
        ("KeepNQueueLife", "", 2, "in=9,keep=None,jobsinqueue=7,ret=2"),
        ("MaxToSubmit", r#""sched.maxtosubmit.maximum":"10""#, 3, "in=9,submitted=7,maxtosubmit=10,ret=3"),
        ("MaxToSubmit", r#""sched.maxtosubmit.maximum":"5""#, 0, "in=9,submitted=7,maxtosubmit=5,ret=0"),
        ("MinToSubmit", r#""sched.mintosubmit.minimum":"20""#, 13, "in=9,submitted=7,mintosubmit=20,ret=13"),
    ];
    for (step, option, number, message) in rows {
        let facts = format!(
            r#"{{"input":9,"options":{{{option}}},"batch":{{"pending":2,"running":3}},
                "history":[{{"wallclock_s":5}},{{"wallclock_s":6}}]}}"#
        );
        let (got, steps) = answer(step, &facts);
        assert_eq!((got, steps[0].message.as_str()), (number, format!("{step}:{message}").as_str()));
    }
}

#[test]
fn over_a_life_that_is_not_known() {
    check(&[
        // The whole history wins over what is listed of it.
        (
            "KeepNQueueLife",
            r#"{"options":{"sched.keepnqueuelife.njobs":"10"},"batch":{"pending":1,"done":8},"history":[]}"#,
            1,
            "KeepNQueueLife:in=0,keep=10,jobsinqueue=9,ret=1",
        ),
        ("KeepNQueueLife", r#"{"input":5,"history":[]}"#, 0, "KeepNQueueLife:comment=Invalid queueinfo"),
        ("KeepNQueueLife", r#"{"input":5,"batch":{}}"#, 0, "KeepNQueueLife:comment=Invalid queueinfo"),
        (
            "MaxToSubmit",
            r#"{"input":5,"options":{"sched.maxtosubmit.maximum":"9"},"batch":{}}"#,
            0,
            "MaxToSubmit:comment=No batchinfo,in=5,ret=0",
        ),
        ("MaxToSubmit", r#"{"input":-5,"batch":{}}"#, -5, "MaxToSubmit:comment=Not set,in=-5,ret=-5"),
        (
            "MinToSubmit",
            r#"{"input":5,"options":{"sched.mintosubmit.minimum":"9"},"batch":{}}"#,
            5,
            "MinToSubmit:comment=No batchinfo,in=5,ret=5",
        ),
        ("MinToSubmit", r#"{"input":5}"#, 5, "MinToSubmit:comment=Not set,in=5,ret=5"),
    ]);
}
