//! The demo as a person runs it.

use crate::support::{DEADLINE, PROGRAM, Place, kill};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

#[test]
fn every_job_ends_as_expected_and_the_image_stays() {
    let place = Place::new();
    let image = place.path("image.png");
    let output = place.bare(&["demo", "--output", image.to_str().unwrap()]).timeout(DEADLINE * 5).output().unwrap();
    let (said, trouble) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{said}{trouble}");
    assert!(said.contains("67 jobs") && said.contains("every one ended as expected"), "{said}");
    assert!(said.contains("Why pilots were submitted") && said.contains(" pilot submitted"), "{said}");
    let header = std::fs::read(&image).unwrap();
    assert_eq!(&header[..8], b"\x89PNG\r\n\x1a\n");
    place.assert_empty();
}

#[test]
fn it_runs_where_there_is_neither_python_nor_awk() {
    let place = Place::new();
    let bin = place.path("bin");
    std::fs::create_dir(&bin).unwrap();
    for program in ["sh", "cat", "chmod", "df", "id", "mkdir", "mv", "rm", "sleep", "touch", "uname"] {
        std::os::unix::fs::symlink(format!("/bin/{program}"), bin.join(program)).unwrap();
    }
    let image = place.path("image.png");
    let mut demo = place.bare(&["demo", "--output", image.to_str().unwrap()]);
    let output = demo.env("PATH", &bin).timeout(DEADLINE * 5).output().unwrap();
    let (said, trouble) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{said}{trouble}");
    assert!(said.contains("note: there is no python3 here; the shell alone counts the primes"), "{said}");
    place.assert_empty();
}

#[test]
fn an_output_that_cannot_be_written_is_told_at_once() {
    let place = Place::new();
    let output = place.bare(&["demo", "--output", "/proc/x.png"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("error: --output: /proc/x.png cannot be written: "), "{said}");
}

/// A demo, and what it says.
fn start(place: &Place, image: &Path, more: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(PROGRAM);
    command.args(["demo", "--output", image.to_str().unwrap()]).args(more).envs(place.environment());
    command.env_remove("PILOTAGE_DIR").stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

fn line_with(out: &mut BufReader<ChildStdout>, wanted: &str) -> String {
    let mut lines = out.lines().map(Result::unwrap);
    lines.find(|line| line.contains(wanted)).unwrap_or_else(|| panic!("the demo never said '{wanted}'"))
}

#[test]
fn stopped_before_the_end_it_ends_as_interrupted_programs_do() {
    let place = Place::new();
    let (mut demo, mut out) = start(&place, &place.path("image.png"), &[]);
    line_with(&mut out, "http://127.0.0.1:");
    kill(demo.id() as i32, "INT");
    assert_eq!(demo.wait().unwrap().code(), Some(130));
    place.assert_empty();
}

#[test]
fn a_kept_one_is_remembered_only_as_long_as_it_is_there() {
    let place = Place::new();
    std::fs::create_dir(place.path("state/pilotage")).unwrap();
    let last = place.write("state/pilotage/last-dir", "/of/the/last/up\n");
    let (mut demo, mut out) = start(&place, &place.path("image.png"), &["--keep"]);
    line_with(&mut out, "ready http://");
    assert!(std::fs::read_to_string(&last).unwrap().starts_with(place.path("scratch").to_str().unwrap()));
    assert!(place.bare(&["jobs"]).output().unwrap().status.success());
    kill(demo.id() as i32, "INT");
    assert_eq!(demo.wait().unwrap().code(), Some(0));
    assert_eq!(std::fs::read_to_string(&last).unwrap(), "/of/the/last/up\n");
    place.assert_empty();
}
