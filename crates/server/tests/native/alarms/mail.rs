//! Mails to a real mail server.

use super::{end_pilots, quick, until_open};
use crate::harness::{Stage, eventually};
use model::PilotEvent;
use server::{Config, Destination, MailServer};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A mail server that keeps each mail as a file; it ends when dropped.
struct MailBox {
    dir: TempDir,
    port: u16,
    process: Child,
}

impl MailBox {
    async fn start() -> MailBox {
        let dir = TempDir::new().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = dir.path().join("mail").display().to_string();
        let arguments = ["-m", "aiosmtpd", "-n", "-l", &format!("127.0.0.1:{port}"), "-c"].map(String::from);
        let process = Command::new("/usr/bin/python3")
            .args(arguments)
            .args(["aiosmtpd.handlers.Mailbox", &folder])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mails = MailBox { dir, port, process };
        eventually("the mail server listens", async || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
        mails
    }

    fn mails(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.dir.path().join("mail/new")) else { return Vec::new() };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort_by_key(|file| file.metadata().unwrap().modified().unwrap());
        files.iter().map(|file: &std::path::PathBuf| read(file)).collect()
    }
}

fn read(file: &Path) -> String {
    // Long lines are folded for the way.
    std::fs::read_to_string(file).unwrap().replace("=\n", "").replace("\n ", " ")
}

impl Drop for MailBox {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn onset_and_end_come_by_mail() {
    let mails = MailBox::start().await;
    let configured = |config: &mut Config| {
        let url = format!("smtp://127.0.0.1:{}", mails.port);
        let from = "Pilotage <pilotage@grid.example>".into();
        config.alarms.mail = Some(MailServer { url, from, user: None, password_file: None });
        quick(Destination::Mail(vec!["ann@site.example".into(), "bob@site.example".into()]))(config);
    };
    let stage = Stage::with(configured).await;
    end_pilots(&stage, 10, PilotEvent::Break).await;
    until_open(&stage, 1).await;
    eventually("a mail comes", async || mails.mails().len() == 1).await;
    let mail = mails.mails().remove(0);
    for words in [
        "From: Pilotage <pilotage@grid.example>",
        "To: ann@site.example, bob@site.example",
        "Subject: [pilotage] warning: label l of f: 100 % of its pilots end in fault:",
        "Message-ID: <pilotage-alarms-1-",
        "Auto-Submitted: auto-generated",
        "WARNING: label l of f (fault-ratio, new)",
        "error: no space left",
        "to do: Read the log",
        &stage.url("/alarms/1"),
    ] {
        assert!(mail.contains(words), "{words} is missing in\n{mail}");
    }
    end_pilots(&stage, 20, PilotEvent::End).await;
    until_open(&stage, 0).await;
    eventually("the end is told", async || mails.mails().len() == 2).await;
    assert!(mails.mails()[1].contains("Subject: [pilotage] over: label l of f: fault-ratio"), "{:?}", mails.mails());
    stage.close().await;
}
