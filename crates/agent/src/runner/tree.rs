//! All processes that came out of a payload. The runner is their subreaper: whatever they do, they stay its
//! descendants.

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::time::Duration;

/// Whether children of this process are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Children {
    /// None at all.
    None,
    /// Some live.
    Alive,
    /// Some ended and were not waited for.
    Ended,
}

/// Looks without reaping.
pub(crate) fn children() -> Children {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match rustix::process::waitid(WaitId::All, options) {
        Ok(Some(_)) => Children::Ended,
        Ok(None) => Children::Alive,
        Err(Errno::CHILD) => Children::None,
        Err(_) => Children::Alive,
    }
}

/// What reaped orphans used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reaped {
    /// How many.
    pub(crate) count: u32,
    /// User and system time.
    pub(crate) cpu: Duration,
}

/// Reaps all ended children except `keep`.
pub(crate) fn reap_orphans(keep: Option<u32>) -> Reaped {
    let mut reaped = Reaped::default();
    for pid in children_of(own_pid()) {
        let Ok(pid) = u32::try_from(pid) else { continue };
        if Some(pid) == keep {
            continue;
        }
        if let Ok(Some(ended)) = wait4::try_wait4_pid(pid) {
            reaped.count += 1;
            reaped.cpu += ended.rusage.utime + ended.rusage.stime;
        }
    }
    reaped
}

/// Reaps one ended child that `/proc` does not name, so that nobody waits for it for ever; what it used stays unknown.
pub(crate) fn reap_unnamed() -> u32 {
    matches!(rustix::process::wait(WaitOptions::NOHANG), Ok(Some(_))).into()
}

/// Most memory this process ever had in KiB; 0 where `/proc` does not tell.
pub(crate) fn own_peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|text| text.split_ascii_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// All descendants of this process, zombies included.
pub(crate) fn descendants() -> Vec<i32> {
    descendants_of(own_pid())
}

/// All descendants of `root`, zombies included.
pub(crate) fn descendants_of(root: i32) -> Vec<i32> {
    if fs::metadata(format!("/proc/{root}/task/{root}/children")).is_err() {
        return descendants_by_scan(root);
    }
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        for child in children_of(pid) {
            found.push(child);
            open.push(child);
        }
    }
    found
}

fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

fn children_of(pid: i32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let mut children = Vec::new();
    for thread in threads.flatten() {
        match fs::read_to_string(thread.path().join("children")) {
            Ok(text) => children.extend(text.split_ascii_whitespace().filter_map(|pid| pid.parse::<i32>().ok())),
            Err(_) if pid == own_pid() => return children_by_scan(pid),
            Err(_) => {}
        }
    }
    children
}

fn children_by_scan(parent: i32) -> Vec<i32> {
    parents().into_iter().filter(|(_, of)| *of == parent).map(|(pid, _)| pid).collect()
}

/// For kernels without the `children` files.
fn descendants_by_scan(root: i32) -> Vec<i32> {
    let mut by_parent: HashMap<i32, Vec<i32>> = HashMap::new();
    for (pid, parent) in parents() {
        by_parent.entry(parent).or_default().push(pid);
    }
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        let children = by_parent.remove(&pid).unwrap_or_default();
        found.extend(&children);
        open.extend(children);
    }
    found
}

fn parents() -> Vec<(i32, i32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| Some((pid, parent_of(pid)?))).collect()
}

fn parent_of(pid: i32) -> Option<i32> {
    stat_field(pid, 1)
}

/// The process group; 0 when it was made outside of this PID namespace, as in a container that joined it. rustix takes
/// a group for a positive number, so it is not asked.
fn group_of(pid: i32) -> Option<i32> {
    stat_field(pid, 2)
}

/// A number of `/proc/PID/stat`, counted from the state, which follows the name.
fn stat_field(pid: i32, index: usize) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(index)?.parse().ok()
}

/// Sends `signal` once to each of `pids` and to all members of their process groups except this process's own group;
/// by groups where it can, so that nobody slips away between looking and sending.
pub(crate) fn signal_these(pids: &[i32], signal: Signal) {
    let own = group_of(rustix::process::getpid().as_raw_pid());
    let mut groups = BTreeSet::new();
    for pid in pids {
        match group_of(*pid) {
            Some(group) if group > 0 && Some(group) != own => {
                groups.insert(group);
            }
            Some(_) => {
                // A process that is gone already needs no signal.
                let _ = Pid::from_raw(*pid).map(|pid| rustix::process::kill_process(pid, signal));
            }
            // Without /proc a first process leads its group.
            None if own.is_none() => {
                let _ = Pid::from_raw(*pid).map(|pid| rustix::process::kill_process_group(pid, signal));
            }
            None => {}
        }
    }
    for group in groups.into_iter().filter_map(Pid::from_raw) {
        // A group that is gone already needs no signal.
        let _ = rustix::process::kill_process_group(group, signal);
    }
}

/// Resident memory of `pids` in KiB. Pages that several of them share are counted for each.
pub(crate) fn resident_kib(pids: &[i32]) -> u64 {
    let page_kib = rustix::param::page_size() as u64 / 1024;
    pids.iter().filter_map(|pid| resident_pages(*pid)).sum::<u64>() * page_kib
}

fn resident_pages(pid: i32) -> Option<u64> {
    fs::read_to_string(format!("/proc/{pid}/statm")).ok()?.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Memory of `pids` in KiB with shared pages divided between those who share them; slower than [`resident_kib`].
pub(crate) fn proportional_kib(pids: &[i32]) -> u64 {
    let page_kib = rustix::param::page_size() as u64 / 1024;
    let of = |pid: &i32| proportional_of(*pid).or_else(|| resident_pages(*pid).map(|pages| pages * page_kib));
    pids.iter().filter_map(of).sum()
}

fn proportional_of(pid: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}
