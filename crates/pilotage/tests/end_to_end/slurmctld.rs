//! A slurmctld that dies and comes back, while pilots are submitted and while they run: of a cluster of the test's own.

use crate::support::{Place, Up, eventually, wait_for_file};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const SERVICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/services");

/// The commands that the factory calls.
const COMMANDS: [&str; 5] = ["sbatch", "squeue", "scancel", "scontrol", "sinfo"];

/// One controller and one node.
struct Cluster {
    /// A short path, for sockets lie below it.
    root: TempDir,
    port: u16,
}

/// A port that is free, and so is the tenth after it, which the node gets. Below those that the kernel gives to
/// connections: nobody may have it while the controller is away.
fn ports() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let first = 20_000 + (std::process::id() % 10_000) as u16;
    (first..32_000).find(|port| is_free(*port) && is_free(port + 10)).expect("two free ports")
}

impl Cluster {
    fn start() -> Cluster {
        let root = tempfile::Builder::new().prefix("pilotage-ctld-").tempdir_in("/tmp").unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let cluster = Cluster { root, port: ports() };
        cluster.script("start");
        cluster
    }

    fn script(&self, verb: &str) {
        let mut script = Command::new("bash");
        script.arg(format!("{SERVICES}/slurm.sh")).arg(verb).env("SERVICES_ROOT", self.root.path());
        script.env("SLURM_PORT", self.port.to_string()).env("SLURM_NODES", "1");
        let status = script.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "slurm.sh {verb}: {status}");
    }

    fn conf(&self) -> PathBuf {
        self.root.path().join("slurm/slurm.conf")
    }

    /// Where the number of the controller's process is.
    fn controller(&self) -> PathBuf {
        self.root.path().join("slurm/slurmctld.spawned")
    }

    /// What the next controller will know of jobs.
    fn written(&self) -> PathBuf {
        self.root.path().join("slurm/state/job_state")
    }

    /// Without any warning.
    fn kill(&self) {
        let pid = fs::read_to_string(self.controller()).unwrap().trim().parse().unwrap();
        crate::support::kill(pid, "KILL");
        let process = format!("/proc/{pid}");
        eventually("the controller to be gone", || (!fs::exists(&process).unwrap()).then_some(()));
    }

    /// Another controller that goes on with what the last one wrote down.
    fn restart(&self) {
        let words = "SERVICE=slurm; . $0/lib.sh; export SLURM_CONF=$STATE/slurm.conf\n\
            file=$(command -v /usr/sbin/slurmctld-wlm || command -v /usr/sbin/slurmctld)\n\
            back() { launch slurmctld bash -c 'exec -a slurmctld \"$1\" -D' _ \"$file\"; scontrol ping; }\n\
            within 60 back";
        let mut script = Command::new("bash");
        script.args(["-c", words, SERVICES]).env("SERVICES_ROOT", self.root.path()).stdin(Stdio::null());
        let status = script.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        let said = || fs::read_to_string(self.root.path().join("slurm/log/slurmctld.log")).unwrap();
        assert!(status.success(), "the controller does not come back: {status}: {}", said());
    }

    /// All jobs that the controller has or had; ended ones stay for minutes.
    fn jobs(&self) -> usize {
        let mut list = Command::new("squeue");
        list.args(["-h", "-r", "-t", "all", "-o", "%F_%K"]).env("SLURM_CONF", self.conf());
        let output = list.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().lines().count()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.script("stop");
    }
}

