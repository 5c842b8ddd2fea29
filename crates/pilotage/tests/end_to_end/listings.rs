//! Every listing, for people and for programs.

use crate::support::{Up, eventually};
use serde_json::Value;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn programs_get_what_the_contract_says() {
    let up = Up::start();
    let id = up.submit(&["--", "true"]);
    up.wait(&id.to_string(), 0);
    let jobs = up.json(&["jobs", "--json"]);
    assert_eq!(keys(&jobs), ["jobs", "next"]);
    let wanted = ["attempt", "error_class", "exit_code", "id", "name", "pilot", "queue", "site", "state", "user"];
    assert_eq!(keys(&jobs["jobs"][0]), wanted);
    assert_eq!((jobs["jobs"][0]["exit_code"].as_i64(), jobs["jobs"][0]["error_class"].is_null()), (Some(0), true));
    let counts = up.json(&["jobs", "--count", "--json"]);
    let states = model::JobState::ALL.map(|state| state.as_str());
    assert!(states.iter().all(|state| counts[state].is_u64()), "{counts}");
    assert_eq!(keys(&counts).len(), states.len());
    for (listing, key) in
        [("pilots", "pilots"), ("queues", "queues"), ("factories", "factories"), ("decisions", "decisions")]
    {
        let rows = eventually(listing, || {
            let answer = up.json(&[listing, "--json"]);
            answer[key].as_array().filter(|rows| !rows.is_empty()).cloned()
        });
        assert!(rows[0].is_object());
    }
    assert!(up.json(&["token", "list", "--json"])["tokens"].is_array());
    assert_eq!(
        up.json(&["decisions", "--json", "--label", "local", "--last", "1"])["decisions"].as_array().unwrap().len(),
        1
    );
    assert!(up.json(&["doctor", "--json"])["checks"].is_array());
    up.stop();
}

#[test]
fn people_get_tables_and_sentences() {
    let up = Up::start();
    assert_eq!(up.out(&["jobs"]), "no jobs\n");
    let id = up.submit(&["--", "true"]);
    up.wait(&id.to_string(), 0);
    let wanted: [(&[&str], &str); 7] = [
        (&["jobs"], "finished"),
        (&["jobs", "--count"], "finished"),
        (&["pilots"], "running"),
        (&["queues"], "online"),
        (&["decisions"], "1 job waits, no pilot is on its way: 1 pilot submitted"),
        (&["factories"], "local"),
        (&["top", "--once"], "jobs: 1 finished"),
    ];
    for (args, word) in wanted {
        eventually(&format!("{args:?} with {word}"), || up.out(args).contains(word).then_some(()));
    }
    let doctor = up.out(&["doctor"]);
    assert!(doctor.contains("is ready") && !doctor.contains("FAIL"), "{doctor}");
    let absent = up.place.path("absent");
    let typed = up.client(&["doctor", "--dir", absent.to_str().unwrap()]).output().unwrap();
    let doctor = String::from_utf8(typed.stdout).unwrap();
    assert!(doctor.contains(&format!("{}, named by --dir, is not there", absent.display())), "{doctor}");
    up.stop();
}

#[test]
fn what_the_monitor_knows_is_told_on_the_command_line() {
    let up = Up::start();
    let id = up.submit(&["--name", "render it", "--", "true"]);
    up.wait(&id.to_string(), 0);
    let pilot = up.json(&["pilots", "--json"])["pilots"][0]["id"].to_string();
    up.out(&["pilots", "drain", &pilot]);
    let used = eventually("the time of cores of a pilot that ended", || {
        let used = up.json(&["pilots", "efficiency", "--json"]);
        used["labels"].as_array().is_some_and(|labels| !labels.is_empty()).then_some(used)
    });
    assert_eq!(used["labels"][0]["label"], "local", "{used}");
    let efficiency = up.out(&["pilots", "efficiency", "--factory", used["labels"][0]["factory"].as_str().unwrap()]);
    assert!(efficiency.contains("core hours of ended pilots") && efficiency.contains("\nall "), "{efficiency}");
    assert!(up.out(&["pilots", "errors"]).ends_with(" UTC: 0 pilots in fault\n"));

    let nodes = up.json(&["nodes", "--json"]);
    let node = nodes["nodes"][0]["node"].as_str().unwrap();
    assert_eq!(nodes["nodes"][0]["counts"]["finished"], 1, "{nodes}");
    let told = up.out(&["nodes", "--node", node]);
    assert!(told.contains("1 node, 0 black holes") && told.contains(node), "{told}");
    assert!(up.out(&["nodes", "--bad"]).ends_with(" UTC: 0 nodes, 0 black holes\n"));

    let found = |words: &[&str]| up.out(&[&["find"], words].concat());
    assert!(found(&["render", "it"]).contains("pilotage jobs --name 'render it'"), "{}", found(&["render", "it"]));
    assert!(found(&[node]).contains(&format!("pilotage nodes --node {node}")), "{}", found(&[node]));
    let hits = up.json(&["find", &pilot, "--json"]);
    assert!(hits["hits"].as_array().unwrap().iter().any(|hit| hit["kind"] == "pilot"), "{hits}");
    assert_eq!(found(&["no", "such"]), "nothing has 'no such' as its id or node, or in its name\n");
    let refused = up.client(&["pilots", "errors", "--site", "locl"]).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && said.contains("did you mean 'local'?"), "{said}");
    up.stop();
}
