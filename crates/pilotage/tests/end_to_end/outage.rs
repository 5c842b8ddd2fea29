//! The server is away while pilots end.

use crate::apart::Site;
use crate::support::{Role, eventually, kill};
use std::fs;

#[test]
fn results_survive_although_their_pilots_end_while_the_server_is_stopped() {
    let site = Site::new();
    let server = site.server();
    site.run(&["queues", "define", "own", "--site", "here"]);
    // Pilots inherit this: they do not wait long for a server at their end.
    let factory = Role::start_with(
        &site.place,
        &["factory", "run", "--config", &site.factory_file],
        &[("PILOTAGE_LINGER_S", "1")],
    );
    let (runs, ends, go) = (site.place.path("runs"), site.place.path("ends"), site.place.path("go"));
    let script = |work: &str| {
        format!(
            "#!/bin/sh\n#PILOTAGE --output result\necho $PILOTAGE_JOB_ID >> {}\nwhile [ ! -e {} ]; do sleep 0.05; done\n{work}\necho >> {}\n",
            runs.display(),
            go.display(),
            ends.display()
        )
    };
    let lines = |path: &std::path::Path| fs::read_to_string(path).map_or(0, |text| text.lines().count());
    let short = site.submit(&script("echo short; echo 42 > result"));
    let long = site.submit(&script("i=0; while [ $i -lt 2000 ]; do echo line-$i; i=$((i+1)); done; echo 42 > result"));
    let fails = site.submit(&script("echo wrong >&2; echo >> {}; exit 7").replace("{}", ends.to_str().unwrap()));
    eventually("all jobs to run", || (lines(&runs) == 3).then_some(()));
    server.crash();
    fs::write(&go, "").unwrap();
    eventually("all jobs to end", || (lines(&ends) == 3).then_some(()));
    site.pilots().into_iter().for_each(|pid| kill(pid, "TERM"));
    eventually("the pilot to end", || site.pilots().is_empty().then_some(()));

    let server = site.server();
    let ended = |id: &str| {
        let job = site.job(id);
        matches!(job["state"].as_str(), Some("finished" | "failed")).then_some(job)
    };
    let jobs = [&short, &long, &fails].map(|id| eventually("its result", || ended(id)));
    let told = jobs.each_ref().map(|job| (job["state"].as_str().unwrap(), job["attempt"].as_i64().unwrap()));
    assert_eq!(told, [("finished", 1), ("finished", 1), ("failed", 1)], "{}", site.place.log());
    assert_eq!(jobs[2]["exit_code"], 7);
    assert_eq!(jobs[0]["outputs"], serde_json::json!(["result"]));
    assert_eq!(site.run(&["logs", &short]), "short\n");
    assert_eq!(site.run(&["logs", &long]), (0..2000).map(|i| format!("line-{i}\n")).collect::<String>());
    assert_eq!(site.run(&["logs", "--stderr", &fails]), "wrong\n");
    assert_eq!(lines(&runs), 3, "nothing ran again");
    factory.stop();
    server.stop();
    site.place.assert_empty();
}
