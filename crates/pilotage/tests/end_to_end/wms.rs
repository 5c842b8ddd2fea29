//! Jobs that another server counts: by its PanDA interface, and by its own.

use crate::support::Up;
use serde_json::Value;

/// A factory that only looks: its own server has nothing in the queue that its pilots are for.
fn config(up: &Up) -> String {
    let (dir, url) = (up.place.dir(), &up.url);
    let label = |name: &str, wms: &str| format!("[label.{name}]\nqueue = \"green\"\nbatch = \"here\"\n{wms}\n");
    let labels = [
        label("panda", "wms.source = \"panda\"\nwms.queue = \"blue\""),
        label("wide", "wms.source = \"panda\"\nwms.queue = \"blue\"\nwms.resource_types = [\"MCORE\"]"),
        label("idle", "wms.source = \"panda\""),
        label("typo", "wms.source = \"panda\"\nwms.queue = \"blu\""),
        label("other", "wms.source = \"other\"\nwms.queue = \"blue\""),
    ];
    let text = format!(
        "[factory]\nname = \"looks\"\nservers = [\"{url}\"]\ntoken_file = \"{0}/factory.token\"\ndir = \"{1}\"\n\
         chain = [\"Ready\", \"StatusOffline\"]\n[batch.here]\nsystem = \"local\"\nslots = 100\n\
         [wms.panda]\nsystem = \"panda\"\nservers = [\"{url}/\"]\n\
         [wms.other]\nsystem = \"pilotage\"\nservers = [\"{url}\"]\ntoken_file = \"{0}/admin.token\"\n{2}",
        dir.display(),
        up.place.path("looks").display(),
        labels.concat()
    );
    up.place.write("looks.toml", text).display().to_string()
}

#[test]
fn jobs_of_another_server_are_counted_by_both_its_interfaces() {
    let up = Up::with(&["--slots", "0", "--compat"]);
    for queue in ["blue", "green"] {
        up.out(&["queues", "define", queue, "--site", "here"]);
    }
    for cores in ["1", "1", "8"] {
        up.submit(&["--queue", "blue", "--cores", cores, "--", "true"]);
    }
    let file = config(&up);
    let decided = |label: &str| -> Value { up.json(&["factory", "explain", label, "--config", &file, "--json"]) };
    let fact = |decision: &Value, name: &str| {
        let facts = decision["facts"].as_array().unwrap();
        facts.iter().find(|fact| fact["name"] == name).map(|fact| fact["value"].as_str().unwrap().to_owned())
    };
    let seen = |label: &str| {
        let decision = decided(label);
        (fact(&decision, "wms.from"), fact(&decision, "wms.ready"), decision["number"].as_i64().unwrap())
    };
    let told = |from: &str, ready: &str, number: i64| (Some(from.to_owned()), Some(ready.to_owned()), number);
    assert_eq!(seen("panda"), told("wms panda, queue blue", "3", 3));
    assert_eq!(seen("wide"), told("wms panda, queue blue MCORE", "1", 1));
    assert_eq!(seen("idle"), told("wms panda, queue green", "0", 0));
    assert_eq!(seen("other"), told("wms other, queue blue", "2", 2), "one fits no pilot of the label");
    let typo = decided("typo");
    assert_eq!((typo["error"].as_str(), fact(&typo, "wms.ready")), (Some("wms 'panda' knows no queue 'blu'"), None));

    up.out(&["queues", "set", "blue", "offline"]);
    let decision = decided("panda");
    assert_eq!((fact(&decision, "site.status").as_deref(), decision["number"].as_i64()), (Some("offline"), Some(0)));

    let check = up.client(&["factory", "check", "--config", &file]).output().unwrap();
    let text = String::from_utf8(check.stdout).unwrap();
    assert!(!check.status.success() && text.contains("wms panda (panda): queue blu: is not known there"), "{text}");
    assert!(text.contains("ok   wms other (pilotage): answer: 1 of 1 queues"), "{text}");
    up.stop();
}
