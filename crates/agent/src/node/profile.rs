//! What this node is and has, from what the kernel and the system tell.

use model::NodeProfile;
use model::node::short;
use std::env;
use std::fs;
use std::path::Path;

/// Programs that run containers and are looked for on every node.
const RUNTIMES: [&str; 4] = ["apptainer", "singularity", "podman", "docker"];

/// Memory in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Memory {
    whole: u64,
    free: u64,
}

/// Looks at everything that is answered at once; scratch, clock and proxy are filled in by others.
pub(super) fn look() -> NodeProfile {
    let uname = rustix::system::uname();
    let text = |text: &std::ffi::CStr| short(&text.to_string_lossy());
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let memory = memory(&read("/proc/meminfo")).map(|memory| within_cgroup(memory, Path::new("/sys/fs/cgroup")));
    NodeProfile {
        hostname: text(uname.nodename()),
        os: os(&read("/etc/os-release")),
        kernel: text(uname.release()),
        architecture: text(uname.machine()),
        cpu_model: cpu_model(&read("/proc/cpuinfo")),
        cores: super::cpus().len() as u32,
        memory_mib: memory.map(|memory| memory.whole).unwrap_or_default(),
        memory_free_mib: memory.map(|memory| memory.free).unwrap_or_default(),
        runtimes: RUNTIMES.into_iter().filter(|name| is_on_path(name)).map(str::to_owned).collect(),
        ..NodeProfile::default()
    }
}

fn os(release: &str) -> String {
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    short(name.unwrap_or_default().trim_matches('"'))
}

/// Processors name their model in different lines.
fn cpu_model(cpuinfo: &str) -> String {
    let value = |key: &str| {
        let (_, value) =
            cpuinfo.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.trim() == key)?;
        Some(short(value.trim()))
    };
    ["model name", "cpu model", "cpu"].into_iter().find_map(value).unwrap_or_default()
}

fn memory(meminfo: &str) -> Option<Memory> {
    let mib = |key: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? >> 10)
    };
    Some(Memory { whole: mib("MemTotal:")?, free: mib("MemAvailable:")? })
}

/// The narrowest bound of this process's control group and those above it.
fn within_cgroup(memory: Memory, root: &Path) -> Memory {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let path = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    let group = root.join(path);
    let groups = group.ancestors().take_while(|group| group.starts_with(root));
    groups.fold(memory, |memory, group| {
        let number = |name: &str| fs::read_to_string(group.join(name)).ok()?.trim().parse::<u64>().ok();
        match (number("memory.max"), number("memory.current")) {
            (Some(most), Some(used)) => bounded(memory, most, used),
            _ => memory,
        }
    })
}

fn bounded(memory: Memory, most: u64, used: u64) -> Memory {
    Memory { whole: memory.whole.min(most >> 20), free: memory.free.min(most.saturating_sub(used) >> 20) }
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| rustix::fs::access(dir.join(program), rustix::fs::Access::EXEC_OK).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_tells_is_read() {
        assert_eq!(os("NAME=x\nPRETTY_NAME=\"AlmaLinux 9.4 (Seafoam Ocelot)\"\n"), "AlmaLinux 9.4 (Seafoam Ocelot)");
        assert_eq!(cpu_model("processor\t: 0\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R)\n"), "Intel(R) Xeon(R)");
        assert_eq!(cpu_model("processor\t: 0\ncpu\t\t: POWER9\n"), "POWER9");
        assert_eq!(cpu_model(""), "");
        let seen = memory("MemTotal:       2097152 kB\nMemFree: 1 kB\nMemAvailable:   1048576 kB\n");
        assert_eq!(seen, Some(Memory { whole: 2048, free: 1024 }));
        assert_eq!(memory("MemTotal: 1 kB\n"), None);
    }

    #[test]
    fn memory_is_what_the_batch_system_allows() {
        let memory = Memory { whole: 2048, free: 1024 };
        assert_eq!(bounded(memory, 512 << 20, 500 << 20), Memory { whole: 512, free: 12 });
        assert_eq!(bounded(memory, 512 << 20, 600 << 20).free, 0);
        assert_eq!(bounded(memory, 4096 << 20, 0), memory);
    }

    #[test]
    fn this_machine_has_a_profile() {
        let profile = look();
        assert!(profile.cores > 0 && profile.memory_mib > 0 && profile.memory_free_mib <= profile.memory_mib);
        assert!(!profile.kernel.is_empty() && !profile.hostname.is_empty());
    }
}
