//! The demo as a person runs it.

use crate::support::{DEADLINE, Place};

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
