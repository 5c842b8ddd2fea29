//! Bad input gets a precise message and the right exit code: one table.

use crate::support::{Place, Up};
use rstest::rstest;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;

/// What was said, with the names of this run replaced.
fn said(place: &Place, output: &std::process::Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = text.replace(place.path("").to_str().unwrap().trim_end_matches('/'), "TMP");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("For more information"));
    lines.fold(String::new(), |all, line| all + line + "\n")
}

fn entry(table: &mut String, what: &str, place: &Place, output: &std::process::Output) {
    let code = output.status.code().map_or("signal".to_owned(), |code| code.to_string());
    let _ = write!(table, "{what} -> {code}\n{}\n", said(place, output));
}

#[rstest]
#[case::no_server("jobs")]
fn without_a_server(#[case] command: &str) {
    let place = Place::new();
    let output = place.bare(&[command]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&place, &output).starts_with("error: no server is named\n"));
}

const WRONG_SERVER: &str = "dir = \"x\"
database = \"mysql://me:secret@h/d\"
public_url = \"pilotage.example\"
lease = \"5s\"
heartbeat = \"0s\"
archive_after = \"10d\"
keep_archive = \"1d\"
long_poll = 0

[tls]
certificate = \"absent.pem\"
key = \"absent.key\"
";

/// Files and words that are refused before any server is asked.
#[test]
fn what_is_typed_or_written() {
    let place = Place::new();
    place.write("server.toml", "dir = \"x\"\nlisten = \"127.0.0.1:0\"\nlaese = \"3s\"\n");
    place.write(
        "factory.toml",
        "[factory]\nname = \"f\"\n\n[batch.b]\nsystem = \"local\"\n\n[label.l]\nqeue = \"q\"\nbatch = \"b\"\n",
    );
    place.write("nobatch.toml", "[factory]\nname = \"f\"\n\n[batch.machine]\nsystem = \"local\"\n\n[label.l]\nqueue = \"q\"\nbatch = \"machin\"\n");
    place.write("token.toml", "[factory]\nname = \"f\"\ntoken_file = \"absent.token\"\n");
    place.write("wrong.toml", WRONG_SERVER);
    place.write("wrong-up.toml", "[server]\nlease = \"2s\"\n");
    place.write("sever.toml", "[sever]\nlease = \"2m\"\n");
    place.write("up.toml", "[queue.q]\nsiet = \"x\"\n");
    place.write("taken.toml", "[batch.local]\nsystem = \"local\"\n");
    place.write("binary.sh", b"#!/bin/sh\n\xff\xfe\n");
    place.write("wrong.sh", "#!/bin/sh\n#PILOTAGE --core 4\n");
    place.write("bad.jsonl", "{\"command\":[\"a\"]}\n{\"command\":[\"a\"],\"cores\":\"two\"}\n");
    std::fs::File::create(place.path("huge.sh")).unwrap().set_len(2 << 30).unwrap();
    let cases: &[&[&str]] = &[
        &["sumbit", "--", "true"],
        &["up", "--slts", "2"],
        &["up", "--slots", "2000"],
        &["server", "--config", "server.toml"],
        &["factory", "check", "--config", "factory.toml"],
        &["factory", "check", "--config", "nobatch.toml"],
        &["factory", "check", "--config", "absent.toml"],
        &["factory", "check", "--config", "token.toml"],
        &["server", "--check", "--config", "wrong.toml"],
        &["server", "--config", "wrong.toml"],
        &["server", "--check", "--dir", "x", "--database", "mysql://me:secret@h/d"],
        &["up", "--config", "wrong-up.toml"],
        &["up", "--config", "sever.toml"],
        &["up", "--config", "up.toml"],
        &["up", "--config", "taken.toml"],
        &["up", "--dir", "/proc/nowhere"],
        &["up", "--dir", "/proc/nowhere", "--detach"],
        &["up", "--dir", "server.toml"],
        &["up", "--listen", "nonsense"],
        &["jobs", "--state", "fnished"],
        &["jobs", "--ids", "9-3"],
        &["jobs", "--url", "ftp://host"],
        &["jobs", "--dir", "absent"],
        &["kill", "seventeen"],
        &["submit"],
        &["submit", "--", "./absent"],
        &["submit", "absent.sh"],
        &["submit", "huge.sh"],
        &["submit", "binary.sh"],
        &["submit", "wrong.sh"],
        &["submit", "--array", "0", "--", "true"],
        &["submit", "--array", "1000001", "--", "true"],
        &["submit", "--memory", "3X", "--", "true"],
        &["submit", "--time", "soon", "--", "true"],
        &["submit", "--cores", "0", "--", "true"],
        &["submit", "--queue", "a", "--site", "b", "--", "true"],
        &["submit", "--env", "PILOTAGE_JOB_ID=1", "--", "true"],
        &["submit", "--env", "SURELY_NOT_SET", "--", "true"],
        &["submit", "--input", "absent.txt", "--", "true"],
        &["submit", "--output", "../out", "--", "true"],
        &["submit", "--from", "bad.jsonl"],
        &["submit", "--from", "absent.jsonl"],
        &["queues", "set", "local", "onlne"],
        &["token", "create", "ada", "--role", "usr"],
        &["wait"],
        &["wait", "--timeout", "-1", "17"],
    ];
    let mut table = String::new();
    for case in cases {
        let output = place.bare(case).current_dir(place.path("")).output().unwrap();
        entry(&mut table, &case.join(" "), &place, &output);
    }
    let mut binary = place.bare(&["submit", "--name"]);
    let output = binary.arg(OsStr::from_bytes(b"job\xff\x01")).args(["--", "true"]).output().unwrap();
    entry(&mut table, "submit --name <binary>", &place, &output);
    insta::assert_snapshot!(table);
}

