//! Ports of the loopback interface for the services of one run.

use anyhow::{Context, Result};
use std::net::{Ipv4Addr, TcpListener};

/// Ports of a block.
const SIZE: u16 = 50;
/// Whoever listens on this one of a block owns the block: two runs that start at once never share one, and the kernel
/// gives it back when a run dies.
const OWNER: u16 = SIZE - 1;

/// A block of ports that belongs to nobody else until this is dropped.
pub struct Ports {
    base: u16,
    _owner: TcpListener,
}

impl Ports {
    /// Claims a block in which the ports at these offsets are free.
    pub fn claim(offsets: &[u16]) -> Result<Ports> {
        let mut bases = (17_000..32_000).step_by(usize::from(SIZE));
        bases.find_map(|base| Ports::at(base, offsets)).context("no free block of ports on loopback")
    }

    fn at(base: u16, offsets: &[u16]) -> Option<Ports> {
        let owner = listen(base + OWNER)?;
        are_free(base, offsets).then_some(Ports { base, _owner: owner })
    }

    /// One of them.
    pub fn port(&self, offset: u16) -> u16 {
        self.base + offset
    }
}

fn are_free(base: u16, offsets: &[u16]) -> bool {
    offsets.iter().all(|offset| listen(base + offset).is_some())
}

fn listen(port: u16) -> Option<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn those_who_claim_at_once_get_a_block_each() {
        let all = std::thread::scope(|scope| {
            let claims: Vec<_> = (0..16).map(|_| scope.spawn(|| Ports::claim(&[0, 10]).unwrap())).collect();
            claims.into_iter().map(|claim| claim.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(all.iter().map(|ports| ports.port(0)).collect::<BTreeSet<_>>().len(), 16);
    }

    #[test]
    fn what_is_taken_is_passed_over() {
        let ports = Ports::claim(&[0, 10]).unwrap();
        assert!(Ports::at(ports.port(0), &[]).is_none(), "it has an owner");
        let _taken = listen(ports.port(10)).unwrap();
        assert!(are_free(ports.port(0), &[0]) && !are_free(ports.port(0), &[0, 10]));
    }
}
