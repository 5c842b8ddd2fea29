//! Processes of this machine as `/proc` shows them: identity is pid and start time, since pids are used again.

use std::fs;

/// A process that cannot be mistaken for a later one with the same pid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its pid, which is also its process group.
    pub pid: i32,
    /// Clock ticks between the machine's start and its own.
    pub start: u64,
    /// The machine's start: pid and start time alone may come again after a reboot.
    pub boot: String,
}

/// What `/proc/PID/stat` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// State letter; `Z` is dead and waits for its parent.
    pub state: char,
    /// Process group.
    pub group: i32,
    /// Clock ticks between the machine's start and its own.
    pub start: u64,
}

/// Parses a line of `/proc/PID/stat`. The name in it may hold blanks and parentheses.
pub fn parse_stat(line: &str) -> Option<(i32, Stat)> {
    let pid = line.split_whitespace().next()?.parse().ok()?;
    let after_name = &line[line.rfind(')')? + 1..];
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let state = fields.first()?.chars().next()?;
    Some((pid, Stat { state, group: fields.get(2)?.parse().ok()?, start: fields.get(19)?.parse().ok()? }))
}

/// The machine's start, as a random word that the kernel makes.
pub fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// What `/proc` says about a pid; `None` when there is no such process.
pub fn stat(pid: i32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?).map(|(_, stat)| stat)
}

/// Whether a process with this pid runs; a zombie does not.
pub fn is_alive(pid: i32) -> bool {
    stat(pid).is_some_and(|stat| !matches!(stat.state, 'Z' | 'X'))
}

impl Identity {
    /// Whether this very process still runs.
    pub fn is_alive(&self) -> bool {
        self.boot == boot_id()
            && stat(self.pid).is_some_and(|stat| stat.start == self.start && !matches!(stat.state, 'Z' | 'X'))
    }

    /// Whether members of its group run that carry `mark` in their environment: what is left after its leader was
    /// killed. Such a group keeps the pid from being used again.
    pub fn has_orphans(&self, mark: &str) -> bool {
        if self.boot != boot_id() || stat(self.pid).is_some_and(|stat| stat.start != self.start) {
            return false;
        }
        let Ok(entries) = fs::read_dir("/proc") else { return false };
        let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        pids.filter(|pid| stat(*pid).is_some_and(|stat| stat.group == self.pid && !matches!(stat.state, 'Z' | 'X')))
            .any(|pid| carries(pid, mark))
    }
}

fn carries(pid: i32, mark: &str) -> bool {
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_is_skipped() {
        let line = "4711 (a) b (c) S 1 4700 4700 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 2 3";
        assert_eq!(parse_stat(line), Some((4711, Stat { state: 'S', group: 4700, start: 987_654 })));
        assert_eq!(parse_stat("4711 (sh"), None);
    }

    #[test]
    fn another_start_time_is_another_process() {
        let pid = std::process::id() as i32;
        let me = Identity { pid, start: stat(pid).unwrap().start, boot: boot_id() };
        assert!(me.is_alive());
        assert!(!Identity { start: me.start + 1, ..me.clone() }.is_alive());
        assert!(!Identity { boot: "other".into(), ..me }.is_alive());
    }
}
