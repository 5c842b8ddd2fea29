//! The steps that AutoPyFactory did not have.

use super::*;

#[test]
fn ready_fit() {
    let shapes = r#""shapes":[{"cores":1,"wall_time_s":300,"jobs":5},{"cores":1,"wall_time_s":3000,"jobs":4},
        {"cores":16,"jobs":2}]"#;
    let pilot = r#""pilot":{"slots":1,"cores":8,"memory_mib":16000,"wall_time_s":3600}"#;
    let facts = format!(
        r#"{{"wms":{{"ready":9,{shapes}}},"batch":{{"pending":1}},{pilot},"offers":[{{"pilots":3,"cores":8,"wall_time_s":600}}]}}"#
    );
    // Three short jobs take the slots of the old pilot, one long job the pending pilot; 2 + 3 are left.
    let (number, steps) = answer("ReadyFit", &facts);
    assert_eq!(
        steps[0].message,
        "ReadyFit:in=0,activated=11,served=4,unfit=2,why=needs 16 cores and a pilot has 8,offset=0,pending=1,ret=5"
    );
    assert_eq!(number, 5);
    check(&[
        (
            "ReadyFit",
            r#"{"options":{"sched.readyfit.offset":"2"},"wms":{"ready":12},"batch":{},"pilot":{"slots":4}}"#,
            3,
            "ReadyFit:in=0,activated=12,served=0,unfit=0,offset=2,pending=0,ret=3",
        ),
        (
            "ReadyFit",
            r#"{"wms":{"ready":3},"batch":{"pending":2},"pilot":{"slots":4}}"#,
            0,
            "ReadyFit:in=0,activated=3,served=3,unfit=0,offset=0,pending=2,ret=0",
        ),
        ("ReadyFit", r#"{"wms":{"ready":3}}"#, 0, "ReadyFit:comment=Invalid wmsinfo or batchinfo"),
    ]);
}

#[test]
fn command() {
    check(&[
        (
            "Command",
            r#"{"input":5,"command":{"input":5,"number":8,"message":"why, so"}}"#,
            8,
            "Command:in=5,ret=8,said=why, so",
        ),
        ("Command", r#"{"input":5,"command":{"input":9,"number":-2}}"#, -2, "Command:in=5,asked=9,ret=-2"),
        (
            "Command",
            r#"{"input":5,"command":{"message":"it broke"}}"#,
            0,
            "Command:comment=no answer,in=5,ret=0,why=it broke",
        ),
        ("Command", r#"{"input":-5}"#, 0, "Command:comment=not asked,in=-5,ret=0"),
    ]);
}

#[test]
fn avoid_nodes() {
    check(&[
        (
            "AvoidNodes",
            r#"{"input":3,"endpoint":{"nodes":[{"name":"n2","failures":2,"last_failure_s":599},
                {"name":"n1","failures":3,"last_failure_s":1199},{"name":"n3","failures":3,"last_failure_s":1200},
                {"name":"n4","failures":1}]}}"#,
            3,
            "AvoidNodes:in=3,nodes=n1 n2,ret=3",
        ),
        (
            "AvoidNodes",
            r#"{"input":3,"options":{"sched.avoidnodes.patience":"1","sched.avoidnodes.interval":"60",
                "sched.avoidnodes.maximum":"100","sched.avoidnodes.most":"1"},"endpoint":{"unavoidable":true,
                "nodes":[{"name":"n1","failures":1},{"name":"n2","failures":9,"last_failure_s":99.5}]}}"#,
            3,
            "AvoidNodes:comment=cannot be avoided,in=3,nodes=n2,ret=3",
        ),
        ("AvoidNodes", r#"{"input":0,"endpoint":{"nodes":[{"name":"n1","failures":9}]}}"#, 0, ""),
        ("AvoidNodes", r#"{"input":3}"#, 3, ""),
    ]);
}

