//! Credentials from real servers, and a factory that is killed while it puts a new one in the place of the old one.

use crate::support::{Place, Up, eventually, free_port, wait_for_file};
use crate::voms::{Voms, copy, folder, fqans};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// The real program; with a file `kill` beside it, it kills the factory as soon as the new proxy is written.
const PROGRAM: &str = "#!/bin/sh\nHERE=$(dirname \"$0\")\n\
    [ -e \"$HERE/kill\" ] || exec voms-proxy-init \"$@\"\n\
    voms-proxy-init \"$@\" && rm \"$HERE/kill\" && kill -KILL $PPID\n";

fn start(place: Place, listen: &str, voms: &Voms) -> Up {
    let program = place.write("voms-proxy-init", PROGRAM);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let text = format!(
        "[factory]\ncycle_s = 1\n\n[batch.here]\nsystem = \"local\"\n\n[label.grid]\nqueue = \"grid\"\nbatch = \"here\"\n\
         credential = \"grid\"\nidle_s = 1\n{}program = {program:?}\n",
        voms.section(&place)
    );
    let file = place.write("up.toml", text);
    Up::in_place(place, listen, &["--slots", "0", "--config", file.to_str().unwrap()])
}

/// What lies in the factory's directory of credentials.
fn files(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(place.path("server/credentials")).unwrap().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_factory_that_is_killed_before_the_rename_keeps_the_old_one() {
    let voms = Voms::start(20);
    let listen = format!("127.0.0.1:{}", free_port());
    let up = start(Place::new(), &listen, &voms);
    let path = up.place.path("server/credentials/grid.pem");
    wait_for_file(&path);
    let kill = up.place.write("kill", "");
    let old = fs::read(&path).unwrap();
    eventually("the factory to be killed", || (!kill.exists()).then_some(()));
    let place = up.crash();
    assert_eq!(fs::read(&path).unwrap(), old);
    assert!(files(&place)[0].starts_with(".new-grid-"), "{:?}", files(&place));

    let up = start(place, &listen, &voms);
    let id =
        up.submit(&["--queue", "grid", "--", "sh", "-c", "cat $X509_USER_PROXY >/dev/null && echo $X509_USER_PROXY"]);
    up.wait(&id.to_string(), 0);
    assert_eq!(up.out(&["logs", &id.to_string()]), format!("{}\n", path.display()));
    eventually("the new one", || (fs::read(&path).unwrap() != old).then_some(()));
    assert!(fqans(&path).starts_with("/testvo/Role=pilot/"), "{}", fqans(&path));
    eventually("the rest to be swept", || (files(&up.place) == ["grid.pem"]).then_some(()));
    up.stop();
}

/// Stores a credential on the MyProxy server, which its owner may fetch with this passphrase or with a proxy.
fn store(place: &Place, port: &str, words: &[&str], passphrase: &str) {
    let mut init = Command::new("myproxy-init");
    init.args(["-s", "localhost", "-p", port, "-c", "24", "-l", &place.name()]).args(words);
    init.arg("-C").arg(copy(place, "usercert.pem")).arg("-y").arg(copy(place, "userkey.pem"));
    init.env("X509_USER_CERT", place.path("usercert.pem")).env("X509_USER_KEY", place.path("userkey.pem"));
    init.env("X509_CERT_DIR", folder().join("certificates")).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = init.stderr(Stdio::null()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{passphrase}").unwrap();
    assert!(child.wait().unwrap().success());
}

/// Two proxies of the MyProxy server, the second for the first, and one with attributes over the second. The client of
/// Debian 13 makes that; the one of Debian 12 makes nothing from a proxy.
fn chain(place: &Place, port: &str, voms: &Voms) -> String {
    let authorities = folder().join("certificates");
    let common = format!(
        "kind = \"myproxy\"\nserver = \"localhost\"\nport = {port}\nusername = {:?}\nlife_s = 3600\n\
         authorities = {authorities:?}\nrenew.retry_s = 0.5\n",
        place.name()
    );
    format!(
        "[batch.here]\nsystem = \"local\"\n\n[label.grid]\nqueue = \"grid\"\nbatch = \"here\"\ncredential = \"grid\"\n\
         idle_s = 1\n\n[credential.first]\n{common}passphrase_file = {:?}\nrenew.at_percent = 99.9\n\n\
         [credential.second]\n{common}credential_name = \"second\"\nretriever = \"first\"\n{}program = {:?}\n",
        place.path("passphrase"),
        voms.section_from(place, "over = \"second\""),
        folder().join("voms-proxy-init"),
    )
}

#[test]
fn attributes_are_added_to_proxies_of_a_myproxy_server() {
    let port = std::env::var("PILOTAGE_TEST_MYPROXY").expect("PILOTAGE_TEST_MYPROXY: `cargo xtask test` sets it");
    let (voms, place) = (Voms::start(600), Place::new());
    store(&place, &port, &["-S"], "a long secret");
    store(&place, &port, &["-x", "-k", "second", "-Z", "/DC=test/DC=pilotage/*"], "");
    let passphrase = place.write("passphrase", "a long secret\n");
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600)).unwrap();
    let file = place.write("up.toml", format!("[factory]\ncycle_s = 1\n\n{}", chain(&place, &port, &voms)));
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "0", "--config", file.to_str().unwrap()]);
    let id = up.submit(&["--queue", "grid", "--", "true"]);
    up.wait(&id.to_string(), 0);
    assert!(fqans(&up.place.path("server/credentials/grid.pem")).starts_with("/testvo/Role=pilot/"));

    // The first is renewed after 3.6 s; a passphrase that is wrong harms nobody while it lives.
    let first = up.place.path("server/credentials/first.pem");
    let content = || fs::read(&first).unwrap();
    let old = content();
    eventually("a renewal", || (content() != old).then_some(()));
    up.place.write("passphrase", "another long secret\n");
    let said = || up.json(&["factories", "--json"])["factories"][0]["credentials"][0].clone();
    eventually("the trouble to be told", || {
        let trouble = said()["trouble"].as_str().unwrap_or_default().to_owned();
        trouble.contains("run myproxy-logon: exit code 1: ").then_some(())
    });
    assert_eq!(said()["is_usable"], true);
    up.place.write("passphrase", "a long secret\n");
    eventually("the trouble to be over", || (said()["trouble"] == "").then_some(()));
    assert!(!up.place.log().contains("long secret"), "{}", up.place.log());
    up.stop();
}

