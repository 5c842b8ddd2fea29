//! What an operator does: tokens, backup and restore, factories, configuration.

use crate::support::{Place, Role, Up};

#[test]
fn a_backup_of_a_working_server_can_be_restored() {
    let up = Up::start();
    let id = up.submit(&["--", "echo", "kept"]);
    up.wait(&id.to_string(), 0);
    let copy = up.place.path("copy");
    up.out(&["backup", copy.to_str().unwrap()]);
    up.submit(&["--", "echo", "lost"]);
    let refused = up
        .place
        .bare(&["restore", copy.to_str().unwrap(), "--dir", up.place.dir().to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2), "{}", String::from_utf8_lossy(&refused.stderr));
    up.wait(&(id + 1).to_string(), 0);
    let place = up.stop();
    let restored =
        place.bare(&["restore", copy.to_str().unwrap(), "--dir", place.dir().to_str().unwrap()]).output().unwrap();
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "1"]);
    let jobs = up.json(&["jobs", "--json"]);
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 1, "{jobs}");
    assert_eq!(up.out(&["logs", &id.to_string()]), "kept\n");
    up.stop();
}

#[test]
fn a_restore_that_cannot_be_done_changes_nothing() {
    let up = Up::start();
    let id = up.submit(&["--", "echo", "kept"]);
    up.wait(&id.to_string(), 0);
    let copy = up.place.path("copy");
    up.out(&["backup", copy.to_str().unwrap()]);
    let place = up.stop();
    let dir = place.dir();
    let before = names_in(&dir);
    let restore = |from: &std::path::Path, dir: &std::path::Path| {
        let output = place.bare(&["restore", from.to_str().unwrap(), "--dir", dir.to_str().unwrap()]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = restore(&place.path("scratch"), &dir);
    let wanted = format!("error: {}: is no whole backup for this store: cannot use ", place.path("scratch").display());
    assert!(code == Some(2) && said.starts_with(&wanted) && said.contains("backup.json: No such file"), "{said}");
    assert_eq!(restore(&place.path("scratch"), &place.path("typo")).0, Some(2));
    assert!(!place.path("typo").exists());
    std::fs::write(copy.join("pilotage.db"), "torn").unwrap();
    let (code, said) = restore(&copy, &dir);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(restore(&copy, &place.path("typo")).0, Some(1));
    assert!(!place.path("typo").exists());
    assert_eq!(names_in(&dir), before);
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "1"]);
    assert_eq!(up.out(&["logs", &id.to_string()]), "kept\n");
    up.stop();
}

fn names_in(dir: &std::path::Path) -> std::collections::BTreeSet<String> {
    let entries = std::fs::read_dir(dir).unwrap().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn nobody_else_may_read_the_store_or_its_backup() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let dir = place.dir();
    std::fs::create_dir(&dir).unwrap();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(dir.join("pilotage.db"), "").unwrap();
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "1"]);
    up.out(&["wait", "--all"]);
    let copy = up.place.path("copy");
    up.out(&["backup", copy.to_str().unwrap()]);
    let others = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o077;
    for name in ["pilotage.db", "pilotage.db-wal", "pilotage.db-shm", "objects", "admin.token", "factory.token"] {
        assert_eq!(others(&dir.join(name)), 0, "{name}");
    }
    assert_eq!((others(&copy), others(&copy.join("pilotage.db"))), (0, 0));
    let place = up.stop();
    let again = place.path("again");
    let args = ["restore", copy.to_str().unwrap(), "--dir", again.to_str().unwrap()];
    assert!(place.bare(&args).output().unwrap().status.success());
    assert_eq!((others(&again), others(&again.join("pilotage.db"))), (0, 0));
}

#[test]
fn tokens_are_made_used_and_revoked() {
    let up = Up::start();
    let made = up.json(&["token", "create", "ada", "--expires", "1h", "--json"]);
    let token = made["token"].as_str().unwrap();
    let as_ada = |args: &[&str]| {
        let mut command = up.place.bare(args);
        command.env("PILOTAGE_URL", &up.url).env("PILOTAGE_TOKEN", token);
        command.output().unwrap()
    };
    let submitted = as_ada(&["submit", "--json", "--", "true"]);
    assert!(submitted.status.success(), "{}", String::from_utf8_lossy(&submitted.stderr));
    let jobs = up.json(&["jobs", "--json", "--user", "ada"]);
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(as_ada(&["token", "list"]).status.code(), Some(4));
    up.wait(&jobs["jobs"][0]["id"].to_string(), 0);
    let list = up.json(&["token", "list", "--json"]);
    let of_ada = list["tokens"].as_array().unwrap().iter().find(|one| one["id"] == made["id"]).unwrap();
    assert!(of_ada["last_used"].is_string(), "{of_ada}");
    let unused = up.json(&["token", "create", "bob", "--json"])["id"].to_string();
    let line =
        |id: &str| up.out(&["token", "list"]).lines().find(|line| line.trim().starts_with(id)).unwrap().to_owned();
    assert!(line(&unused).contains("not yet"), "{}", line(&unused));
    assert!(!line(&made["id"].to_string()).contains("not yet"));
    up.out(&["token", "revoke", &made["id"].to_string()]);
    assert_eq!(as_ada(&["jobs"]).status.code(), Some(4));
    up.stop();
}

