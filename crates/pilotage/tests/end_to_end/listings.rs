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
