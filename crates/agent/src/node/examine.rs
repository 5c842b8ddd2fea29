//! Looking at a node before the first job: its profile, and what a label asks for that it does not have.

use super::judge::{Findings, judge};
use super::{profile, proxy};
use crate::PilotArgs;
use model::node::short;
use model::{FailedCheck, NodeNeeds, NodeProfile};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout;

/// How long a repository or a container program may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How long a host may take to accept a connection.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// The most bytes of a check program's output that are looked at: the last ones.
const SAID_MAX: usize = 4096;

/// What was found.
#[derive(Debug)]
pub(crate) struct Examined {
    /// What the node is and has.
    pub(crate) profile: NodeProfile,
    /// What it lacks.
    pub(crate) failed: Vec<FailedCheck>,
    /// Where scratch directories go; none when that is among what it lacks.
    pub(crate) scratch: Option<PathBuf>,
}

/// Looks at everything. `ahead_s` is by how much this clock is ahead of the server's.
pub(crate) async fn examine(args: &PilotArgs, ahead_s: Option<i64>) -> Examined {
    let needs = &args.node;
    let free_mib = args.scratch_free_mib.max(needs.scratch_free_mib);
    let place = super::scratch_base(args.scratch.as_deref(), free_mib << 20);
    let proxy_ends = proxy::end(&proxy::path());
    let profile = NodeProfile {
        scratch: place.as_ref().map(|place| place.display().to_string()).unwrap_or_default(),
        scratch_free_mib: place.as_ref().map_or(0, |place| super::room(place) >> 20),
        clock_ahead_s: ahead_s,
        proxy_ends: proxy_ends.as_ref().ok().copied(),
        program_source: short(&args.program_source),
        passed_over: short(&args.passed_over),
        ..profile::look()
    };
    let mut found = Findings {
        scratch: place.as_ref().err().cloned(),
        proxy: (needs.proxy_left_s > 0).then_some(proxy_ends),
        ..Findings::default()
    };
    ask(needs, place.as_deref().ok(), &mut found).await;
    let failed = judge(needs, &profile, found, jiff::Timestamp::now().into());
    Examined { profile, failed, scratch: place.ok() }
}

/// Everything that may take its time.
async fn ask(needs: &NodeNeeds, place: Option<&Path>, found: &mut Findings) {
    for entry in &needs.cvmfs {
        found.cvmfs.extend(repository(NodeNeeds::directory(entry)).await.err());
    }
    for host in &needs.network {
        found.network.extend(connect(host).await.err());
    }
    for runtime in &needs.runtimes {
        match answer(Command::new(runtime).arg("--version"), ANSWER_MAX).await {
            Ok(_) => {
                found.runtimes.clear();
                break;
            }
            Err(why) => found.runtimes.push(format!("{runtime}: {why}")),
        }
    }
    if !needs.program.is_empty() {
        let limit = Duration::from_secs(needs.program_timeout_s.into());
        let mut command = Command::new(&needs.program);
        command.current_dir(place.unwrap_or(Path::new("/")));
        found.program = answer(&mut command, limit).await.err().map(|why| format!("{}: {why}", needs.program));
    }
}

/// Opening it mounts it. One that hangs keeps only a thread of its own waiting.
async fn repository(path: String) -> Result<(), String> {
    let dir = path.clone();
    let opened =
        tokio::task::spawn_blocking(move || std::fs::read_dir(dir).map(|mut entries| entries.next().is_some()));
    match timeout(ANSWER_MAX, opened).await {
        Err(_) => Err(format!("{path} did not answer within {} s", ANSWER_MAX.as_secs())),
        Ok(Ok(Ok(true))) => Ok(()),
        Ok(Ok(Ok(false))) => Err(format!("{path} is empty")),
        Ok(Ok(Err(error))) => Err(format!("{path}: {error}")),
        Ok(Err(error)) => Err(format!("{path}: {error}")),
    }
}

