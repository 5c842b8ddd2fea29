//! A schedd that dies and comes back, while pilots are submitted and while they run: one of the test's own, in the pool
//! of all tests.

use crate::condor::{Site, array, pilots, running, variable};
use crate::support::{Place, Up, eventually, kill, wait_for_file};
use std::fs;
use std::process::{Child, Command, Stdio};

/// A schedd of the user who may submit.
struct Schedd {
    child: Child,
}

/// Its configuration: what it keeps is its own, all else is the pool's.
fn configure(site: &Site) -> String {
    let dir = site.place.path("schedd");
    for name in ["log", "spool", "lock"] {
        fs::create_dir_all(dir.join(name)).unwrap();
    }
    let shown = dir.display();
    let text = format!(
        "include : {}\nSCHEDD_NAME = own{}@pilotage.test\nLOCAL_DIR = {shown}\nLOG = {shown}/log\nSPOOL = {shown}/spool\n\
         LOCK = {shown}/lock\nRUN = {shown}/lock\nUSE_SHARED_PORT = false\nSEC_USE_FAMILY_SESSION = false\n",
        site.conf,
        std::process::id()
    );
    let path = site.place.write("schedd/config", text);
    let user = variable("PILOTAGE_TEST_CONDOR_USER");
    assert!(Command::new("chown").args(["-R", &user]).arg(&dir).status().unwrap().success());
    path.display().to_string()
}

/// A command as the user who may submit, of this schedd.
fn command(program: &str, conf: &str) -> Command {
    let user = variable("PILOTAGE_TEST_CONDOR_USER");
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]);
    command.arg(format!("{}/{program}", variable("PILOTAGE_TEST_CONDOR_BIN"))).env("CONDOR_CONFIG", conf);
    command
}

impl Schedd {
    fn start(place: &Place, conf: &str) -> Schedd {
        let log = fs::OpenOptions::new().create(true).append(true).open(place.path("schedd.out")).unwrap();
        let mut schedd = command("condor_schedd", conf);
        let child = schedd.arg("-f").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        place.write("schedd.pid", child.id().to_string());
        eventually("the schedd to answer", || {
            command("condor_q", conf).output().unwrap().status.success().then_some(())
        });
        Schedd { child }
    }

    /// Without any warning.
    fn kill(mut self) {
        kill(self.child.id() as i32, "KILL");
        self.child.wait().unwrap();
    }
}

/// All jobs that the schedd has or had.
fn jobs(conf: &str) -> usize {
    let count = |program: &str| {
        let output = command(program, conf).args(["-af", "PilotageId"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().lines().count()
    };
    count("condor_q") + count("condor_history")
}

fn trouble(up: &Up) -> bool {
    up.json(&["factories", "--json"]).to_string().contains("batch end point 'condor': failed to")
}

#[test]
fn a_schedd_that_dies_loses_no_pilot_and_gets_none_twice() {
    let mut site = Site::new();
    // The first submission is done, but its answer is lost with the schedd.
    let script = "[ -e $HERE/died ] && exec $REAL \"$@\"\n\
                  $REAL \"$@\" >$HERE/died || exit\nkill -9 $(cat $HERE/schedd.pid)\n\
                  echo 'ERROR: Failed to commit job submission into the queue.' >&2; exit 1";
    let bin = site.fake("condor_submit", script);
    site.conf = configure(&site);
    let conf = site.conf.clone();
    let first = Schedd::start(&site.place, &conf);
    let up = site.up("127.0.0.1:0", &bin, 20);
    let gate = up.place.path("gate");
    let (_, ids) = array(&up, 6, &format!("until [ -e {} ]; do sleep 0.1; done", gate.display()));
    wait_for_file(&up.place.path("died"));
    eventually("the trouble to be told", || trouble(&up).then_some(()));
    first.kill();
    let second = Schedd::start(&up.place, &conf);
    eventually("pilots to run", || (running(&up).len() == 3).then_some(()));
    assert_eq!((jobs(&conf), pilots(&up).len()), (3, 3));

    second.kill();
    eventually("the trouble to be told again", || trouble(&up).then_some(()));
    assert_eq!(running(&up).len(), 3, "nobody says that they are gone");
    let third = Schedd::start(&up.place, &conf);
    eventually("the trouble to be over", || (!trouble(&up)).then_some(()));
    fs::write(&gate, "").unwrap();
    up.wait(&ids, 0);
    assert_eq!((jobs(&conf), pilots(&up).len()), (3, 3), "{:?}", pilots(&up));
    // Their ends were lost with the schedd, which started them once more: they had nothing left to do.
    eventually("the pilots to be done", || pilots(&up).iter().all(|pilot| pilot["state"] == "done").then_some(()));
    third.kill();
    up.stop();
}
