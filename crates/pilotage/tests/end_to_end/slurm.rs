//! `up` with a Slurm queue, against the cluster of `SLURM_CONF`.

use crate::support::{Place, Up, eventually};
use std::process::Command;

fn config(place: &Place) -> String {
    let conf = std::env::var("SLURM_CONF")
        .expect("SLURM_CONF is not set; `cargo xtask test` starts a Slurm and sets it, or exclude this test");
    format!(
        "[factory]\nname = \"{}\"\ncycle_s = 1\n\n[queue.cluster]\nsite = \"Centre\"\n\n[batch.slurm]\nsystem = \"slurm\"\nconf = \"{conf}\"\ndir = \"{}\"\npoll_s = 1\n\n[label.cluster]\nqueue = \"cluster\"\nbatch = \"slurm\"\nwall_time_s = 600\nidle_s = 5\nsched.maxpercycle.maximum = 4\nsched.maxtorun.maximum = 4\n",
        place.name(),
        place.path("slurm").display()
    )
}

#[test]
fn jobs_run_on_the_nodes() {
    let place = Place::new();
    let file = place.write("up.toml", config(&place));
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "0", "--config", file.to_str().unwrap()]);
    let words = "echo $PILOTAGE_QUEUE $SLURM_JOB_ID; test -n \"$SLURM_JOB_ID\"";
    let answer = up.json(&["submit", "--queue", "cluster", "--array", "40", "--json", "--", "sh", "-c", words]);
    let first = answer["array"]["first"].as_i64().unwrap();
    up.wait(&format!("{first}-{}", first + 39), 0);
    assert!(up.out(&["logs", &first.to_string()]).starts_with("cluster "));
    let pilots = up.json(&["pilots", "--json", "--label", "cluster"]);
    let pilots = pilots["pilots"].as_array().unwrap();
    assert!(
        !pilots.is_empty() && pilots.iter().all(|pilot| pilot["batch_id"].as_str().is_some_and(|id| !id.is_empty()))
    );
    let sentences = up.out(&["decisions", "--label", "cluster", "--last", "100"]);
    assert!(
        sentences.contains("40 jobs wait, no pilot is on its way; at most 4 a cycle: 4 pilots submitted"),
        "{sentences}"
    );
    let numbers: Vec<String> = pilots.iter().map(|pilot| pilot["batch_id"].as_str().unwrap().to_owned()).collect();
    up.stop();
    eventually("Slurm to forget the pilots", || {
        let listed = Command::new("squeue").args(["-h", "-o", "%A_%a %T"]).output().unwrap();
        assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
        let listed = String::from_utf8(listed.stdout).unwrap();
        let live = listed.lines().filter(|line| !line.contains("COMPLET") && !line.contains("CANCEL"));
        let ours = live.filter(|line| numbers.iter().any(|number| line.starts_with(number.as_str()))).count();
        (ours == 0).then_some(())
    });
}

#[test]
fn a_killed_job_ends_on_its_node() {
    let place = Place::new();
    let file = place.write("up.toml", config(&place));
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "0", "--config", file.to_str().unwrap()]);
    let id = up.submit(&["--queue", "cluster", "--", "sleep", "4713"]);
    eventually("the job to run", || (up.job(id)["state"] == "running").then_some(()));
    up.out(&["kill", &id.to_string()]);
    up.wait(&id.to_string(), 1);
    assert_eq!(up.job(id)["state"], "cancelled");
    up.stop();
}