/// A folder with the commands, where the first `sbatch` is done, but its answer is lost with the controller: as soon as the
/// controller has written down what it accepted, for what it had not is nobody's job.
fn commands(place: &Place, cluster: &Cluster) -> PathBuf {
    let bin = place.path("bin");
    fs::create_dir_all(&bin).unwrap();
    let real = |name: &str| {
        let output = Command::new("sh").args(["-c", "command -v \"$0\"", name]).output().unwrap();
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    };
    for name in COMMANDS {
        symlink(real(name), bin.join(name)).unwrap();
    }
    let script = format!(
        "#!/bin/sh\nHERE={}\n[ -e $HERE/died ] && exec {sbatch} \"$@\"\n{sbatch} \"$@\" >$HERE/died || exit\n\
         until [ {} -nt $HERE/died ]; do sleep 0.1; done\nkill -9 $(cat {})\n\
         echo 'sbatch: error: Batch job submission failed: Unable to contact slurm controller (receive failure)' >&2\n\
         exit 1\n",
        place.path("").display(),
        cluster.written().display(),
        cluster.controller().display(),
        sbatch = real("sbatch").display()
    );
    fs::remove_file(bin.join("sbatch")).unwrap();
    fs::write(bin.join("sbatch"), script).unwrap();
    fs::set_permissions(bin.join("sbatch"), fs::Permissions::from_mode(0o755)).unwrap();
    bin
}

fn up(place: Place, cluster: &Cluster) -> Up {
    let bin = commands(&place, cluster);
    let text = format!(
        "[server]\nlease = \"20s\"\nheartbeat = \"1s\"\n\n[factory]\nname = \"{}\"\ncycle_s = 1\nquiet_s = 5\n\n[queue.own]\n\n\
         [batch.slurm]\nsystem = \"slurm\"\nconf = {:?}\nbin = {bin:?}\ndir = {:?}\npoll_s = 0.5\ntimeout_s = 10\n\n\
         [label.own]\nqueue = \"own\"\nbatch = \"slurm\"\nidle_s = 5\nsched.maxpercycle.maximum = 3\n\
         sched.maxtorun.maximum = 3\n",
        place.name(),
        cluster.conf(),
        place.path("slurm"),
    );
    let file = place.write("up.toml", text);
    Up::in_place(place, "127.0.0.1:0", &["--slots", "0", "--config", file.to_str().unwrap()])
}

fn pilots(up: &Up) -> Vec<Value> {
    up.json(&["pilots", "--all", "--json"])["pilots"].as_array().unwrap().clone()
}

fn running(up: &Up) -> usize {
    pilots(up).iter().filter(|pilot| pilot["state"] == "running" && !pilot["started"].is_null()).count()
}

fn trouble(up: &Up) -> bool {
    up.json(&["factories", "--json"]).to_string().contains("batch end point 'slurm': failed to")
}

#[test]
fn a_controller_that_dies_loses_no_pilot_and_gets_none_twice() {
    let cluster = Cluster::start();
    let up = up(Place::new(), &cluster);
    let gate = up.place.path("gate");
    let words = format!("until [ -e {} ]; do sleep 0.1; done", gate.display());
    let answer = up.json(&["submit", "--queue", "own", "--array", "6", "--json", "--", "sh", "-c", &words]);
    let first = answer["array"]["first"].as_i64().unwrap();
    wait_for_file(&up.place.path("died"));
    eventually("the trouble to be told", || trouble(&up).then_some(()));
    cluster.restart();
    eventually("pilots to run", || (running(&up) == 3).then_some(()));
    assert_eq!((cluster.jobs(), pilots(&up).len()), (3, 3), "{:?}", pilots(&up));

    cluster.kill();
    eventually("the trouble to be told again", || trouble(&up).then_some(()));
    assert_eq!(running(&up), 3, "nobody says that they are gone");
    cluster.restart();
    eventually("the trouble to be over", || (!trouble(&up)).then_some(()));
    fs::write(&gate, "").unwrap();
    up.wait(&format!("{first}-{}", first + 5), 0);
    eventually("the pilots to be done", || pilots(&up).iter().all(|pilot| pilot["state"] == "done").then_some(()));
    assert_eq!((cluster.jobs(), pilots(&up).len()), (3, 3), "{:?}", pilots(&up));
    up.stop();
}
