//! What a label asks of nodes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The furthest that a clock may be off: the server takes nothing from a pilot beyond it.
pub const CLOCK_MAX_S: u32 = 300;
/// The longest that a check program may run, in seconds.
const PROGRAM_MAX_S: u32 = 3600;

/// `[label.NAME.node]`: what a node must have before a pilot takes its first job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NodeNeeds {
    /// Room for scratch directories in MiB.
    pub scratch_free_mib: u64,
    /// Free memory in MiB.
    pub memory_free_mib: u64,
    /// Cores that the pilot may use.
    pub cores: u32,
    /// Repositories of CernVM-FS, such as `atlas.cern.ch`; or absolute paths of directories that must not be empty.
    pub cvmfs: Vec<String>,
    /// Seconds that the node's clock may be off from the server's, at most 300.
    pub clock_max_s: u32,
    /// Hosts that must take connections, each as `host:port`.
    pub network: Vec<String>,
    /// Programs that run containers, such as `apptainer`: one of them must be there and work.
    pub runtimes: Vec<String>,
    /// Seconds that the proxy of `X509_USER_PROXY` must still live; 0 asks for none.
    pub proxy_left_s: u64,
    /// Path of a program on the node that ends with exit code 0 when all is well, and otherwise says why not in its last
    /// line.
    pub program: String,
    /// Seconds after which the program has failed.
    pub program_timeout_s: u32,
}

impl Default for NodeNeeds {
    fn default() -> NodeNeeds {
        NodeNeeds {
            scratch_free_mib: 0,
            memory_free_mib: 0,
            cores: 0,
            cvmfs: Vec::new(),
            clock_max_s: CLOCK_MAX_S,
            network: Vec::new(),
            runtimes: Vec::new(),
            proxy_left_s: 0,
            program: String::new(),
            program_timeout_s: 60,
        }
    }
}

impl NodeNeeds {
    /// What is wrong with it: keys and words.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if !(1..=CLOCK_MAX_S).contains(&self.clock_max_s) {
            found.push(("clock_max_s", format!("{} is not between 1 and {CLOCK_MAX_S} seconds", self.clock_max_s)));
        }
        if !(1..=PROGRAM_MAX_S).contains(&self.program_timeout_s) {
            let what = format!("{} is not between 1 and {PROGRAM_MAX_S} seconds", self.program_timeout_s);
            found.push(("program_timeout_s", what));
        }
        if !self.program.is_empty() && !self.program.starts_with('/') {
            found.push(("program", "must be an absolute path, the same on every node".to_owned()));
        }
        for name in self.cvmfs.iter().filter(|name| !is_repository(name)) {
            found.push(("cvmfs", format!("'{name}' is no repository, such as atlas.cern.ch, and no absolute path")));
        }
        for host in self.network.iter().filter(|host| !is_address(host)) {
            found.push(("network", format!("'{host}' is not host:port")));
        }
        for name in self.runtimes.iter().filter(|name| name.is_empty() || name.contains(char::is_whitespace)) {
            found.push(("runtimes", format!("'{name}' is no name of a program")));
        }
        found
    }

    /// The directory of an entry of `cvmfs`.
    pub fn directory(entry: &str) -> String {
        if entry.starts_with('/') { entry.to_owned() } else { format!("/cvmfs/{entry}") }
    }
}

fn is_repository(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (name.starts_with('/') && name.len() > 1) || (!name.is_empty() && name.contains('.') && name.chars().all(plain))
}

fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    !host.is_empty() && !host.contains(['/', ' ']) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_checked_is_refused() {
        assert_eq!(NodeNeeds::default().problems(), []);
        let needs = NodeNeeds {
            cvmfs: ["atlas.cern.ch", "/cvmfs/x", "atlas", "a b.c", "/"].map(str::to_owned).to_vec(),
            clock_max_s: 301,
            network: ["h:1", "[::1]:80", "h", "h:0", "http://h:80"].map(str::to_owned).to_vec(),
            runtimes: ["apptainer", "docker run"].map(str::to_owned).to_vec(),
            program: "check.sh".into(),
            program_timeout_s: 0,
            ..NodeNeeds::default()
        };
        let found: Vec<String> = needs.problems().into_iter().map(|(key, what)| format!("{key}: {what}")).collect();
        let expected = [
            "clock_max_s: 301 is not between 1 and 300 seconds",
            "program_timeout_s: 0 is not between 1 and 3600 seconds",
            "program: must be an absolute path, the same on every node",
            "cvmfs: 'atlas' is no repository, such as atlas.cern.ch, and no absolute path",
            "cvmfs: 'a b.c' is no repository, such as atlas.cern.ch, and no absolute path",
            "cvmfs: '/' is no repository, such as atlas.cern.ch, and no absolute path",
            "network: 'h' is not host:port",
            "network: 'h:0' is not host:port",
            "network: 'http://h:80' is not host:port",
            "runtimes: 'docker run' is no name of a program",
        ];
        assert_eq!(found, expected);
    }
}
