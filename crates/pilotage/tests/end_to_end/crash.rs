//! The server and factory process dies without warning while jobs run.

use crate::support::{Place, Up, eventually, free_port};
use std::collections::BTreeMap;

#[test]
fn every_job_ends_once_although_the_server_was_killed() {
    let listen = format!("127.0.0.1:{}", free_port());
    let place = Place::new();
    let config = place.write("up.toml", "[server]\nlease = \"20s\"\nheartbeat = \"1s\"\n");
    let options = ["--slots", "2", "--config", config.to_str().unwrap()];
    let up = Up::in_place(place, &listen, &options);
    let done = up.place.path("done");
    std::fs::create_dir(&done).unwrap();
    // From the 31st on they wait for the gate, so that some run when the server dies.
    let (held, gate) = (up.place.path("held"), up.place.path("gate"));
    let wait = format!("touch {}; while [ ! -e {} ]; do sleep 0.05; done", held.display(), gate.display());
    let words =
        format!("[ $PILOTAGE_ARRAY_INDEX -lt 30 ] || {{ {wait}; }}; echo x >> {}/$PILOTAGE_JOB_ID", done.display());
    let answer = up.json(&["submit", "--array", "200", "--json", "--", "sh", "-c", &words]);
    let first = answer["array"]["first"].as_i64().unwrap();
    let ids = format!("{first}-{}", first + 199);
    let ended = || std::fs::read_dir(&done).unwrap().count();
    eventually("30 jobs to end and one to run", || (ended() == 30 && held.exists()).then_some(()));
    let place = up.crash();
    std::fs::write(&gate, "").unwrap();
    eventually("some jobs to end without a server", || (ended() > 30).then_some(()));
    let up = Up::in_place(place, &listen, &options);
    up.wait(&ids, 0);
    let runs: BTreeMap<String, usize> = std::fs::read_dir(&done)
        .unwrap()
        .flatten()
        .map(|file| {
            (file.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(file.path()).unwrap().len() / 2)
        })
        .collect();
    assert_eq!(runs.len(), 200);
    let twice: Vec<_> = runs.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "jobs ran more than once: {twice:?}");
    let counts = up.json(&["jobs", "--count", "--json"]);
    assert_eq!(counts["finished"].as_u64(), Some(200), "{counts}");
    up.stop();
}
