//! Short versions of `cargo xtask soak`. They need the services of `cargo xtask test` and the program built beside them.

use std::process::Command;

fn soak(arguments: &[&str]) {
    let status = Command::new(env!("CARGO_BIN_EXE_load")).arg("soak").args(arguments).status();
    assert!(
        status.as_ref().is_ok_and(|status| status.success()),
        "load soak {} ended with {status:?}",
        arguments.join(" ")
    );
}

#[test]
fn twenty_kills_lose_nothing_on_local_and_slurm() {
    soak(&["--kills", "20", "--jobs", "400", "--slurm", "--patience-s", "240"]);
}

#[test]
fn a_full_disk_loses_nothing() {
    soak(&["--fault", "disk", "--outage-s", "8", "--jobs", "150", "--patience-s", "180"]);
}

#[test]
fn a_cut_network_loses_nothing() {
    soak(&["--fault", "network", "--outage-s", "10", "--jobs", "150", "--patience-s", "180"]);
}
