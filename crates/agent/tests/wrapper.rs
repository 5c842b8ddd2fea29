//! The wrapper script under the node's `sh`.

// Helpers of tests may panic as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

/// Says what it was given, and at last how the wrapper found it.
const PROGRAM: &[u8] = b"#!/bin/sh\necho pilot \"$@\"
echo \"$0 $PILOTAGE_DELETE_PROGRAM $PILOTAGE_PROGRAM_VERSION $PILOTAGE_PROGRAM_SOURCE $PILOTAGE_PASSED_OVER\" >&2; exit 42\n";

fn wrapper(dir: &Path, variables: &[(&str, &str)]) -> Output {
    let script = dir.join("wrapper");
    fs::write(&script, agent::WRAPPER).unwrap();
    let mut command = Command::new("sh");
    command.arg(script).args(["pilot", "--secret-file", "a b"]).env_clear().env("PATH", "/usr/bin:/bin");
    command.env("PILOTAGE_SCRATCH_BASE", dir).current_dir(dir).envs(variables.iter().copied());
    command.output().unwrap()
}

fn words(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn program(dir: &Path, mode: u32) -> String {
    let path = dir.join("the-pilot");
    fs::write(&path, PROGRAM).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    path.display().to_string()
}

/// A server that answers as servers and proxies do: well, with a page, cut off, with nothing. Its URL.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    url
}

fn answer(mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    lines.take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty())).for_each(drop);
    let (status, length, body) = match first.split(' ').nth(1).unwrap() {
        "/pilot" => ("200 OK", PROGRAM.len(), PROGRAM),
        "/page" => ("200 OK", 28, &b"<html>log in to go on</html>"[..]),
        "/cut" => ("200 OK", PROGRAM.len(), &PROGRAM[..20]),
        "/slow" => ("200 OK", 1 << 20, &PROGRAM[..20]),
        "/garbage" => ("200 OK", 4, &[0xff, 0, 0x7f, 0xfe][..]),
        _ => ("404 No", 0, &b""[..]),
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    if first.contains("/slow") {
        // Until the wrapper is gone.
        let _ = std::io::Read::read(&mut stream, &mut [0]);
    }
}

/// One version with these sources, as the wrapper is told.
fn version(sources: &[&str]) -> String {
    format!("release 1 {} {} ;", sha256(PROGRAM), sources.join(" "))
}

/// What lies in the directory beside the wrapper and the program.
fn left(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| name != "wrapper" && name != "the-pilot").collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}

#[test]
fn is_short() {
    assert!(agent::WRAPPER.lines().count() <= 130);
}

#[test]
fn runs_the_given_program_with_all_arguments() {
    let dir = tempfile::tempdir().unwrap();
    let pilot = program(dir.path(), 0o755);
    let (code, out, err) = words(&wrapper(dir.path(), &[("PILOTAGE_PILOT", &pilot)]));
    assert_eq!((code, out.as_str()), (Some(42), "pilot pilot --secret-file a b\n"), "{err}");
}

#[test]
fn fetches_the_program_from_the_first_source_that_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let url = serve();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let wrong = dir.path().join("wrong");
    fs::write(&wrong, PROGRAM).unwrap();
    let other = dir.path().join("other");
    fs::write(&other, "#!/bin/sh\nexit 0\n").unwrap();
    fs::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let sources = [
        (format!("{url}/none"), "404"),
        (format!("{url}/page"), "is no program, it begins with '<html>log in to go on</html>'"),
        (format!("{url}/cut"), "curl: (18)"),
        (format!("{url}/garbage"), "is no program"),
        (format!("http://{closed}/pilot"), "curl: (7)"),
        ("/no/such/file".to_owned(), "cannot be read"),
        (wrong.display().to_string(), "cannot be executed"),
        (other.display().to_string(), "has checksum"),
    ];
    let good = format!("{url}/pilot");
    let all: Vec<&str> = sources.iter().map(|(source, _)| source.as_str()).chain([good.as_str(), "/never"]).collect();
    let (code, out, err) = words(&wrapper(dir.path(), &[("PILOTAGE_PILOTS", &version(&all))]));
    assert_eq!((code, out.as_str()), (Some(42), "pilot pilot --secret-file a b\n"), "{err}");
    let told = err.lines().last().unwrap();
    assert!(told.contains(&format!(" 1 release {good} ")), "{told}");
    for (source, why) in &sources {
        let said = |text: &str| text.find(&format!("{source}: ")).is_some_and(|at| text[at..].contains(why));
        assert!(err.lines().any(said) && said(told), "{source}: {why}: {err}");
    }
    assert_eq!(left(dir.path()).len(), 3, "the good download is left for the pilot to remove");
}

