//! `ssh = { host = "...", user = "..." }` of an end point.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Name of the control socket.
pub(super) const SOCKET: &str = "master";

/// A login node on which the commands of a batch system run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SshConfig {
    /// Name or address.
    pub host: String,
    /// Account there.
    pub user: String,
    /// Port.
    #[serde(default = "usual_port")]
    pub port: u16,
    /// Private key without a passphrase; the keys of the agent (`SSH_AUTH_SOCK`) when empty.
    #[serde(default)]
    pub identity: PathBuf,
    /// Host keys that are trusted; `known_hosts` in `dir` when empty.
    #[serde(default)]
    pub known_hosts: PathBuf,
    /// Configuration of OpenSSH, as for a jump host; none, not even the user's own, when empty.
    #[serde(default)]
    pub config: PathBuf,
    /// Directory of this machine for the control socket, the host keys and copies of the pilots' files; below the
    /// factory's when not set.
    #[serde(default)]
    pub dir: PathBuf,
    /// Seconds after which a host that does not answer is given up.
    #[serde(default = "usual_patience")]
    pub connect_timeout_s: f64,
}

fn usual_port() -> u16 {
    22
}

fn usual_patience() -> f64 {
    15.0
}

impl SshConfig {
    /// What is wrong with it, and with the directory on the other side: keys of the end point and words.
    pub fn problems(&self, there: &Path) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (key, value) in [("ssh.host", &self.host), ("ssh.user", &self.user)] {
            if value.is_empty() || value.starts_with('-') || value.contains(|c: char| c.is_whitespace() || c == '@') {
                found.push((key.to_owned(), format!("'{value}' is no single word")));
            }
        }
        if self.port == 0 {
            found.push(("ssh.port".to_owned(), "0 is no port of a host".to_owned()));
        }
        if !(1.0..=600.0).contains(&self.connect_timeout_s) {
            let what = format!("{} is not between 1 and 600 seconds", self.connect_timeout_s);
            found.push(("ssh.connect_timeout_s".to_owned(), what));
        }
        let paths = [("identity", &self.identity), ("known_hosts", &self.known_hosts), ("config", &self.config)];
        for (key, path) in paths {
            if !path.as_os_str().is_empty() && !path.is_absolute() {
                found.push((format!("ssh.{key}"), format!("'{}' is no absolute path", path.display())));
            }
            if path.to_str().is_none_or(|text| text.contains(['"', '\\', '\n'])) {
                found.push((format!("ssh.{key}"), "has characters that OpenSSH reads".to_owned()));
            }
        }
        if !there.is_absolute() {
            found.push(("dir".to_owned(), "must be an absolute path on the login node".to_owned()));
        }
        found
    }

    /// The file of trusted host keys.
    pub(super) fn known_hosts(&self, dir: &Path) -> PathBuf {
        if self.known_hosts.as_os_str().is_empty() { dir.join("known_hosts") } else { self.known_hosts.clone() }
    }

    /// Arguments of every `ssh`, run in `dir`. All options are those of OpenSSH 7.4 and newer.
    pub(super) fn options(&self, dir: &Path) -> Vec<String> {
        let connect_timeout_s = self.connect_timeout_s.ceil();
        let mut options = vec![
            "BatchMode=yes".to_owned(),
            "StrictHostKeyChecking=yes".to_owned(),
            format!("UserKnownHostsFile={}", quoted(&self.known_hosts(dir))),
            "GlobalKnownHostsFile=/dev/null".to_owned(),
            // Both would write host keys down by themselves.
            "UpdateHostKeys=no".to_owned(),
            "CheckHostIP=no".to_owned(),
            format!("ConnectTimeout={connect_timeout_s}"),
            "ConnectionAttempts=1".to_owned(),
            "ServerAliveInterval=10".to_owned(),
            "ServerAliveCountMax=3".to_owned(),
            "ForwardAgent=no".to_owned(),
            "ForwardX11=no".to_owned(),
            "ClearAllForwardings=yes".to_owned(),
            "PermitLocalCommand=no".to_owned(),
            "RequestTTY=no".to_owned(),
            "EscapeChar=none".to_owned(),
            "LogLevel=ERROR".to_owned(),
            format!("ControlPath={SOCKET}"),
            format!("Port={}", self.port),
            format!("User={}", self.user),
        ];
        if !self.identity.as_os_str().is_empty() {
            options.push("IdentitiesOnly=yes".to_owned());
            options.push(format!("IdentityFile={}", quoted(&self.identity)));
        } else if self.config.as_os_str().is_empty() {
            // Else the keys in ~/.ssh would be tried.
            options.push("IdentityFile=none".to_owned());
        }
        let config = if self.config.as_os_str().is_empty() { "none".into() } else { self.config.display().to_string() };
        let given = options.into_iter().flat_map(|option| ["-o".to_owned(), option]);
        ["-F".to_owned(), config].into_iter().chain(given).collect()
    }
}

/// A path as OpenSSH reads it in an option.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('%', "%%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> SshConfig {
        toml::from_str(&format!("host = 'login'\nuser = 'me'\n{text}")).unwrap()
    }

    #[test]
    fn nothing_of_the_user_s_own_is_read_unless_it_is_named() {
        let options = config("").options(Path::new("/var/100%/login"));
        insta::assert_snapshot!(options.join(" "));
        let named = config("identity = '/keys/id'\nconfig = '/home/me/.ssh/config'\nknown_hosts = '/keys/hosts'");
        let named = named.options(Path::new("/var/login")).join(" ");
        assert!(named.starts_with("-F /home/me/.ssh/config -o BatchMode=yes "), "{named}");
        for option in ["UserKnownHostsFile=\"/keys/hosts\"", "IdentitiesOnly=yes -o IdentityFile=\"/keys/id\""] {
            assert!(named.contains(option), "{named}");
        }
    }

    /// As OpenSSH itself understands the options.
    #[test]
    fn nothing_below_the_home_directory_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let told = std::process::Command::new("ssh")
            .args(config("").options(dir.path()))
            .args(["-G", "login"])
            .current_dir(dir.path())
            .output()
            .unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        assert!(told.contains("\nstricthostkeychecking true\n") && told.contains("\nidentityfile none\n"), "{told}");
        assert!(!told.contains(".ssh"), "{told}");
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(config("").problems(Path::new("/there")), []);
        let odd = SshConfig { host: "-oProxyCommand=x".into(), user: "a b".into(), ..config("port = 0") };
        let odd = SshConfig { identity: "id".into(), connect_timeout_s: 0.0, ..odd };
        let keys: Vec<String> = odd.problems(Path::new("there")).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["ssh.host", "ssh.user", "ssh.port", "ssh.connect_timeout_s", "ssh.identity", "dir"]);
    }
}