/// Asked by HTTP, for its resolver: a static program has none of the system's. What is answered, and whether anything is, says
/// nothing about the connection.
async fn connect(host: &str) -> Result<(), String> {
    // A failure means that the same provider is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().no_proxy().tls_certs_only([]).connect_timeout(CONNECT_MAX);
    let client = builder.timeout(CONNECT_MAX * 2).build().map_err(|error| format!("{host}: {error}"))?;
    match client.get(format!("http://{host}/")).send().await {
        Err(error) if error.is_connect() => Err(format!("{host}: {}", cause(&error))),
        _ => Ok(()),
    }
}

fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), cause)
}

/// What a program says when it ends well; else why it did not. It is killed with all it started when it takes too long.
async fn answer(command: &mut Command, limit: Duration) -> Result<(), String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let group = child.id().and_then(|pid| rustix::process::Pid::from_raw(pid as i32));
    let (out, err) = (end_of(child.stdout.take()), end_of(child.stderr.take()));
    let ended = timeout(limit, async { tokio::join!(child.wait(), out, err) }).await;
    let Ok((status, out, err)) = ended else {
        if let Some(group) = group {
            // It may have ended this moment.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        return Err(format!("did not end within {} s", limit.as_secs()));
    };
    let status = status.map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    let how = status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"));
    Err([err, out].iter().find_map(|said| last_line(said)).map_or_else(|| how.clone(), |said| format!("{how}: {said}")))
}

/// The last bytes of what is written.
async fn end_of(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut pipe) = pipe else { return kept };
    let mut piece = [0; SAID_MAX];
    while let Ok(read @ 1..) = pipe.read(&mut piece).await {
        kept.extend_from_slice(&piece[..read]);
        kept.drain(..kept.len().saturating_sub(SAID_MAX));
    }
    kept
}

fn last_line(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn needs() -> NodeNeeds {
        NodeNeeds::default()
    }

    async fn found(needs: &NodeNeeds) -> Findings {
        let mut found = Findings::default();
        ask(needs, None, &mut found).await;
        found
    }

    #[tokio::test]
    async fn directories_and_hosts_are_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let full = dir.path().join("full");
        std::fs::create_dir_all(full.join("vo")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (open, closed) = (listener.local_addr().unwrap(), {
            let gone = TcpListener::bind("127.0.0.1:0").unwrap();
            gone.local_addr().unwrap()
        });
        let path = |path: &Path| path.display().to_string();
        let needs = NodeNeeds {
            cvmfs: vec![path(&full), path(&full.join("vo")), path(&dir.path().join("none"))],
            network: vec![open.to_string(), closed.to_string(), "no-such-host.invalid:80".into()],
            ..needs()
        };
        std::thread::spawn(move || drop(listener.accept()));
        let found = found(&needs).await;
        assert_eq!(found.cvmfs.len(), 2, "{found:?}");
        assert!(found.cvmfs[0].ends_with("full/vo is empty") && found.cvmfs[1].contains("none: "), "{found:?}");
        let [refused, unknown] = &found.network[..] else { panic!("{found:?}") };
        assert!(refused.starts_with(&closed.to_string()) && refused.contains("refused"), "{found:?}");
        assert!(unknown.starts_with("no-such-host.invalid:80: "), "{found:?}");
    }

    #[tokio::test]
    async fn one_runtime_that_works_will_do() {
        let of = |names: &[&str]| NodeNeeds { runtimes: names.iter().map(|name| (*name).into()).collect(), ..needs() };
        assert_eq!(found(&of(&["/no/such", "false", "true"])).await.runtimes, [""; 0]);
        let none = found(&of(&["/no/such", "false"])).await.runtimes;
        assert!(none[0].starts_with("/no/such: No such file") && none[1].starts_with("false: exit code 1"), "{none:?}");
    }

    #[tokio::test]
    async fn a_check_program_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let program = |text: &str| {
            let path = dir.path().join("check");
            std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
            NodeNeeds { program: path.display().to_string(), program_timeout_s: 1, ..needs() }
        };
        assert_eq!(found(&program("echo well; exit 0")).await.program, None);
        let said = found(&program("echo first; echo 'no licence'; exit 3")).await.program.unwrap();
        assert!(said.ends_with("/check: exit code 3: no licence"), "{said}");
        let said = found(&program("sleep 600 & wait")).await.program.unwrap();
        assert!(said.ends_with("did not end within 1 s"), "{said}");
    }
}