#[test]
fn a_node_with_nothing_but_wget_will_do() {
    let dir = tempfile::tempdir().unwrap();
    let (bin, url) = (dir.path().join("bin"), serve());
    fs::create_dir(&bin).unwrap();
    for tool in [
        "sh",
        "sed",
        "uname",
        "df",
        "awk",
        "find",
        "id",
        "rm",
        "chmod",
        "head",
        "tail",
        "tr",
        "sha256sum",
        "cut",
        "wget",
    ] {
        let found = ["/usr/bin", "/bin"].iter().map(|dir| Path::new(dir).join(tool)).find(|path| path.exists());
        std::os::unix::fs::symlink(found.unwrap(), bin.join(tool)).unwrap();
    }
    let sources = [format!("{url}/none"), format!("{url}/page"), format!("{url}/pilot")];
    let versions = version(&sources.each_ref().map(String::as_str));
    let path = ("PATH", bin.to_str().unwrap());
    let (code, _, err) = words(&wrapper(dir.path(), &[path, ("PILOTAGE_PILOTS", &versions)]));
    assert_eq!(code, Some(42), "{err}");
    assert!(err.contains("404") && err.contains("is no program"), "{err}");
    fs::remove_file(bin.join("wget")).unwrap();
    let (code, _, err) = words(&wrapper(dir.path(), &[path, ("PILOTAGE_PILOTS", &versions)]));
    assert_eq!(code, Some(64), "{err}");
    assert!(err.contains("neither curl nor wget is on PATH"), "{err}");
}

#[test]
fn a_program_at_a_path_is_used_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let pilot = program(dir.path(), 0o755);
    let (code, _, err) = words(&wrapper(dir.path(), &[("PILOTAGE_PILOTS", &version(&[&pilot]))]));
    assert_eq!(code, Some(42), "{err}");
    assert!(err.lines().last().unwrap().starts_with(&format!("{pilot}  release {pilot} ")), "{err}");
    assert_eq!(left(dir.path()), [""; 0]);
}

#[test]
fn without_any_good_source_all_reasons_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let (url, pilot) = (serve(), program(dir.path(), 0o755));
    let run = |versions: &str| words(&wrapper(dir.path(), &[("PILOTAGE_PILOTS", versions)]));
    let (page, none) = (format!("{url}/page"), format!("{url}/none"));
    let (code, _, err) = run(&version(&[&page, &none]));
    assert_eq!(code, Some(64), "{err}");
    let last = err.lines().last().unwrap();
    assert!(
        last.contains("no source gives release: ") && last.contains("is no program") && last.contains("404"),
        "{err}"
    );
    let other = format!("release 1 {} {pilot} {url}/pilot ;", "0".repeat(64));
    let (code, _, err) = run(&other);
    assert_eq!(code, Some(75), "{err}");
    assert!(err.contains(&format!("has checksum {}, not 000", sha256(PROGRAM))), "{err}");
    assert_eq!(left(dir.path()), [""; 0], "nothing of what failed is left");
}

/// The versions that these pilots draw, by what tells the wrapper which pilot it is.
fn drawn(dir: &Path, shares: &str, variables: &[(&str, &str)]) -> String {
    let (sum, path) = (sha256(PROGRAM), program(dir, 0o755));
    let version = |share: &str| {
        let (name, share) = share.split_once(':').unwrap();
        format!("{name} {share} {sum} {path} ;")
    };
    let versions = shares.split(' ').map(version).collect::<Vec<_>>().join(" ");
    let all = [&[("PILOTAGE_PILOTS", versions.as_str())], variables].concat();
    let (code, _, err) = words(&wrapper(dir, &all));
    assert_eq!(code, Some(42), "{err}");
    err.lines().last().unwrap().split(' ').nth(2).unwrap().to_owned()
}

