//! The pilot where there is nothing: no `/proc`, no `/dev`, no certificates, no programs.

// Helpers of tests may panic as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs::{self, File};
use std::process::{Command, Stdio};

#[test]
fn a_runner_needs_no_dev_null() {
    let dir = tempfile::tempdir().unwrap();
    let dev = dir.path().join("dev");
    fs::create_dir(&dev).unwrap();
    // The runner starts with an empty /dev; it ends by itself when its connection is at its end.
    let script = format!("mount --bind {} /dev && exec \"$@\"", dev.display());
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]);
    command.args([env!("CARGO_BIN_EXE_pilotage-pilot"), "runner"]);
    let status = command.stdin(Stdio::from(File::open("/dev/null").unwrap())).status().unwrap();
    assert!(status.success(), "{status}");
}
