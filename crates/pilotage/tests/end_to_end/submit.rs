//! Commands, scripts, arrays, files of jobs.

use crate::support::Up;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_command_runs_with_its_environment() {
    let up = Up::start();
    let words = "echo \"$PILOTAGE_JOB_ID $PILOTAGE_ATTEMPT $PILOTAGE_QUEUE $PILOTAGE_SITE $WORD\"; test \"$PWD\" = \"$PILOTAGE_SCRATCH\"";
    let id = up.submit(&["--env", "WORD=two words", "--name", "look", "--", "sh", "-c", words]);
    up.wait(&id.to_string(), 0);
    assert_eq!(up.out(&["logs", &id.to_string()]), format!("{id} 1 local local two words\n"));
    let job = up.job(id);
    assert_eq!((job["name"].as_str(), job["state"].as_str()), (Some("look"), Some("finished")));
    assert_eq!(job["attempts"].as_array().unwrap().len(), 1);
    assert!(up.out(&["job", &id.to_string()]).contains("finished"));
    up.stop();
}

#[test]
fn a_relative_program_runs_from_here_and_a_script_is_sent_along() {
    let up = Up::start();
    let program = up.place.write("my.sh", "#!/bin/sh\necho from $0 with $#\n");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let answer =
        up.client(&["submit", "--wait", "--", "./my.sh", "a", "b c"]).current_dir(up.place.path("")).output().unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    assert_eq!(up.out(&["logs", "1"]), format!("from {} with 2\n", program.display()));
    let script = up.place.write("job.sh", "#!/bin/sh\n#PILOTAGE --name from-script --env A=1\necho \"$A $1\"\n");
    let id = up.submit(&[script.to_str().unwrap(), "--", "first"]);
    up.wait(&id.to_string(), 0);
    assert_eq!(up.out(&["logs", &id.to_string()]), "1 first\n");
    assert_eq!(up.job(id)["name"], "from-script");
    up.stop();
}

#[test]
fn an_array_of_a_thousand_ends_completely() {
    let up = Up::start();
    let answer = up.json(&["submit", "--array", "1000", "--json", "--", "sh", "-c", "echo $PILOTAGE_ARRAY_INDEX"]);
    let (first, count) = (answer["array"]["first"].as_i64().unwrap(), answer["array"]["count"].as_i64().unwrap());
    assert_eq!((answer.as_object().unwrap().len(), count), (1, 1000));
    let ids = format!("{first}-{}", first + 999);
    up.wait(&ids, 0);
    let counts = up.json(&["jobs", "--count", "--json", "--ids", &ids]);
    assert_eq!((counts["finished"].as_u64(), counts["activated"].as_u64()), (Some(1000), Some(0)));
    assert_eq!(up.out(&["logs", &(first + 617).to_string()]), "617\n");
    let all = up.json(&["jobs", "--json", "--all", "--ids", &ids]);
    assert_eq!((all["jobs"].as_array().unwrap().len(), all["next"].is_null()), (1000, true));
    let page = up.json(&["jobs", "--json", "-n", "10", "--ids", &ids]);
    assert_eq!(page["jobs"].as_array().unwrap().len(), 10);
    let cursor = page["next"].as_str().unwrap().to_owned();
    let next = up.json(&["jobs", "--json", "-n", "10", "--ids", &ids, "--cursor", &cursor]);
    assert_eq!(next["jobs"][0]["id"].as_i64().unwrap(), page["jobs"][9]["id"].as_i64().unwrap() - 1);
    up.stop();
}

#[test]
fn a_file_of_jobs_is_taken_whole_or_not_at_all() {
    let up = Up::start();
    let good = "{\"command\":[\"echo\",\"one\"],\"name\":\"n1\"}\n\n{\"script\":\"#!/bin/sh\\necho two\\n\",\"memory\":\"1G\"}\n{\"command\":[\"sh\",\"-c\",\"exit 3\"]}\n";
    let file = up.place.write("jobs.jsonl", good);
    let answer = up.json(&["submit", "--json", "--from", file.to_str().unwrap()]);
    let ids: Vec<i64> = answer["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), 3);
    up.wait(&format!("{}-{}", ids[0], ids[1]), 0);
    up.wait(&ids[2].to_string(), 1);
    assert_eq!(up.out(&["logs", &ids[1].to_string()]), "two\n");
    let failed = up.json(&["jobs", "--json", "--state", "failed"]);
    assert_eq!(
        (failed["jobs"][0]["exit_code"].as_i64(), failed["jobs"][0]["error_class"].as_str()),
        (Some(3), Some("payload"))
    );
    let bad = up.place.write("bad.jsonl", format!("{good}{{\"comand\":[\"x\"]}}\n"));
    let output = up.client(&["submit", "--from", bad.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, format!("error: {}:5: column 9: unknown key 'comand'; did you mean 'command'?\n", bad.display()));
    assert_eq!(up.json(&["jobs", "--count", "--json"])["finished"].as_u64(), Some(2));
    up.stop();
}

#[test]
fn files_are_brought_and_taken() {
    let up = Up::start();
    let input = up.place.write("in.txt", "hello\n");
    let output = up.place.path("out.txt");
    let (from, to) = (format!("data.txt={}", input.display()), format!("copy.txt={}", output.display()));
    let words = "tr a-z A-Z < data.txt > copy.txt; wc -c < data.txt > kept.txt";
    let id = up.submit(&["--input", &from, "--output", &to, "--output", "kept.txt", "--", "sh", "-c", words]);
    up.wait(&id.to_string(), 0);
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "HELLO\n");
    let kept = up.place.path("kept.txt");
    up.out(&["job", &id.to_string(), "--fetch", &format!("kept.txt={}", kept.display())]);
    assert_eq!(std::fs::read_to_string(kept).unwrap().trim(), "6");
    up.stop();
}

#[test]
fn the_same_key_gets_the_same_jobs() {
    let up = Up::start();
    let submit = || up.submit(&["--idempotency-key", "once", "--", "true"]);
    let (first, second) = (submit(), submit());
    assert_eq!(first, second);
    up.wait(&first.to_string(), 0);
    assert_eq!(up.json(&["jobs", "--count", "--json"])["finished"].as_u64(), Some(1));
    up.stop();
}