#[test]
fn the_version_is_drawn_by_the_pilot_s_id() {
    let dir = tempfile::tempdir().unwrap();
    // As the argument of the wrapper names it.
    let secret = dir.path().join("a b");
    let by_id = |id: i64| drawn(dir.path(), "release:9 candidate:1", &[("PILOTAGE_FIRST_ID", &id.to_string())]);
    let all: Vec<String> = (1000..1100).map(by_id).collect();
    let candidates = all.iter().filter(|version| *version == "candidate").count();
    assert!((9..=11).contains(&candidates), "{candidates} of 100");
    let (at, _) = all.iter().enumerate().find(|(_, version)| *version == "candidate").unwrap();
    let id = 1000 + at as i64;
    assert_eq!(by_id(id), "candidate", "the same at every start");
    let (first, index) = ((id - 3).to_string(), "3");
    let in_array = [("PILOTAGE_FIRST_ID", first.as_str()), ("SLURM_ARRAY_TASK_ID", index)];
    assert_eq!(drawn(dir.path(), "release:9 candidate:1", &in_array), "candidate");
    for id in [id, id + 1] {
        fs::write(&secret, format!("{{\"pilot\":{id},\"secret\":\"x\"}}")).unwrap();
        let by_secret = drawn(dir.path(), "release:9 candidate:1", &[]);
        assert_eq!(by_secret, by_id(id));
    }
    assert_eq!(drawn(dir.path(), "release:0 candidate:5", &[]), "candidate");
    assert_eq!(by_id(i64::from(i32::MAX) * 2), by_id(i64::from(i32::MAX) * 2));
}

#[test]
fn a_wrapper_of_the_vo_is_given_the_whole_command() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("own");
    let text = b"#!/bin/sh\necho set up for \"$@\"\nexec \"$@\"\n";
    fs::write(&own, text).unwrap();
    fs::set_permissions(&own, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let pilot = program(dir.path(), 0o755);
    let wanted = format!("vo {} /no/such {}", sha256(text), own.display());
    let run = |wanted: &str| words(&wrapper(dir.path(), &[("PILOTAGE_PILOT", &pilot), ("PILOTAGE_WRAPPER", wanted)]));
    let (code, out, err) = run(&wanted);
    let expected = format!("set up for {pilot} pilot --secret-file a b\npilot pilot --secret-file a b\n");
    assert_eq!((code, out), (Some(42), expected), "{err}");
    let (code, out, err) = run("vo 00 /no/such");
    assert_eq!((code, out.as_str()), (Some(64), ""), "{err}");
}

#[test]
fn what_a_killed_wrapper_left_goes_after_a_day() {
    let dir = tempfile::tempdir().unwrap();
    let (url, pilot) = (serve(), program(dir.path(), 0o755));
    let script = dir.path().join("wrapper");
    fs::write(&script, agent::WRAPPER).unwrap();
    let mut command = Command::new("sh");
    command.arg(&script).env_clear().env("PATH", "/usr/bin:/bin").env("PILOTAGE_SCRATCH_BASE", dir.path());
    command.env("PILOTAGE_PILOTS", version(&[&format!("{url}/slow")])).process_group(0);
    let mut child = command.spawn().unwrap();
    let begin = std::time::Instant::now();
    while !left(dir.path()).iter().any(|name| name.starts_with("pilotage-fetched-")) {
        assert!(begin.elapsed().as_secs() < 30, "no download");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let group = format!("-{}", child.id());
    assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
    child.wait().unwrap();
    let part = dir.path().join(left(dir.path()).pop().unwrap());
    let (code, _, err) = words(&wrapper(dir.path(), &[("PILOTAGE_PILOTS", &version(&[&pilot]))]));
    assert_eq!((code, part.exists()), (Some(42), true), "a download that may go on is left alone: {err}");
    let touched = Command::new("touch").args(["-d", "3 days ago"]).arg(&part).status().unwrap();
    assert!(touched.success());
    let (code, _, err) = words(&wrapper(dir.path(), &[("PILOTAGE_PILOTS", &version(&[&pilot]))]));
    assert_eq!((code, part.exists()), (Some(42), false), "{err}");
}

#[test]
fn says_what_is_wrong_with_the_node() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, err) = words(&wrapper(dir.path(), &[]));
    assert_eq!(code, Some(77), "{err}");
    let (code, _, err) = words(&wrapper(dir.path(), &[("PILOTAGE_PILOT", "/no/such")]));
    assert_eq!(code, Some(77), "{err}");
    assert!(err.contains("no pilot program at /no/such"), "{err}");
    let pilot = program(dir.path(), 0o644);
    let (code, _, err) = words(&wrapper(dir.path(), &[("PILOTAGE_PILOT", &pilot)]));
    assert_eq!(code, Some(76), "{err}");
    let huge = [("PILOTAGE_PILOT", pilot.as_str()), ("PILOTAGE_SCRATCH_FREE_MIB", "999999999")];
    let (code, _, err) = words(&wrapper(dir.path(), &huge));
    assert_eq!(code, Some(79), "{err}");
    assert!(err.contains("MiB free, 999999999 needed"), "{err}");
}
