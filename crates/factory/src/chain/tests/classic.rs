//! Classic: every branch, and what decides between two of them.

use super::*;

/// Facts with these counts, a queue that is online, and options and further facts as JSON members.
fn facts(counts: (i64, i64, i64), options: &str, more: &str) -> String {
    let (activated, inactive, active) = counts;
    let site = if more.contains("\"site\"") { "" } else { r#""site":{"status":"online","name":"DESY"},"# };
    let wms = if more.contains("\"wms\"") { String::new() } else { format!("\"wms\":{{\"activated\":{activated}}},") };
    format!(
        r#"{{"input":99,"options":{{{options}}},{wms}{site}{more}"batch":{{"pending":{inactive},"running":{active}}}}}"#
    )
}

/// Counts (activated, inactive, active), options, more facts, the number, the message.
type Row<'a> = ((i64, i64, i64), &'a str, &'a str, i64, &'a str);

fn check_all(rows: &[Row<'_>]) {
    for (counts, options, more, number, message) in rows {
        let facts = facts(*counts, options, more);
        let (got, steps) = answer("Classic", &facts);
        assert_eq!((got, steps[0].message.as_str()), (*number, *message), "{facts}");
        assert!(message.len() <= 140, "{message}");
    }
}

#[test]
fn jobs_wait() {
    let boost10 = r#""sched.classic.depthboost":"10""#;
    check_all(&[
        (
            (703, 20, 0),
            boost10,
            "",
            20,
            "703 activated jobs, 20 inactive pilots queued (< queue depth 20 * depth boost 10). Will submit full pilot load.",
        ),
        (
            (703, 200, 5),
            boost10,
            "",
            0,
            "703 activated jobs, 200 inactive pilots queued (>= queue depth 20 * depth boost 10). No extra pilots needed.",
        ),
        (
            (1, 19, 0),
            "",
            "",
            20,
            "1 activated jobs, 19 inactive pilots queued (< queue depth 20 * depth boost 2). Will submit full pilot load.",
        ),
        (
            (30, 30, 0),
            "",
            "",
            0,
            "30 activated jobs, 30 inactive pilots queued (>= queue depth 20, not fewer than 30 jobs). No extra pilots needed.",
        ),
        (
            (31, 30, 0),
            "",
            "",
            20,
            "31 activated jobs, 30 inactive pilots queued (< queue depth 20 * depth boost 2). Will submit full pilot load.",
        ),
        (
            (5, 3, 0),
            r#""sched.classic.nqueue":"4","sched.classic.depthboost":"0""#,
            "",
            4,
            "5 activated jobs, 3 inactive pilots queued (< queue depth 4). Will submit full pilot load.",
        ),
    ]);
}

#[test]
fn no_job_waits() {
    let suppressed = r#""sched.classic.idlepilotsuppression":"5""#;
    check_all(&[
        (
            (0, 19, 0),
            "",
            "",
            1,
            "No activated jobs, 19 inactive pilots queued (< queue depth 20). Will submit 1 idling pilot.",
        ),
        (
            (0, 20, 0),
            "",
            "",
            0,
            "No activated jobs, 20 inactive pilots queued (>= queue depth 20). No extra pilots needed.",
        ),
        (
            (0, 3, 0),
            suppressed,
            r#""factory":{"cycle":7},"#,
            0,
            "No activated jobs, 3 inactive pilots queued. Idling pilot suppressed in cycle 7, 1 of 5 cycles has one.",
        ),
        (
            (0, 3, 0),
            suppressed,
            r#""factory":{"cycle":10},"#,
            1,
            "No activated jobs, 3 inactive pilots queued (< queue depth 20). Will submit 1 idling pilot.",
        ),
    ]);
}

#[test]
fn what_is_closed_or_full_comes_first() {
    let limit = r#""sched.classic.pilotlimit":"50""#;
    let transferring = r#""sched.classic.transferringlimit":"30""#;
    check_all(&[
        (
            (9, 0, 0),
            limit,
            r#""cloud":{"name":"DE","status":"offline"},"#,
            0,
            "Cloud DE is offline. Will not submit pilots.",
        ),
        (
            (9, 0, 0),
            "",
            r#""site":{"name":"DESY","status":"offline"},"#,
            0,
            "Site DESY is offline. Will not submit pilots.",
        ),
        ((9, 0, 0), "", r#""site":{"status":"error"},"#, 0, "The site is in an error state. Will not submit pilots."),
        ((9, 30, 20), limit, "", 0, "50 pilots (>= pilot limit 50). Will not submit more pilots."),
        (
            (9, 10, 20),
            limit,
            "",
            20,
            "9 activated jobs, 10 inactive pilots queued (< queue depth 20 * depth boost 2). Will submit full pilot load.",
        ),
        (
            (9, 0, 0),
            transferring,
            r#""wms":{"ready":9,"transferring":30},"#,
            0,
            "30 transferring jobs (>= limit 30). Will not submit more pilots.",
        ),
    ]);
}

#[test]
fn test_mode() {
    let test = r#""site":{"status":"test"},"#;
    check_all(&[
        ((9, 0, 5), "", test, 12, "Test mode with 5 pilots, 0 queued, queue depth 20. Will submit 12 testing pilots."),
        ((9, 0, 21), "", test, 1, "Test mode with 21 pilots, 0 queued, queue depth 20. Will submit 1 testing pilot."),
        ((9, 1, 0), "", test, 0, "Test mode with 1 pilots, 1 queued, queue depth 20. Doing nothing."),
        (
            (9, 0, 20),
            "",
            r#""cloud":{"status":"test"},"#,
            12,
            "Test mode with 20 pilots, 0 queued, queue depth 20. Will submit 12 testing pilots.",
        ),
        // A queue that the information system knows without a status.
        (
            (9, 0, 5),
            "",
            r#""site":{},"#,
            12,
            "Test mode with 5 pilots, 0 queued, queue depth 20. Will submit 12 testing pilots.",
        ),
    ]);
}

#[test]
fn the_status_of_the_settings() {
    let own = r#""sched.classic.status":"offline""#;
    let wins = r#""sched.classic.status":"offline","sched.classic.override":"True""#;
    let jobs =
        "9 activated jobs, 0 inactive pilots queued (< queue depth 20 * depth boost 2). Will submit full pilot load.";
    check_all(&[
        ((9, 0, 0), own, "", 20, jobs),
        ((9, 0, 0), wins, "", 0, "Site DESY is offline. Will not submit pilots."),
        ((9, 0, 0), own, r#""site":null,"#, 0, "The site is offline. Will not submit pilots."),
    ]);
}

#[test]
fn fair_share() {
    let share = r#""sched.classic.fairshare":"priority<1000:50""#;
    let high = |ready: i64, running: i64, of: i64| {
        format!(r#""wms":{{"ready":9,"running":{of},"priority":{{"activated":{ready},"running":{running}}}}},"#)
    };
    check_all(&[
        (
            (9, 5, 0),
            share,
            &high(3, 0, 100),
            20,
            "3 activated jobs of priority >= 1000, 5 inactive pilots queued (< queue depth 20 * depth boost 2). Will submit full pilot load.",
        ),
        (
            (9, 25, 0),
            share,
            &high(3, 0, 100),
            0,
            "3 activated jobs of priority >= 1000, 25 inactive pilots queued (>= queue depth 20, not fewer than 3 jobs). No extra pilots needed.",
        ),
        (
            (9, 5, 0),
            share,
            &high(0, 60, 100),
            20,
            "40 running jobs of low priority (< 50), 5 inactive pilots queued (< queue depth 20 * depth boost 2). Will submit full pilot load.",
        ),
        (
            (9, 25, 0),
            share,
            &high(0, 60, 100),
            0,
            "40 running jobs of low priority (< 50), 25 inactive pilots queued (>= queue depth 20, not fewer than 0 jobs). No extra pilots needed.",
        ),
        // Enough of low priority run: as without a share.
        (
            (9, 5, 0),
            share,
            &high(0, 40, 100),
            20,
            "9 activated jobs, 5 inactive pilots queued (< queue depth 20 * depth boost 2). Will submit full pilot load.",
        ),
        ((9, 5, 0), share, "", 0, "No information about priorities. Will not submit pilots."),
    ]);
}

#[test]
fn without_information() {
    check_all(&[
        ((9, 0, 0), "", r#""wms":null,"#, 0, "No information about jobs. Will not submit pilots."),
        ((9, 0, 0), "", r#""site":null,"#, 0, "No information about site. Will not submit pilots."),
    ]);
    check(&[("Classic", r#"{"wms":{}}"#, 0, "No information about pilots. Will not submit pilots.")]);
}

#[test]
fn a_share_is_found_in_a_longer_policy() {
    let policy: FairShare = "type=user:10,priority<750:100%,other".parse().unwrap();
    assert_eq!(policy, FairShare { priority: 750, running: 100 });
    for bad in ["priority>5:3", "priority<x:3", "priority<5", "priority<5:"] {
        assert!(bad.parse::<FairShare>().is_err(), "{bad}");
    }
}
