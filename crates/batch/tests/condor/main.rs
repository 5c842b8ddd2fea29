//! Pilots in a real HTCondor. `CONDOR_CONFIG` and `PILOTAGE_TEST_CONDOR_BIN` name one that may be used;
//! `cargo xtask test` starts it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod census;
mod flavours;
mod life;
mod policy;
mod pool;
mod remote;
mod submission;
mod trouble;
