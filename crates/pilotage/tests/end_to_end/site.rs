//! A user without root at a computing centre whose nodes reach the server through an HTTPS proxy only.
//!
//! `tests/services/site.sh` builds the centre from network namespaces, with a Slurm of its own.

use crate::support::{DEADLINE, PROGRAM, eventually};
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Address of the login node that worker nodes have no route to.
const SERVER: &str = "10.213.9.1:25443";

struct Site {
    root: TempDir,
    name: String,
    environment: HashMap<String, String>,
}

impl Site {
    fn start() -> Site {
        // A short path for sockets, open because users and daemons of different names work below it.
        let root = tempfile::Builder::new().prefix("pilotage-site-").tempdir_in("/tmp").unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut site = Site { root, name: format!("p{}", std::process::id()), environment: HashMap::new() };
        site.script("start");
        let text = site.script("env");
        site.environment =
            text.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect();
        fs::copy(PROGRAM, site.home().join("pilotage")).unwrap();
        site
    }

    fn script(&self, verb: &str) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/services/site.sh");
        let mut command = Command::new(script);
        command.arg(verb).env("SERVICES_ROOT", self.root.path()).env("SITE", &self.name);
        let output = command.output().unwrap();
        assert!(output.status.success(), "site.sh {verb}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn home(&self) -> PathBuf {
        PathBuf::from(&self.environment["SITE_HOME"])
    }

    /// A command on one of the hosts.
    fn at(&self, host: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}-{host}", self.name));
        command
    }

    /// The program on the login node as the user, with nothing in its environment but what a login gives.
    fn user(&self, args: &[&str]) -> Output {
        let (user, home) = (&self.environment["SITE_USER"], self.home());
        let mut command = self.at("login");
        command.args(["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]);
        command.args(["env", "-i", "PATH=/usr/bin:/bin:/usr/sbin:/sbin"]);
        command.arg(format!("HOME={}", home.display())).arg(format!("SLURM_CONF={}", self.environment["SLURM_CONF"]));
        command.arg(home.join("pilotage")).args(args).current_dir(home);
        command.output().unwrap()
    }

    fn ok(&self, args: &[&str]) -> String {
        let output = self.user(args);
        let log = fs::read_to_string(self.home().join("work/up.log")).unwrap_or_default();
        assert!(output.status.success(), "{args:?}: {}\n{log}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn config(&self) -> String {
        format!(
            "[factory]\ncycle_s = 1\n\n[queue.cluster]\nsite = \"Centre\"\n\n[batch.slurm]\nsystem = \"slurm\"\n\
             dir = \"{}\"\npoll_s = 1\n\n[label.cluster]\nqueue = \"cluster\"\nbatch = \"slurm\"\nwall_time_s = 600\n\
             idle_s = 3\nsched.maxtorun.maximum = 2\nenvironment.https_proxy = \"http://10.213.8.1:8888\"\n",
            self.home().join("pilots").display()
        )
    }

    /// Processes on the login node that are the user's.
    fn server_processes(&self) -> Vec<String> {
        let listed = Command::new("ip").args(["netns", "pids", &format!("{}-login", self.name)]).output().unwrap();
        let mark = self.home().join("pilotage").display().to_string();
        let is_ours = |pid: &&str| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).starts_with(&mark)
        };
        String::from_utf8_lossy(&listed.stdout).lines().filter(is_ours).map(str::to_owned).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.script("stop");
    }
}

fn said(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{}: {out}{err}", output.status)
}

#[test]
fn a_user_without_root_runs_jobs_over_tls_through_a_proxy() {
    let site = Site::start();
    fs::write(site.home().join("cluster.toml"), site.config()).unwrap();
    let up = ["up", "--dir", "work", "--listen", SERVER, "--slots", "0", "--config", "cluster.toml", "--detach"];
    let ready = site.ok(&up);
    assert_eq!(ready.trim_end(), format!("ready https://{SERVER}"));

    let direct = site.at("node").args(["curl", "-sk", "-m", "3", &format!("https://{SERVER}/healthz")]).output();
    assert!(!direct.unwrap().status.success(), "the node has a way to the server beside the proxy");

    let words = "echo $(id -un) on $SLURMD_NODENAME, $PILOTAGE_SITE";
    let answer = site.ok(&["submit", "--queue", "cluster", "--array", "6", "--json", "--", "sh", "-c", words]);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let first = answer["array"]["first"].as_i64().unwrap();
    let seconds = DEADLINE.as_secs().to_string();
    site.ok(&["wait", "--timeout", &seconds, &format!("{first}-{}", first + 5)]);
    let log = site.ok(&["logs", &first.to_string()]);
    assert_eq!(log.trim_end(), format!("{} on worker, Centre", site.environment["SITE_USER"]));
    let proxied = fs::read_to_string(&site.environment["SITE_PROXY_LOG"]).unwrap();
    assert!(proxied.contains(SERVER), "nothing of the pilots went through the proxy: {proxied}");

    for pid in site.server_processes() {
        Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap();
    }
    eventually("the end of the detached server", || site.server_processes().is_empty().then_some(()));
}
