//! What this node is and has: name, cores, home, where scratch directories can be, and whether that is enough.

mod examine;
mod judge;
mod profile;
mod proxy;

pub(crate) use examine::{Examined, examine};

use rustix::fs::StatVfsMountFlags;
use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Entries that the file system of a scratch directory must still be able to make.
const FREE_INODES_MIN: u64 = 1000;

/// The node's name as its batch system knows it, so that it can be told to avoid the node; else the host's own.
pub(crate) fn name() -> String {
    let of_slurm = env::var("SLURMD_NODENAME").ok().filter(|name| !name.is_empty());
    let of_condor = || machine(&fs::read_to_string(env::var_os("_CONDOR_MACHINE_AD")?).ok()?);
    let own = || rustix::system::uname().nodename().to_string_lossy().into_owned();
    of_slurm.or_else(of_condor).unwrap_or_else(own)
}

/// The machine of HTCondor's description of the slot.
fn machine(ad: &str) -> Option<String> {
    let value = ad.lines().find_map(|line| line.strip_prefix("Machine = "))?;
    Some(value.trim().trim_matches('"').to_owned())
}

/// CPUs that this process may use.
pub(crate) fn cpus() -> Vec<usize> {
    let Ok(set) = rustix::thread::sched_getaffinity(None) else { return Vec::new() };
    (0..rustix::thread::CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect()
}

/// The user's home directory by the password file, for batch systems that give no environment.
pub(crate) fn home() -> Option<PathBuf> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let text = fs::read_to_string("/etc/passwd").ok()?;
    let line = text.lines().find(|line| line.split(':').nth(2) == Some(uid.as_str()))?;
    line.split(':').nth(5).filter(|home| !home.is_empty()).map(PathBuf::from)
}

/// Whether programs on the file system of `path` cannot be executed.
pub(crate) fn is_noexec(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|seen| seen.f_flag.contains(StatVfsMountFlags::NOEXEC))
}

/// The batch system's id of this batch job as its environment shows it; empty when it shows none.
pub(crate) fn batch_id() -> String {
    let var = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    // HTCondor's comes first: it may have handed the job on to one of the others.
    if let Some(id) = var("APFCID") {
        return id;
    }
    if let (Some(array), Some(index)) = (var("SLURM_ARRAY_JOB_ID"), var("SLURM_ARRAY_TASK_ID")) {
        return format!("{array}_{index}");
    }
    ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"].into_iter().find_map(var).unwrap_or_default()
}

/// Finds the directory below which scratch directories go: `wanted` alone if given, else the first good one of the
/// batch system's scratch, `TMPDIR`, `/tmp`, `/var/tmp` and the working directory. One where programs can be
/// executed is taken before one mounted noexec. The error names each candidate with what is wrong with it.
pub(crate) fn scratch_base(wanted: Option<&Path>, free_bytes: u64) -> Result<PathBuf, String> {
    let candidates = match wanted {
        Some(path) => vec![path.to_owned()],
        None => usual_places(),
    };
    let (mut refused, mut noexec) = (Vec::new(), None);
    for place in candidates {
        match check_place(&place, free_bytes) {
            Err(reason) => refused.push(format!("{}: {reason}", place.display())),
            Ok(()) if is_noexec(&place) => drop(noexec.get_or_insert(place)),
            Ok(()) => return Ok(place),
        }
    }
    noexec.ok_or_else(|| refused.join("; "))
}

fn usual_places() -> Vec<PathBuf> {
    let named = ["SLURM_TMPDIR", "_CONDOR_SCRATCH_DIR", "TMPDIR"].into_iter().filter_map(env::var_os);
    let mut places: Vec<PathBuf> = named.filter(|value| !value.is_empty()).map(PathBuf::from).collect();
    places.extend(["/tmp", "/var/tmp"].map(PathBuf::from));
    places.extend(env::current_dir());
    places
}

/// Room at a place for this user.
fn room(place: &Path) -> u64 {
    rustix::fs::statvfs(place).map_or(0, |seen| seen.f_bavail.saturating_mul(seen.f_frsize))
}

fn check_place(place: &Path, free_bytes: u64) -> Result<(), String> {
    if !place.is_absolute() {
        return Err("is not an absolute path".to_owned());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(place).map_err(|error| error.to_string())?;
    let seen = rustix::fs::statvfs(place).map_err(|error| io::Error::from(error).to_string())?;
    let free = room(place);
    if free < free_bytes {
        return Err(format!("has {} MiB free, {} MiB are needed", free >> 20, free_bytes >> 20));
    }
    if seen.f_files > 0 && seen.f_favail < FREE_INODES_MIN {
        return Err(format!("can make {} more files, {FREE_INODES_MIN} are needed", seen.f_favail));
    }
    let probe = place.join(format!(".pilotage-probe-{}", std::process::id()));
    let written = fs::write(&probe, vec![0; 4096]);
    let removed = fs::remove_file(&probe);
    written.and(removed).map_err(|error| format!("cannot be written: {error}"))
}

/// Whether this user owns `path`.
pub(crate) fn is_ours(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|seen| seen.uid() == rustix::process::getuid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condor_names_the_machine() {
        let ad = "CpuFamily = 6\nMachine = \"n17.cluster\"\nMachineMaxVacateTime = 600\n";
        assert_eq!(machine(ad).as_deref(), Some("n17.cluster"));
        assert_eq!(machine(""), None);
    }

    #[test]
    fn a_bad_place_is_named_with_its_reason() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(scratch_base(Some(dir.path()), 1).unwrap(), dir.path());
        let error = scratch_base(Some(dir.path()), u64::MAX).unwrap_err();
        assert!(error.contains("MiB free") && error.contains(&dir.path().display().to_string()), "{error}");
        let error = scratch_base(Some(Path::new("/proc/none")), 1).unwrap_err();
        assert!(error.contains("/proc/none: "), "{error}");
    }
}
