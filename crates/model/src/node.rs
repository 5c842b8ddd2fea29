//! Worker nodes: what a label asks of them, what a pilot finds on one, and what is wrong with it.

mod needs;

pub use needs::{CLOCK_MAX_S, NodeNeeds};

use crate::Time;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most characters of a text in a [`NodeProfile`] or a [`FailedCheck`].
pub const TEXT_MAX: usize = 300;

/// What is looked at before the first job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodeCheck {
    /// A directory for scratch directories with room.
    Scratch,
    /// A proxy that lives long enough.
    Proxy,
    /// Free memory.
    Memory,
    /// Cores that the pilot may use.
    Cores,
    /// Repositories of CernVM-FS.
    Cvmfs,
    /// The clock, beside the server's.
    Clock,
    /// Hosts that jobs need.
    Network,
    /// A program that runs containers.
    Runtime,
    /// The site's or the VO's own program.
    Program,
}

impl NodeCheck {
    /// All of them, in the order in which a failure is told.
    pub const ALL: [NodeCheck; 9] = [
        NodeCheck::Scratch,
        NodeCheck::Proxy,
        NodeCheck::Memory,
        NodeCheck::Cores,
        NodeCheck::Cvmfs,
        NodeCheck::Clock,
        NodeCheck::Network,
        NodeCheck::Runtime,
        NodeCheck::Program,
    ];

    /// Exit code of a pilot on a node that fails it. 80 has this meaning in the field's wrappers too; the others mean
    /// nothing there.
    pub fn exit_code(self) -> u8 {
        match self {
            NodeCheck::Scratch => 79,
            NodeCheck::Proxy => 80,
            NodeCheck::Memory => 84,
            NodeCheck::Cores => 85,
            NodeCheck::Cvmfs => 86,
            NodeCheck::Clock => 87,
            NodeCheck::Network => 88,
            NodeCheck::Runtime => 89,
            NodeCheck::Program => 90,
        }
    }

    /// The name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeCheck::Scratch => "scratch",
            NodeCheck::Proxy => "proxy",
            NodeCheck::Memory => "memory",
            NodeCheck::Cores => "cores",
            NodeCheck::Cvmfs => "cvmfs",
            NodeCheck::Clock => "clock",
            NodeCheck::Network => "network",
            NodeCheck::Runtime => "runtime",
            NodeCheck::Program => "program",
        }
    }
}

impl fmt::Display for NodeCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A check that a node failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FailedCheck {
    /// Which.
    pub check: NodeCheck,
    /// What was found and what was asked for, in words.
    pub why: String,
}

impl FailedCheck {
    /// With its words cut to [`TEXT_MAX`].
    pub fn new(check: NodeCheck, why: impl AsRef<str>) -> FailedCheck {
        FailedCheck { check, why: short(why.as_ref()) }
    }

    /// All of them in words; the first one gave the exit code.
    pub fn all_in_words(failed: &[FailedCheck]) -> String {
        let words = failed.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let code = failed.first().map(|failed| failed.check.exit_code()).unwrap_or_default();
        format!("the node failed its check (exit code {code}): {words}")
    }
}

impl fmt::Display for FailedCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.why)
    }
}

/// What a pilot finds on its node before its first job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct NodeProfile {
    /// The host's own name, which need not be the batch system's name of the node.
    pub hostname: String,
    /// The system, such as `AlmaLinux 9.4`.
    pub os: String,
    /// Version of the kernel.
    pub kernel: String,
    /// Such as `x86_64`.
    pub architecture: String,
    /// Model of the processor; empty when it is not told.
    pub cpu_model: String,
    /// Cores that the pilot may use.
    pub cores: u32,
    /// All memory in MiB, or what the batch system allows the pilot when that is less; 0 when it is not known.
    pub memory_mib: u64,
    /// Memory in MiB that is free, within the same bound.
    pub memory_free_mib: u64,
    /// Where scratch directories go; empty when there is no place for them.
    pub scratch: String,
    /// Room there in MiB.
    pub scratch_free_mib: u64,
    /// Seconds that the node's clock is ahead of the server's, negative when it is behind; to a second. None when the
    /// server did not tell the time.
    pub clock_ahead_s: Option<i64>,
    /// Programs on its path that run containers.
    pub runtimes: Vec<String>,
    /// When the proxy ends; none when there is no proxy.
    pub proxy_ends: Option<Time>,
    /// Where the pilot program was found; empty when it was not looked for.
    pub program_source: String,
    /// Sources that were tried before and gave nothing, each with the reason.
    pub passed_over: String,
}

impl NodeProfile {
    /// Each thing with its name, in words; what is not known is left out.
    pub fn words(&self) -> Vec<(&'static str, String)> {
        let runtimes = if self.runtimes.is_empty() { "none".to_owned() } else { self.runtimes.join(", ") };
        let clock = self.clock_ahead_s.map(|ahead_s| match ahead_s {
            0 => "as the server's".to_owned(),
            1.. => format!("{ahead_s} s ahead of the server's"),
            _ => format!("{} s behind the server's", ahead_s.unsigned_abs()),
        });
        let known = |text: &String| (!text.is_empty()).then(|| text.clone());
        let all = [
            ("Host", known(&self.hostname)),
            ("System", known(&self.os)),
            ("Kernel", known(&self.kernel).map(|kernel| format!("{kernel} {}", self.architecture))),
            ("Processor", known(&self.cpu_model)),
            ("Cores", Some(self.cores.to_string())),
            ("Memory", Some(format!("{} MiB free of {} MiB", self.memory_free_mib, self.memory_mib))),
            ("Scratch", known(&self.scratch).map(|place| format!("{place}, {} MiB free", self.scratch_free_mib))),
            ("Clock", clock),
            ("Containers", Some(runtimes)),
            ("Proxy ends", self.proxy_ends.map(|end| end.to_string())),
            ("Found at", known(&self.program_source)),
            ("Not found at", known(&self.passed_over)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// A text as long as it may be.
pub fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect()
}

/// A node that pilots of a factory failed on, as the factory describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BadNode {
    /// Name of the batch end point.
    pub batch: String,
    /// The node, by the batch system's name.
    pub node: String,
    /// Failures in a row, those of one cycle counted as one.
    pub failures: u32,
    /// The last one.
    pub last: Time,
    /// What it said.
    pub why: String,
    /// Until when new pilots avoid it; none when it has not failed often enough, or not lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avoided_until: Option<Time>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn exit_codes_are_distinct_and_free() {
        // What wrappers and pilots of the field mean by their own, and what a shell means by 126 and above.
        let taken = |code: u8| code < 64 || (64..=73).contains(&code) || code == 82 || code >= 126;
        let codes: BTreeSet<u8> = NodeCheck::ALL.iter().map(|check| check.exit_code()).collect();
        assert_eq!(codes.len(), NodeCheck::ALL.len());
        assert_eq!(codes.iter().find(|code| taken(**code)), None);
    }

    #[test]
    fn failures_read_as_a_sentence() {
        let failed = [
            FailedCheck::new(NodeCheck::Cvmfs, "/cvmfs/a.b is empty"),
            FailedCheck::new(NodeCheck::Memory, "10 MiB\nfree"),
        ];
        let words = "the node failed its check (exit code 86): cvmfs: /cvmfs/a.b is empty; memory: 10 MiBfree";
        assert_eq!(FailedCheck::all_in_words(&failed), words);
    }
}
