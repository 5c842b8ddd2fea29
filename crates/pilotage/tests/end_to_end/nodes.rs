//! Nodes that lack what a label asks for: told before the first job, and avoided where that can be.

use crate::support::{Place, Up, eventually};
use serde_json::Value;
use std::fs;

fn bad_nodes(up: &Up) -> Vec<Value> {
    up.json(&["factories", "--json"])["factories"][0]["nodes"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_bad_node_is_told_everywhere_and_forgiven() {
    let place = Place::new();
    let repository = place.path("repository");
    let text = format!(
        "[factory]\ncycle_s = 0.2\n\n[batch.machine]\nsystem = \"local\"\n\n[label.picky]\nqueue = \"picky\"\n\
         batch = \"machine\"\nsched.backoff.interval = 0\nsched.maxpercycle.maximum = 1\n\n\
         [label.picky.node]\ncvmfs = [\"{}\"]\n",
        repository.display()
    );
    let file = place.write("up.toml", text);
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "0", "--config", file.to_str().unwrap()]);
    let job = up.submit(&["--queue", "picky", "--", "true"]);
    let bad = eventually("a node that is avoided", || {
        bad_nodes(&up).into_iter().find(|bad| bad["avoided_until"].is_string())
    });
    assert!(bad["failures"].as_u64().unwrap() >= 2, "{bad}");
    let words = format!("cvmfs: {}: No such file or directory", repository.display());
    assert!(bad["why"].as_str().unwrap().contains(&words), "{bad}");

    let fault = eventually("a broken pilot", || {
        up.json(&["pilots", "--json", "--state", "fault"])["pilots"].as_array()?.first().cloned()
    });
    assert_eq!((&fault["error_class"], &fault["jobs_ended"]), (&"node".into(), &0.into()));
    let shown = up.out(&["pilots", "show", &fault["id"].to_string()]);
    assert!(shown.contains("exit code 86") && shown.contains(&words), "{shown}");
    assert!(shown.contains("  Kernel ") && shown.contains(" MiB free of "), "{shown}");
    let ends = up.out(&["pilots", "ends"]);
    assert!(ends.contains("node") && ends.contains("exit code 86"), "{ends}");
    let node = bad["node"].as_str().unwrap();
    let factories = up.out(&["factories"]);
    assert!(factories.contains(&format!("  node {node} of machine: failed ")), "{factories}");
    let sentence = format!("node {node} is bad and cannot be avoided");
    eventually("the decision", || {
        let said = up.out(&["decisions", "--label", "picky", "--last", "100"]);
        said.to_lowercase().contains(&sentence.to_lowercase()).then_some(())
    });

    fs::create_dir_all(repository.join("vo")).unwrap();
    up.wait(&job.to_string(), 0);
    eventually("the good pilot counting", || bad_nodes(&up).is_empty().then_some(()));
    let name = up.json(&["factories", "--json"])["factories"][0]["name"].as_str().unwrap().to_owned();
    let all = up.out(&["factories", "forgive", &name]);
    assert_eq!(all, format!("factory {name}: done: 0 nodes are used again\n"));
    let unknown = up.client(&["factories", "forgive", &name, "n17"]).output().unwrap();
    assert!(!unknown.status.success());
    let said = String::from_utf8_lossy(&unknown.stdout).into_owned() + &String::from_utf8_lossy(&unknown.stderr);
    assert!(said.contains("no pilot failed on node 'n17' lately"), "{said}");
    up.stop();
}

/// On a real Slurm of several nodes: one of them fails a check program, and new pilots go to the others.
#[test]
fn slurm_keeps_new_pilots_from_a_black_hole() {
    let conf =
        std::env::var("SLURM_CONF").expect("SLURM_CONF is not set; `cargo xtask test` starts a Slurm and sets it");
    let place = Place::new();
    // Every node fails until one has failed twice. That one is the black hole, wherever Slurm put the pilots.
    let (check, tried, hole) = (place.path("check"), place.path("tried"), place.path("hole"));
    let script = format!(
        "#!/bin/sh\nme=$SLURMD_NODENAME\nif [ ! -e '{0}' ]; then\n  echo $me >>'{1}'\n  \
         [ $(grep -cx $me '{1}') -lt 2 ] || echo $me >'{0}'\nelif [ $(cat '{0}') != $me ]; then exit 0; fi\n\
         echo no licence; exit 3\n",
        hole.display(),
        tried.display()
    );
    fs::write(&check, script).unwrap();
    fs::set_permissions(&check, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let text = format!(
        "[factory]\nname = \"{}\"\ncycle_s = 0.5\n\n[queue.cluster]\nsite = \"Centre\"\n\n[batch.slurm]\n\
         system = \"slurm\"\nconf = \"{conf}\"\ndir = \"{}\"\npoll_s = 0.5\n\n[label.cluster]\n\
         queue = \"cluster\"\nbatch = \"slurm\"\nwall_time_s = 600\nidle_s = 5\nsched.backoff.interval = 0\n\
         sched.maxpercycle.maximum = 1\nsched.maxtorun.maximum = 1\n\n[label.cluster.node]\nprogram = \"{}\"\n",
        place.name(),
        place.path("slurm").display(),
        check.display()
    );
    let file = place.write("up.toml", text);
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "0", "--config", file.to_str().unwrap()]);
    let job = up.submit(&["--queue", "cluster", "--", "sh", "-c", "echo on $SLURMD_NODENAME"]);
    up.wait(&job.to_string(), 0);
    let hole = fs::read_to_string(hole).unwrap();
    let ran = up.out(&["logs", &job.to_string()]);
    assert_ne!(ran.trim(), format!("on {}", hole.trim()), "the job did not go into the hole");
    let bad = bad_nodes(&up).into_iter().find(|bad| bad["node"] == hole.trim()).expect("the hole among the bad nodes");
    assert!(bad["avoided_until"].is_string() && bad["failures"].as_u64() >= Some(2), "{bad}");
    let said = up.out(&["decisions", "--label", "cluster", "--last", "100"]).to_lowercase();
    assert!(said.contains(&format!("node {} is bad and avoided", hole.trim().to_lowercase())), "{said}");
    up.stop();
}