#[test]
fn orders_hold_a_label_and_say_why() {
    check(&[
        ("Orders", r#"{"input":3}"#, 3, ""),
        (
            "Orders",
            r#"{"input":3,"batch":{"pending":2,"running":5},"orders":{"pause":true,"why":"paused by ann: x"}}"#,
            0,
            "Orders:in=3,ret=0,why=paused by ann: x",
        ),
        ("Orders", r#"{"input":-3,"batch":{},"orders":{"pause":true}}"#, -3, "Orders:in=-3,ret=-3,why="),
        (
            "Orders",
            r#"{"input":3,"batch":{"pending":2,"running":5,"retiring":4},"orders":{"drain":true,"cap":9,"pause":true}}"#,
            -7,
            "Orders:in=3,cap=9,ret=-7,why=",
        ),
        ("Orders", r#"{"input":3,"orders":{"drain":true}}"#, 0, "Orders:in=3,ret=0,why="),
        (
            "Orders",
            r#"{"input":9,"batch":{"pending":1,"running":2},"orders":{"cap":5}}"#,
            2,
            "Orders:in=9,cap=5,ret=2,why=",
        ),
        (
            "Orders",
            r#"{"input":1,"batch":{"pending":1,"running":2},"orders":{"cap":5}}"#,
            1,
            "Orders:in=1,cap=5,ret=1,why=",
        ),
        // Of five too many, only the two that wait go.
        (
            "Orders",
            r#"{"input":0,"batch":{"pending":2,"running":8},"orders":{"cap":5}}"#,
            -2,
            "Orders:in=0,cap=5,ret=-2,why=",
        ),
        ("Orders", r#"{"input":9,"orders":{"cap":5}}"#, 0, "Orders:in=9,cap=5,ret=0,why="),
    ]);
}

#[test]
fn start_from_zero() {
    check(&[
        ("StartFromZero", r#"{"wms":{"ready":3},"batch":{}}"#, 1, "StartFromZero:comment=start,in=0,activated=3,ret=1"),
        (
            "StartFromZero",
            r#"{"input":5,"options":{"sched.startfromzero.pilots":"2"},"wms":{"ready":3},"batch":{}}"#,
            5,
            "StartFromZero:comment=start,in=5,activated=3,ret=5",
        ),
        (
            "StartFromZero",
            r#"{"wms":{"ready":3},"batch":{"pending":1}}"#,
            0,
            "StartFromZero:in=0,pending=1,running=0,ret=0",
        ),
        ("StartFromZero", r#"{"wms":{},"batch":{}}"#, 0, "StartFromZero:comment=no jobs,in=0,activated=0,ret=0"),
        (
            "StartFromZero",
            r#"{"options":{"sched.startfromzero.probe":"3600"},"batch":{},"label":{"last_submit_s":3600}}"#,
            1,
            "StartFromZero:comment=probe,in=0,activated=None,probe=3600,ret=1",
        ),
        (
            "StartFromZero",
            r#"{"options":{"sched.startfromzero.probe":"3600"},"wms":{},"batch":{},"label":{"last_submit_s":3599}}"#,
            0,
            "StartFromZero:comment=no jobs,in=0,activated=0,ret=0",
        ),
        ("StartFromZero", r#"{"input":2,"wms":{"ready":3}}"#, 2, "StartFromZero:comment=No batchinfo,in=2,ret=2"),
    ]);
}

#[test]
fn caps_of_what_labels_share() {
    check(&[
        (
            "MaxPerSite",
            r#"{"input":9,"options":{"sched.maxpersite.maximum":"20"},"site":{"name":"DESY","total":15}}"#,
            5,
            "MaxPerSite:in=9,site=DESY,total=15,maxpersite=20,ret=5",
        ),
        (
            "MaxPerSite",
            r#"{"input":9,"options":{"sched.maxpersite.maximum":"20"},"site":{"name":"DESY","total":25}}"#,
            0,
            "MaxPerSite:in=9,site=DESY,total=25,maxpersite=20,ret=0",
        ),
        (
            "MaxPerEndpoint",
            r#"{"input":-9,"options":{"sched.maxperendpoint.maximum":"20"},"endpoint":{"name":"ce1","total":25}}"#,
            -9,
            "MaxPerEndpoint:in=-9,endpoint=ce1,total=25,maxperendpoint=20,ret=-9",
        ),
        (
            "MaxPerEndpoint",
            r#"{"input":9,"options":{"sched.maxperendpoint.maximum":"20"},"endpoint":{"name":"ce1"}}"#,
            0,
            "MaxPerEndpoint:comment=No batchinfo,in=9,ret=0",
        ),
        ("MaxPerSite", r#"{"input":9,"site":{"total":25}}"#, 9, "MaxPerSite:comment=Not set,in=9,ret=9"),
    ]);
}

#[test]
fn throttle_empty() {
    check(&[
        (
            "ThrottleEmpty",
            r#"{"input":9,"history":[{"wallclock_s":60,"jobs":0},{"wallclock_s":60,"jobs":0},{"wallclock_s":60,"jobs":7}]}"#,
            1,
            "ThrottleEmpty:in=9,total=3,empty=2,ratio=0.5,submit=1,ret=1",
        ),
        // It caps, and does not set.
        (
            "ThrottleEmpty",
            r#"{"input":0,"options":{"sched.throttleempty.submit":"4"},"history":{"judged":3,"empty":3}}"#,
            0,
            "ThrottleEmpty:in=0,total=3,empty=3,ratio=0.5,submit=4,ret=0",
        ),
        // Two pilots say nothing yet, and those of whom nothing is known never do.
        (
            "ThrottleEmpty",
            r#"{"input":9,"history":[{"wallclock_s":60,"jobs":0},{"wallclock_s":60,"jobs":0},{"wallclock_s":60}]}"#,
            9,
            "ThrottleEmpty:in=9,ret=9",
        ),
        (
            "ThrottleEmpty",
            r#"{"input":9,"options":{"sched.throttleempty.interval":"100","sched.throttleempty.minimum":"1"},
                "history":[{"wallclock_s":60,"age_s":99,"jobs":1},{"wallclock_s":60,"age_s":100,"jobs":0}]}"#,
            9,
            "ThrottleEmpty:in=9,total=1,empty=0,ratio=0.5,submit=1,ret=9",
        ),
        ("ThrottleEmpty", r#"{"input":9}"#, 9, "ThrottleEmpty:in=9,ret=9"),
    ]);
}

#[test]
fn back_off() {
    check(&[
        ("BackOff", r#"{"input":9,"endpoint":{"failures":2,"last_failure_s":0}}"#, 9, ""),
        (
            "BackOff",
            r#"{"input":9,"endpoint":{"failures":3,"last_failure_s":14.9}}"#,
            0,
            "BackOff:in=9,by=endpoint,failures=3,wait=15,ret=0",
        ),
        (
            "BackOff",
            r#"{"input":9,"endpoint":{"failures":3,"last_failure_s":15}}"#,
            1,
            "BackOff:in=9,by=endpoint,failures=3,wait=15,ret=1",
        ),
        // Doubled by each further failure, up to the longest wait.
        (
            "BackOff",
            r#"{"input":9,"label":{"failures":6,"last_failure_s":119}}"#,
            0,
            "BackOff:in=9,by=label,failures=6,wait=120,ret=0",
        ),
        (
            "BackOff",
            r#"{"input":9,"label":{"failures":900000,"last_failure_s":600}}"#,
            1,
            "BackOff:in=9,by=label,failures=900000,wait=600,ret=1",
        ),
        // The stricter of the two decides.
        (
            "BackOff",
            r#"{"input":9,"label":{"failures":3,"last_failure_s":60},"endpoint":{"failures":5,"last_failure_s":59}}"#,
            0,
            "BackOff:in=9,by=endpoint,failures=5,wait=60,ret=0",
        ),
        (
            "BackOff",
            r#"{"input":9,"options":{"sched.backoff.patience":"1","sched.backoff.interval":"100",
                "sched.backoff.maximum":"150","sched.backoff.submit":"5"},"label":{"failures":2,"last_failure_s":150}}"#,
            5,
            "BackOff:in=9,by=label,failures=2,wait=150,ret=5",
        ),
        ("BackOff", r#"{"input":-9,"label":{"failures":30,"last_failure_s":0}}"#, -9, ""),
        ("BackOff", r#"{"input":9}"#, 9, ""),
    ]);
}

#[test]
fn safety_stop() {
    check(&[
        ("SafetyStop", r#"{"input":7,"batch":null}"#, 7, ""),
        ("SafetyStop", r#"{"input":-10,"batch":{"running":12}}"#, -10, ""),
        ("SafetyStop", r#"{"input":-50,"batch":{"pending":20,"running":80}}"#, -50, ""),
        (
            "SafetyStop",
            r#"{"input":-51,"batch":{"pending":20,"running":80}}"#,
            0,
            "SafetyStop:comment=mass removal,in=-51,pilots=100,limit=50,hold=900,ret=0",
        ),
        (
            "SafetyStop",
            r#"{"input":-100,"batch":{"running":100},"label":{"removal_wanted_s":899}}"#,
            0,
            "SafetyStop:comment=mass removal,in=-100,pilots=100,limit=50,hold=900,ret=0",
        ),
        (
            "SafetyStop",
            r#"{"input":-100,"batch":{"running":100},"label":{"removal_wanted_s":900}}"#,
            -100,
            "SafetyStop:comment=wanted for long,in=-100,pilots=100,limit=50,hold=900,ret=-100",
        ),
        (
            "SafetyStop",
            r#"{"input":-5,"options":{"sched.safetystop.ratio":"0.1","sched.safetystop.minimum":"2",
                "sched.safetystop.hold":"60"},"batch":{"running":40}}"#,
            0,
            "SafetyStop:comment=mass removal,in=-5,pilots=40,limit=4,hold=60,ret=0",
        ),
        ("SafetyStop", r#"{"input":-1}"#, 0, "SafetyStop:comment=No batchinfo,in=-1,ret=0"),
    ]);
}

#[test]
fn what_the_view_says() {
    check(&[
        ("Capacity", r#"{"input":9,"endpoint":{"free":2}}"#, 2, "Capacity:in=9,free=2,ret=2"),
        ("Capacity", r#"{"input":2,"endpoint":{"free":2}}"#, 2, ""),
        ("Capacity", r#"{"input":9,"endpoint":{}}"#, 9, ""),
        ("Credential", r#"{"input":9,"credential":{"name":"x","left_s":700}}"#, 9, ""),
        ("Credential", r#"{"input":0,"credential":{"name":"x","trouble":"it ended"}}"#, 0, ""),
        (
            "Credential",
            r#"{"input":-9,"credential":{"name":"x","trouble":"it ended"}}"#,
            0,
            "Credential:comment=waits for credential 'x',in=-9,ret=0",
        ),
        (
            "Stale",
            r#"{"input":9,"wms":{"age_s":151},"batch":{"age_s":150},"site":{"age_s":181}}"#,
            9,
            "Stale:comment=old values used,wmsage=180,siteage=240",
        ),
        ("Stale", r#"{"input":9,"options":{"sched.stale.usual":"300"},"wms":{"age_s":299}}"#, 9, ""),
    ]);
}
