//! How the factory's own host and its batch end points are doing, for the heartbeat.

use crate::{Config, Cycler};
use model::{EndPointHealth, FactoryHealth, FileSystemHealth};
use procfs::{Current, LoadAverage, Meminfo};
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

impl Cycler {
    /// Looks at the host now; of the end points it tells what the last look at them gave.
    pub(crate) fn health(&self) -> FactoryHealth {
        let end_points = self.config.batch.iter().map(|(name, section)| {
            let view = self.world.batches.get(name).cloned().unwrap_or_default();
            let trouble = if view.trouble.is_empty() { String::new() } else { format!("failed to {}", view.trouble) };
            let (name, system) = (name.clone(), section.kind().to_owned());
            EndPointHealth { name, system, answered: view.at, free: view.free, trouble }
        });
        FactoryHealth { end_points: end_points.collect(), ..of_host(&self.config) }
    }
}

/// What cannot be read is told as nothing: the factory works without.
fn of_host(config: &Config) -> FactoryHealth {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u32;
    let load = LoadAverage::current().map_or(0.0, |load| load.one);
    let memory = Meminfo::current().ok();
    let mib = |bytes: u64| bytes >> 20;
    FactoryHealth {
        cores,
        load_percent: (f64::from(load) * 100.0 / f64::from(cores)).round() as u32,
        memory_mib: memory.as_ref().map_or(0, |memory| mib(memory.mem_total)),
        memory_available_mib: memory.as_ref().map_or(0, |memory| mib(memory.mem_available.unwrap_or(memory.mem_free))),
        file_systems: file_systems(&[&config.factory.dir, &std::env::temp_dir()]),
        end_points: Vec::new(),
    }
}

/// The file systems of some directories, each once, named by the first of them.
fn file_systems(dirs: &[&Path]) -> Vec<FileSystemHealth> {
    let mut seen = BTreeSet::new();
    let new = dirs.iter().filter(|dir| std::fs::metadata(dir).is_ok_and(|dir| seen.insert(dir.dev())));
    new.filter_map(|dir| file_system(dir)).collect()
}

fn file_system(dir: &Path) -> Option<FileSystemHealth> {
    let stat = rustix::fs::statvfs(dir).ok()?;
    // What only root may write is neither used nor free for the factory.
    let used = stat.f_blocks.saturating_sub(stat.f_bfree);
    let room = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
    let of_bytes = FileSystemHealth::share(used + stat.f_bavail, stat.f_bavail);
    // Some file systems make files as they go and tell of none.
    let files_used = stat.f_files.saturating_sub(stat.f_ffree);
    let of_files = FileSystemHealth::share(files_used + stat.f_favail, stat.f_favail);
    Some(FileSystemHealth {
        path: dir.display().to_string(),
        bytes: room(used + stat.f_bavail),
        free_bytes: room(stat.f_bavail),
        used_percent: of_bytes.max(of_files),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_is_told_once_and_what_is_missing_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let told = file_systems(&[dir.path(), &inner, Path::new("/nowhere/at/all")]);
        let [one] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(one.path, dir.path().display().to_string());
        assert!(one.bytes > 0 && one.free_bytes <= one.bytes && one.used_percent <= 100, "{one:?}");
    }
}