/// What only a server can refuse.
#[test]
fn what_the_server_refuses() {
    let up = Up::start();
    let place = &up.place;
    let token = |args: &[&str]| up.out(&[&["token", "create"], args].concat()).trim().to_owned();
    let (user, expired) = (token(&["ada"]), token(&["ada", "--expires", "1s"]));
    let shifter = token(&["sam", "--role", "shifter"]);
    let mine = up.submit(&["--queue", "local", "--", "true"]).to_string();
    let done = up.submit(&["--", "true"]).to_string();
    up.wait(&done, 0);
    let other = |token: &str, args: &[&str]| {
        let mut command = place.bare(args);
        command.env("PILOTAGE_URL", &up.url).env("PILOTAGE_TOKEN", token).output().unwrap()
    };
    crate::support::eventually("the token's end", || {
        (other(&expired, &["jobs"]).status.code() == Some(4)).then_some(())
    });
    let big = place.write("big.jsonl", format!("{{\"command\":[\"echo\",\"{}\"]}}\n", "x".repeat(1 << 20)));
    let mut table = String::new();
    let own: &[&[&str]] = &[
        &["submit", "--queue", "loacl", "--", "true"],
        &["submit", "--name", "bell\u{7}", "--", "true"],
        &["submit", "--from", big.to_str().unwrap()],
        &["job", "4711"],
        &["logs", "4711"],
        &["kill", "4711"],
        &["logs", &done, "--attempt", "7"],
        &["jobs", "--queue", "loacl"],
        &["jobs", "--count", "--json", "--queue", "loacl"],
        &["jobs", "--site", "far"],
        &["pilots", "--label", "loacl"],
        &["decisions", "--label", "loacl"],
        &["jobs", "--cursor", "nonsense"],
        &["queues", "set", "absent", "online"],
        &["queues", "define", "no/name"],
        &["pilots", "drain", "4711"],
        &["backup", "/proc/nowhere/copy"],
        &["token", "revoke", "4711"],
    ];
    for case in own {
        entry(&mut table, &case.join(" "), place, &up.client(case).output().unwrap());
    }
    let others: &[(&str, &str, &[&str])] = &[
        ("expired", &expired, &["jobs"]),
        ("no such", "pilotage_0000", &["jobs"]),
        ("none", "", &["jobs"]),
        ("user", &user, &["kill", &mine]),
        ("user", &user, &["queues", "set", "local", "offline"]),
        ("user", &user, &["token", "list"]),
        ("user", &user, &["backup", "/tmp/never-made"]),
        ("shifter", &shifter, &["queues", "set", "local", "offline"]),
    ];
    for (who, token, case) in others {
        entry(&mut table, &format!("[{who} token] {}", case.join(" ")), place, &other(token, case));
    }
    insta::assert_snapshot!(without_names_of_this_run(&table, &up));
    up.wait(&mine, 0);
    up.stop();
}

fn without_names_of_this_run(table: &str, up: &Up) -> String {
    let table = table.replace(up.place.path("").to_str().unwrap().trim_end_matches('/'), "TMP").replace(&up.url, "URL");
    let line = |line: &str| match line.split_once("has expired at ") {
        Some((before, _)) => format!("{before}has expired at TIME\n"),
        None => format!("{line}\n"),
    };
    table.lines().map(line).collect()
}
