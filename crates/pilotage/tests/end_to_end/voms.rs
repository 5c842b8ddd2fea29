//! A VOMS server of one test, with the certificates and the database of the service that all tests share.

use crate::support::{Place, eventually, free_port, kill};
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The server; it can be stopped and started again at the same port.
pub struct Voms {
    port: u16,
    /// The most seconds that it gives attributes for, from its next start on.
    pub life_s: u32,
}

/// The folder of the service.
pub fn folder() -> PathBuf {
    let folder = std::env::var_os("PILOTAGE_TEST_VOMS").filter(|folder| !folder.is_empty());
    PathBuf::from(folder.expect("PILOTAGE_TEST_VOMS is not set; `cargo xtask test` starts a VOMS server and sets it"))
}

impl Voms {
    pub fn start(life_s: u32) -> Voms {
        let voms = Voms { port: free_port(), life_s };
        voms.run();
        voms
    }

    /// Runs it until it is stopped.
    pub fn run(&self) {
        let log = folder().join(format!("log/{}.log", self.port));
        let mut serve = Command::new(folder().join("serve"));
        serve.args([self.port.to_string(), self.life_s.to_string()]).arg(log).stdin(Stdio::null());
        assert!(serve.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
        eventually("the VOMS server to listen", || TcpStream::connect(("127.0.0.1", self.port)).ok());
    }

    /// Ends it and its children: the processes that were started for this port.
    pub fn stop(&self) {
        eventually("the VOMS server to end", || {
            let left = self.processes();
            left.iter().for_each(|pid| kill(*pid, "KILL"));
            left.is_empty().then_some(())
        });
    }

    fn processes(&self) -> Vec<i32> {
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let is_ours = |pid: &i32| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).into_owned();
            line.starts_with("voms\0") && line.contains(&format!("\0-port\0{}\0", self.port))
        };
        pids.filter(is_ours).collect()
    }

    /// A `[credential.grid]` for a member of its VO, whose certificate is copied to the place.
    pub fn section(&self, place: &Place) -> String {
        let shown = |path: PathBuf| path.display().to_string();
        let (certificate, key) = (shown(copy(place, "usercert.pem")), shown(copy(place, "userkey.pem")));
        self.section_from(place, &format!("certificate = {certificate:?}\nkey = {key:?}"))
    }

    /// The same from something else.
    pub fn section_from(&self, place: &Place, from: &str) -> String {
        let line = fs::read_to_string(folder().join("vomses")).unwrap();
        let fields: Vec<&str> = line.split('"').collect();
        let vomses = place.write("vomses", line.replace(&format!("\"{}\"", fields[5]), &format!("\"{}\"", self.port)));
        let shown = |path: PathBuf| path.display().to_string();
        format!(
            "\n[credential.grid]\nkind = \"voms\"\nvo = \"testvo\"\nfqans = [\"/testvo/Role=pilot\"]\n\
             {from}\nvomses = {vomses:?}\nvomsdir = {:?}\nauthorities = {:?}\nlife_s = 36000\n\
             min_life_s = 3\nrenew.retry_s = 0.5\n",
            shown(folder().join("vomsdir")),
            shown(folder().join("certificates")),
        )
    }
}

/// A file of the service that belongs to the one who runs `up` in the place, and to nobody else.
pub fn copy(place: &Place, name: &str) -> PathBuf {
    let path = place.path(name);
    fs::copy(folder().join(name), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    if let Some(user) = place.user() {
        assert!(Command::new("chown").arg(user).arg(&path).status().unwrap().success());
    }
    path
}

impl Drop for Voms {
    fn drop(&mut self) {
        self.processes().into_iter().for_each(|pid| kill(pid, "KILL"));
    }
}

/// What a proxy says, by VOMS's own program.
pub fn fqans(proxy: &Path) -> String {
    let mut info = Command::new("voms-proxy-info");
    info.args(["-fqan", "-file"]).arg(proxy).env("X509_VOMS_DIR", folder().join("vomsdir"));
    let output = info.env("X509_CERT_DIR", folder().join("certificates")).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