#[test]
fn an_operator_looks_at_credentials_and_renews_one() {
    let (voms, place) = (Voms::start(600), Place::new());
    let text = format!(
        "[factory]\nname = \"f\"\ndir = {:?}\n\n[batch.here]\nsystem = \"local\"\n\n[label.grid]\nqueue = \"grid\"\n\
         batch = \"here\"\ncredential = \"grid\"\n{}",
        place.path("factory"),
        voms.section(&place)
    );
    let file = place.write("factory.toml", text);
    let run = |words: &[&str]| {
        let output = place.bare(&["factory"]).args(words).arg("--config").arg(&file).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), text)
    };
    let (code, text) = run(&["credentials"]);
    assert!(code == 1 && text.contains("dead") && text.contains("grid.pem cannot be read"), "{text}");
    assert_eq!(run(&["credentials", "--renew", "gird"]).0, 2);
    let (code, text) = run(&["credentials", "--renew", "grid"]);
    assert!(code == 0 && text.contains("good") && text.contains("/testvo/Role=pilot"), "{text}");
    let (code, text) = run(&["check"]);
    let words = "ok   credential grid: voms: /DC=test/DC=pilotage/CN=Test Pilot; /testvo/Role=pilot, ";
    assert!(code == 0 && text.contains(words) && text.contains("; its attributes end in "), "{text}");
    voms.stop();
    let (code, text) = run(&["credentials", "--renew", "grid"]);
    assert!(code == 1 && text.contains("credential grid: failed to run voms-proxy-init2: exit code 1: "), "{text}");
}
