//! Batch systems behind a login node: a real sshd, which `PILOTAGE_TEST_SSH` names, with the real Slurm and HTCondor
//! behind it; `cargo xtask test` starts them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod condor;
mod gate;
mod local;
mod node;
mod slurm;
mod trouble;
