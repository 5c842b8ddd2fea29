//! The wrapper script under the node's `sh`.

// Helpers of tests may panic as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

const PROGRAM: &[u8] = b"#!/bin/sh\necho pilot \"$@\"; echo \"$0 $PILOTAGE_DELETE_PROGRAM\" >&2; exit 42\n";

fn wrapper(dir: &Path, variables: &[(&str, &str)]) -> Output {
    let script = dir.join("wrapper");
    fs::write(&script, agent::WRAPPER).unwrap();
    let mut command = Command::new("sh");
    command.arg(script).args(["pilot", "--secret-file", "a b"]).env_clear().env("PATH", "/usr/bin:/bin");
    command.env("PILOTAGE_SCRATCH_BASE", dir).current_dir(dir).envs(variables.iter().copied());
    command.output().unwrap()
}

fn words(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn program(dir: &Path, mode: u32) -> String {
    let path = dir.join("the-pilot");
    fs::write(&path, PROGRAM).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    path.display().to_string()
}

/// Serves the program to everybody who asks.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/pilot", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            lines.take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty())).for_each(drop);
            let (status, body) = if first.contains("/pilot ") { ("200 OK", PROGRAM) } else { ("404 No", &b""[..]) };
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        }
    });
    url
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}

#[test]
fn is_short() {
    assert!(agent::WRAPPER.lines().count() <= 100);
}

#[test]
fn runs_the_given_program_with_all_arguments() {
    let dir = tempfile::tempdir().unwrap();
    let pilot = program(dir.path(), 0o755);
    let (code, out, err) = words(&wrapper(dir.path(), &[("PILOTAGE_PILOT", &pilot)]));
    assert_eq!((code, out.as_str()), (Some(42), "pilot pilot --secret-file a b\n"), "{err}");
    assert!(err.contains(&format!("scratch {}", dir.path().display())), "{err}");
}

#[test]
fn downloads_and_checks_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let (url, sum) = (serve(), sha256(PROGRAM));
    let good = [("PILOTAGE_PILOT_URL", url.as_str()), ("PILOTAGE_PILOT_SHA256", &sum)];
    let (code, out, err) = words(&wrapper(dir.path(), &good));
    assert_eq!((code, out.as_str()), (Some(42), "pilot pilot --secret-file a b\n"), "{err}");
    assert!(err.trim_end().ends_with(" 1"), "{err}");

    let bad = [("PILOTAGE_PILOT_URL", url.as_str()), ("PILOTAGE_PILOT_SHA256", "00")];
    let (code, _, err) = words(&wrapper(dir.path(), &bad));
    assert_eq!(code, Some(75), "{err}");
    assert!(err.contains(&format!("has checksum {sum}, not 00")), "{err}");

    let none = format!("{url}-none");
    let (code, _, err) = words(&wrapper(dir.path(), &[("PILOTAGE_PILOT_URL", &none), ("PILOTAGE_PILOT_SHA256", &sum)]));
    assert_eq!(code, Some(64), "{err}");
    let left = fs::read_dir(dir.path()).unwrap().flatten().filter(|entry| entry.file_name() != "wrapper").count();
    assert_eq!(left, 1, "only the good download stays, for the pilot to remove");
}

#[test]
fn says_what_is_wrong_with_the_node() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, err) = words(&wrapper(dir.path(), &[]));
    assert_eq!(code, Some(77), "{err}");
    let (code, _, err) = words(&wrapper(dir.path(), &[("PILOTAGE_PILOT", "/no/such")]));
    assert_eq!(code, Some(77), "{err}");
    assert!(err.contains("no pilot program at /no/such"), "{err}");
    let pilot = program(dir.path(), 0o644);
    let (code, _, err) = words(&wrapper(dir.path(), &[("PILOTAGE_PILOT", &pilot)]));
    assert_eq!(code, Some(76), "{err}");
    let huge = [("PILOTAGE_PILOT", pilot.as_str()), ("PILOTAGE_SCRATCH_FREE_MIB", "999999999")];
    let (code, _, err) = words(&wrapper(dir.path(), &huge));
    assert_eq!(code, Some(79), "{err}");
    assert!(err.contains("MiB free, 999999999 needed"), "{err}");
}
