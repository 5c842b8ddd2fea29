//! Free ports of the loopback interface.

use anyhow::{Context, Result};
use std::net::{Ipv4Addr, TcpListener};

/// One free port.
pub fn one() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on loopback")?;
    Ok(listener.local_addr()?.port())
}

/// A port that is free together with those at `offsets` above it; below the range that connections take theirs from.
pub fn with_offsets(offsets: &[u16]) -> Result<u16> {
    (17_000..32_000)
        .step_by(50)
        .find(|base| offsets.iter().all(|offset| is_free(base + offset)))
        .context("no free range of ports on loopback")
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
