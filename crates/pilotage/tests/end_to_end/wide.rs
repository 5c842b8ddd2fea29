//! Jobs that need several slots of a pilot, beside jobs that need one.

use crate::support::{Up, eventually};
use std::fs;

/// Appends how many cores it takes, then how many it gives back, each as one short write.
const STAMP: &str = r#"echo "$2" >>"$1"; i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); done; echo "-$2" >>"$1""#;

#[test]
fn wide_and_narrow_jobs_share_a_pilot_and_never_take_more_than_it_has() {
    let up = Up::with(&["--slots", "4"]);
    let stamps = up.place.path("stamps");
    for cores in ["1", "4", "2", "1", "2", "4"] {
        let job = ["--cores", cores, "--array", "15", "--", "sh", "-c", STAMP, "sh", stamps.to_str().unwrap(), cores];
        up.out(&[&["submit"], &job[..]].concat());
    }
    up.wait("--all", 0);
    let (mut taken, mut most) = (0, 0);
    let text = fs::read_to_string(&stamps).unwrap();
    for line in text.lines() {
        taken += line.parse::<i32>().unwrap();
        most = most.max(taken);
        assert!((0..=4).contains(&taken), "{taken} of 4 cores are taken at once");
    }
    assert_eq!((text.lines().count(), taken, most), (6 * 15 * 2, 0, 4));
    up.stop();
}

#[test]
fn a_job_that_fits_no_pilot_says_so_and_costs_none() {
    let up = Up::with(&["--slots", "2"]);
    let wide = up.submit(&["--cores", "3", "--", "true"]);
    let reason = "no pilot that serves its queue can run it: local: needs 3 cores and a pilot has 2";
    eventually("the reason on the job", || (up.job(wide)["message"] == reason).then_some(()));
    assert_eq!(up.job(wide)["state"], "activated");
    let words = "1 job waits, 1 of them fits no pilot of this label (one needs 3 cores and a pilot has 2)";
    let told = || up.out(&["decisions", "--label", "local"]).contains(words).then_some(());
    eventually("a decision that names the reason", told);
    assert_eq!(up.json(&["pilots", "--json"])["pilots"].as_array().unwrap().len(), 0);
    let narrow = up.submit(&["--cores", "2", "--", "true"]);
    up.wait(&narrow.to_string(), 0);
    up.out(&["kill", &wide.to_string()]);
    up.stop();
}
