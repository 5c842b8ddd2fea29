//! Mail about alarms by a server that wants STARTTLS and a login.

use crate::apart::{Site, append};
use crate::support::{Place, Role, eventually};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const PASSWORD: &str = "a pass: word";

/// A mail server with a certificate of its own; it ends when dropped.
struct MailServer {
    process: Child,
    port: String,
    certificate: PathBuf,
    folder: PathBuf,
}

impl MailServer {
    fn start(place: &Place) -> MailServer {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = place.write("mail.pem", made.cert.pem());
        let key = place.write("mail.key", made.signing_key.serialize_pem());
        let folder = place.path("mail");
        let mut process = Command::new("/usr/bin/python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/mail_server.py"))
            .args([&certificate, &key, &folder])
            .args(["pilotage", PASSWORD])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        MailServer { process, port: port.trim().to_owned(), certificate, folder }
    }

    fn mails(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.join("new")).into_iter().flatten().flatten();
        files.map(|file| fs::read_to_string(file.path()).unwrap()).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn server(site: &Site, authorities: &Path) -> Role {
    let arguments = ["server", "--config", &site.server_file];
    let role = Role::start_with(&site.place, &arguments, &[("SSL_CERT_FILE", authorities.to_str().unwrap())]);
    let token = site.place.dir().join("admin.token");
    eventually("the server", || (token.exists() && site.answers()).then_some(()));
    role
}

#[test]
fn mail_goes_by_starttls_and_a_login_and_waits_until_the_password_is_right() {
    let site = Site::new();
    let mails = MailServer::start(&site.place);
    let node = format!(
        "sched.maxpercycle.maximum = 1\n\n[label.one.node]\ncvmfs = [\"{}\"]\n",
        site.place.path("none").display()
    );
    append(&site.factory_file, &node);
    let password = site.place.write("mail.password", "wrong\n");
    let alarms = format!(
        "\n[alarms]\nevery = \"1s\"\n\n[alarms.rules.fault-ratio]\nleast = 1\nhold = \"0s\"\n\n\
         [alarms.mail]\nurl = \"smtp://localhost:{}?tls=required\"\nfrom = \"pilotage@grid.example\"\nuser = \"pilotage\"\n\
         password_file = \"{}\"\n\n[[alarms.receivers]]\nname = \"ops\"\nmail = [\"ops@grid.example\"]\n",
        mails.port,
        password.display()
    );
    append(&site.server_file, &alarms);
    let (server, factory) = (server(&site, &mails.certificate), site.factory());
    site.run(&["queues", "define", "own"]);
    site.submit("exit 0\n");
    eventually("a login that fails", || site.place.log().contains("failed to tell of alarms").then_some(()));
    assert!(site.place.log().contains("535"), "{}", site.place.log());
    assert!(mails.mails().is_empty());
    fs::write(&password, format!("{PASSWORD}\n")).unwrap();
    let mail = eventually("a mail", || mails.mails().pop());
    assert!(
        mail.contains("Subject: [pilotage] warning: label one of apart") && mail.contains("To: ops@grid.example"),
        "{mail}"
    );
    assert!(!site.place.log().contains(PASSWORD));
    factory.stop();
    server.stop();
}
