//! The APFmon face, as programs of all eras speak to it.

// Functions beside the tests may panic as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod access;
mod dialects;
mod eras;
mod lives;
mod stage;
mod stale;
mod udp;
