//! What is looked at on this machine.

use super::Finding;
use crate::config::{Environment, read_last_dir};
use crate::output::mib;
use std::path::{Path, PathBuf};

/// Less free space than this is worth a word, in MiB.
const FREE_WARN_MIB: u64 = 512;

/// All of it; `dir` is the server's directory as it was typed.
pub fn look(dir: Option<&Path>) -> Vec<Finding> {
    let environment = Environment::of_process();
    let mut findings = vec![program(), processes(), shell()];
    findings.push(scratch(&std::env::temp_dir()));
    let typed = dir.map(|dir| directory(dir, "--dir"));
    let named = || environment.dir.as_deref().map(|dir| directory(dir, "PILOTAGE_DIR"));
    let last = || read_last_dir(&environment).map(|dir| directory(&dir, "the last `pilotage up`"));
    findings.extend(typed.or_else(named).or_else(last));
    findings
}

fn program() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let system = rustix::system::uname();
    let kernel = system.release().to_string_lossy().into_owned();
    let host = system.nodename().to_string_lossy().into_owned();
    Finding::ok("program", format!("pilotage {} on {host}, kernel {kernel}, {cores} cores", env!("CARGO_PKG_VERSION")))
}

/// Pilots watch their jobs through /proc.
fn processes() -> Finding {
    if Path::new("/proc/self/stat").exists() {
        Finding::ok("/proc", "is there")
    } else {
        Finding::fail("/proc", "is not mounted: pilots cannot watch memory and processes of their jobs here")
    }
}

fn shell() -> Finding {
    match find_on_path("sh") {
        Some(path) => Finding::ok("shell", path.display().to_string()),
        None => Finding::fail("shell", "there is no sh on PATH: the wrapper of pilots needs one"),
    }
}

/// The program on this process's PATH.
pub fn find_on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|candidate| candidate.is_file())
}

fn scratch(dir: &Path) -> Finding {
    let free = free_mib(dir);
    if tempfile::tempfile_in(dir).is_err() {
        return Finding::fail(
            "scratch",
            format!("{} cannot be written; set TMPDIR to a directory that can", dir.display()),
        );
    }
    let found = format!("{}, {} free", dir.display(), mib(free));
    if free < FREE_WARN_MIB { Finding::warn("scratch", found) } else { Finding::ok("scratch", found) }
}

fn directory(dir: &Path, named_by: &str) -> Finding {
    let shown = dir.display();
    if !dir.is_dir() {
        return Finding::warn("directory", format!("{shown}, named by {named_by}, is not there"));
    }
    if tempfile::tempfile_in(dir).is_err() {
        return Finding::fail("directory", format!("{shown} cannot be written by this user"));
    }
    let free = free_mib(dir);
    let found = format!("{shown}, {} free", mib(free));
    if free < FREE_WARN_MIB { Finding::warn("directory", found) } else { Finding::ok("directory", found) }
}

fn free_mib(dir: &Path) -> u64 {
    rustix::fs::statvfs(dir).map_or(0, |stat| stat.f_bavail.saturating_mul(stat.f_frsize) >> 20)
}
