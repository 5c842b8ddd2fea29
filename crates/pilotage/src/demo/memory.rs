//! The payload that asks for too little memory.

use crate::cli::args::DemoMemoryArgs;
use crate::output::print;
use std::time::{Duration, Instant};

/// How much it takes in one step.
const STEP_MIB: usize = 8;
/// How long it works with what it has, should nobody stop it.
const WORKS_FOR: Duration = Duration::from_secs(30);

/// Builds a table that grows to the wanted size, and goes over it again and again.
pub fn use_memory(args: &DemoMemoryArgs) -> anyhow::Result<()> {
    let wanted = args.mebibytes as usize;
    let began = Instant::now();
    let mut table: Vec<Vec<u64>> = Vec::new();
    let mut sum = 0u64;
    while began.elapsed() < WORKS_FOR {
        if table.len() * STEP_MIB < wanted {
            let words = STEP_MIB << 17;
            table.push((0..words as u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect());
            print(&format!("the table has {} MiB\n", table.len() * STEP_MIB))?;
        }
        sum = table.iter().flatten().step_by(512).fold(sum, |sum, word| sum.wrapping_add(*word));
    }
    print(&format!("checksum {sum:016x}\n"))
}
