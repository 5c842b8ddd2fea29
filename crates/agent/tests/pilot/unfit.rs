//! Nodes that lack something: told before any job, and never given one.

use crate::node::TestPilot;
use crate::server::Server;
use model::{JobSpec, NodeCheck, NodeProfile};
use std::fs;

/// Runs a pilot on a node that lacks something; its exit code, what it told the server, and the checks.
fn told(needs: &str, date: &str) -> (i32, NodeProfile, Vec<(NodeCheck, String)>) {
    let server = Server::start();
    server.change(|state| state.date = date.to_owned());
    server.submit(JobSpec::command("true", []), 1);
    let mut pilot = TestPilot::start(&server, &["--node", needs]);
    let code = pilot.exit_code();
    let state = server.state();
    assert_eq!((state.leased, state.hellos, state.exits.len()), (0, 1, 0), "one call says it all");
    let hello = state.greeting.as_ref().unwrap();
    let failed = hello.failed.iter().map(|failed| (failed.check, failed.why.clone())).collect();
    (code, hello.profile.clone().unwrap(), failed)
}

#[test]
fn what_a_node_lacks_is_told_with_its_profile() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().display();
    let (code, profile, failed) = told(&format!("{{\"cvmfs\": [\"{empty}\"], \"memory_free_mib\": 99999999}}"), "");
    assert_eq!(code, 84, "the first in the order of the list counts");
    let checks: Vec<NodeCheck> = failed.iter().map(|(check, _)| *check).collect();
    assert_eq!(checks, [NodeCheck::Memory, NodeCheck::Cvmfs]);
    assert_eq!(failed[1].1, format!("{empty} is empty"));
    assert!(profile.cores > 0 && profile.memory_mib > 0 && profile.scratch_free_mib > 0, "{profile:?}");
    assert_eq!(profile.clock_ahead_s, None, "this server tells no time");
}

#[test]
fn every_check_has_its_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("check");
    fs::write(&program, "#!/bin/sh\necho no licence >&2\nexit 3\n").unwrap();
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let rows = [
        (79, "{\"scratch_free_mib\": 999999999}".to_owned(), "999999999 MiB are needed"),
        (85, "{\"cores\": 10000}".to_owned(), "10000 are needed"),
        (88, format!("{{\"network\": [\"{closed}\"]}}"), "refused"),
        (89, "{\"runtimes\": [\"no-such-runtime\"]}".to_owned(), "no-such-runtime: No such file"),
        (90, format!("{{\"program\": \"{}\"}}", program.display()), "exit code 3: no licence"),
    ];
    for (expected, needs, words) in rows {
        let (code, _, failed) = told(&needs, "");
        assert_eq!(code, expected, "{needs}: {failed:?}");
        assert!(matches!(&failed[..], [(_, why)] if why.contains(words)), "{failed:?}");
    }
}

#[test]
fn the_clock_is_compared_with_the_server_s() {
    let (code, profile, failed) = told("{}", "Tue, 03 Nov 2020 00:00:00 GMT");
    assert_eq!(code, 87);
    assert!(profile.clock_ahead_s.unwrap() > 100_000_000);
    assert!(failed[0].1.contains("ahead of the server's, 300 s are accepted"), "{failed:?}");
}

#[test]
fn a_fit_node_takes_jobs() {
    let server = Server::start();
    let job = server.submit(JobSpec::command("true", []), 1);
    let needs = "{\"scratch_free_mib\": 1, \"memory_free_mib\": 1, \"cores\": 1, \"runtimes\": [\"true\"], \"cvmfs\": [\"/usr\"]}";
    let _pilot = TestPilot::start(&server, &["--node", needs]);
    server.final_report(job);
    assert_eq!(server.state().greeting.as_ref().unwrap().failed, []);
}

#[test]
fn needs_that_make_no_sense_are_refused() {
    let (code, said) =
        crate::node::run_to_end(&Server::start(), &["--secret-file", "@secret", "--node", "{\"coers\": 1}"]);
    assert_eq!(code, 2);
    assert!(said.contains("unknown field `coers`"), "{said}");
}
