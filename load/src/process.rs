//! What the kernel says of a process.

use anyhow::{Context, Result};
use std::time::Duration;

/// Unit of the CPU times in `/proc`: the same on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time used by `pid` so far, user and system, without its children.
pub fn cpu_time(pid: u32) -> Result<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("the measured process has gone")?;
    // The command, in parentheses, may hold blanks; utime and stime are the 12th and 13th field after it.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
    Ok(Duration::from_secs_f64((ticks(11) + ticks(12)) as f64 / TICKS_PER_SECOND))
}

/// Resident memory of `pid` in MB.
pub fn resident_mb(pid: u32) -> Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).context("the measured process has gone")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().unwrap_or_default();
    Ok(kib * 1024.0 / 1e6)
}

/// One process as its command line shows it.
pub struct Seen {
    /// Its id.
    pub pid: u32,
    /// Its arguments, the program first.
    pub arguments: Vec<String>,
    /// The variables it was started with, one `NAME=VALUE` each.
    pub environment: Vec<String>,
}

/// All processes that mention `text` in their arguments or variables.
pub fn mentioning(text: &str) -> Vec<Seen> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != std::process::id())
        .map(|pid| Seen { pid, arguments: words(pid, "cmdline"), environment: words(pid, "environ") })
        .filter(|seen| seen.arguments.iter().chain(&seen.environment).any(|word| word.contains(text)))
        .collect()
}

/// A process that has just ended has none.
fn words(pid: u32, file: &str) -> Vec<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.split('\0').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