#[test]
fn a_separate_factory_serves_a_separate_server() {
    let up = Up::with(&["--slots", "0"]);
    let token = up.place.dir().join("factory.token");
    up.out(&["queues", "define", "own", "--site", "here"]);
    let config = format!(
        "[factory]\nname = \"apart\"\nservers = [\"{}\"]\ntoken_file = \"{}\"\ndir = \"{}\"\ncycle_s = 1\n\n[batch.machine]\nsystem = \"local\"\n\n[label.one]\nqueue = \"own\"\nbatch = \"machine\"\n",
        up.url,
        token.display(),
        up.place.path("factory").display()
    );
    let file = up.place.write("factory.toml", config);
    let file = file.to_str().unwrap();
    let checked = up.place.bare(&["factory", "check", "--config", file]).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let id = up.submit(&["--queue", "own", "--", "echo", "served"]);
    let explained = up.place.bare(&["factory", "explain", "one", "--config", file]).output().unwrap();
    let said = String::from_utf8(explained.stdout).unwrap();
    assert!(said.contains("1 job waits"), "{said}{}", String::from_utf8_lossy(&explained.stderr));
    let factory = Role::start(&up.place, &["factory", "run", "--config", file], false);
    up.wait(&id.to_string(), 0);
    factory.stop();
    let place = up.stop();
    let alone = place.bare(&["factory", "explain", "one", "--config", file]).output().unwrap();
    let said = String::from_utf8_lossy(&alone.stderr);
    assert_eq!(alone.status.code(), Some(3), "{said}");
    assert!(alone.stdout.is_empty() && said.contains("no connection"), "{said}");
}

/// One of its servers is on this machine, the other behind the proxy of the site.
#[test]
fn a_server_on_loopback_is_never_asked_through_a_proxy() {
    let up = Up::with(&["--slots", "0"]);
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let asked = std::thread::spawn(move || proxy.accept().map(drop));
    let token = std::fs::read_to_string(up.place.dir().join("admin.token")).unwrap();
    let mut client = up.place.bare(&["queues", "--json"]);
    client.env("PILOTAGE_URL", format!("http://far.invalid:25080,{}", up.url)).env("PILOTAGE_TOKEN", token.trim());
    let output = client.env("http_proxy", address).env_remove("no_proxy").env_remove("NO_PROXY").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    asked.join().unwrap().unwrap();
    up.stop();
}

#[test]
fn a_server_checks_its_file() {
    let place = Place::new();
    let file =
        place.write("server.toml", "dir = \"server\"\nlisten = \"127.0.0.1:0\"\nlease = \"3s\"\nheartbeat = 1\n");
    let good = place.bare(&["server", "--check", "--config", file.to_str().unwrap()]).output().unwrap();
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
}

#[test]
fn off_loopback_everything_is_encrypted_and_the_authority_is_pinned() {
    let up = Up::in_place(Place::new(), "0.0.0.0:0", &["--slots", "1"]);
    assert!(up.url.starts_with("https://"), "{}", up.url);
    let id = up.submit(&["--", "echo", "secret"]);
    up.wait(&id.to_string(), 0);
    assert_eq!(up.out(&["logs", &id.to_string()]), "secret\n");
    let token = std::fs::read_to_string(up.place.dir().join("admin.token")).unwrap();
    let by_url = |trust: Option<&str>| {
        let mut command = up.place.bare(&["jobs", "--count"]);
        command.env("PILOTAGE_URL", &up.url).env("PILOTAGE_TOKEN", token.trim());
        command.envs(trust.map(|trust| ("PILOTAGE_TRUST", trust))).output().unwrap()
    };
    let stranger = by_url(None);
    assert_eq!(stranger.status.code(), Some(3), "{}", String::from_utf8_lossy(&stranger.stderr));
    let authority = up.place.dir().join("tls/ca.pem");
    let named = by_url(authority.to_str());
    assert!(named.status.success(), "{}", String::from_utf8_lossy(&named.stderr));
    let wrong = by_url(Some(&"ab".repeat(32)));
    assert_eq!(wrong.status.code(), Some(3));
    up.stop();
}
