//! The pilot as a process, with real runners and payloads, against a minimal server.

// Helpers of tests may panic as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod node;
mod server;
mod unfit;

use model::job::FileTransfer;
use model::{Command, CommandId, CommandState, ErrorClass, JobId, JobSpec, JobState, PilotId, Target, Time, Verb};
use node::{TestPilot, is_alive, wait_until};
use server::{Server, State};
use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};
use wire::api::JobReport;

fn sh(script: &str) -> JobSpec {
    JobSpec::command("/bin/sh", ["-c".to_owned(), script.to_owned()])
}

fn file(name: &str, url: impl Into<String>) -> FileTransfer {
    FileTransfer { name: name.to_owned(), url: url.into() }
}

fn command(verb: Verb, target: Target) -> Command {
    let (id, time, state) = (CommandId(1), Time(0), CommandState::Delivered);
    let (arguments, note) = (Vec::new(), String::new());
    Command { id, target, verb, arguments, issuer: "alice".into(), time, expires: time, state, note, sent: None }
}

#[test]
fn an_array_runs_once_each_and_an_idle_pilot_ends() {
    let server = Server::start();
    let first = server.submit(JobSpec::command("true", []), 500);
    let mut pilot = TestPilot::start(&server, &["--slots", "2", "--idle-s", "1"]);
    assert_eq!(pilot.exit_code(), 0);
    let state = server.state();
    let ended: Vec<i64> = state.reports.iter().filter(|r| r.state.is_final()).map(|r| r.job.0).collect();
    assert_eq!(ended.len(), 500);
    assert_eq!(ended.iter().collect::<BTreeSet<_>>().len(), 500);
    assert!(ended.iter().all(|job| (first..first + 500).contains(job)));
    assert_eq!(state.exits[0].reason, "idle");
    drop(state);
    pilot.assert_nothing_left();
}

#[test]
fn outputs_come_short_inside_and_long_beside_the_report() {
    let server = Server::start();
    let short = server.submit(sh("echo out; echo err >&2; exit 7"), 1);
    let long = server.submit(sh("i=0; while [ $i -lt 2000 ]; do echo line-$i; i=$((i+1)); done"), 1);
    let binary = server.submit(sh("printf 'a\\000b'"), 1);
    let _pilot = TestPilot::start(&server, &[]);
    let report = server.final_report(short);
    assert_eq!((report.stdout.as_str(), report.stderr.as_str()), ("out\n", "err\n"));
    assert_eq!((report.exit_code, report.error_class), (Some(7), Some(ErrorClass::Payload)));
    assert_eq!(report.token, format!("token-{short}"));
    assert_eq!(server.final_report(long).state, JobState::Finished);
    let text: String = (0..2000).map(|i| format!("line-{i}\n")).collect();
    assert_eq!(server.state().logs[&(long, "stdout".to_owned())], text.as_bytes());
    server.final_report(binary);
    assert_eq!(server.state().logs[&(binary, "stdout".to_owned())], b"a\0b");
}

#[test]
fn files_are_staged_in_and_out() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("numbers"), "1\n2\n").unwrap();
    let base = format!("http://{}", server.address);
    server.change(|state| {
        state
            .files
            .insert("/run.sh".into(), b"#!/bin/sh\ncat in/a b > sum; cp sum kept; cp sum web; cp sum copy\n".into());
        state.files.insert("/b".into(), b"3\n".into());
    });
    let mut spec = JobSpec::command(format!("{base}/run.sh"), []);
    spec.inputs = vec![file("in/a", dir.path().join("numbers").display().to_string()), file("b", format!("{base}/b"))];
    let copy = dir.path().join("new/copy");
    spec.outputs = vec![file("kept", ""), file("web", format!("{base}/web")), file("copy", copy.display().to_string())];
    let good = server.submit(spec.clone(), 2);
    let mut no_input = spec.clone();
    no_input.inputs.push(file("c", format!("{base}/none")));
    let no_input = server.submit(no_input, 1);
    spec.outputs.push(file("never", ""));
    let no_output = server.submit(spec, 1);
    let _pilot = TestPilot::start(&server, &["--slots", "2"]);
    for job in [good, good + 1] {
        let report = server.final_report(job);
        assert_eq!(report.state, JobState::Finished, "{}", report.message);
    }
    let kept = format!("/pilotage/v1/jobs/{good}/attempts/1/outputs/kept");
    let files = server.state().files.clone();
    assert_eq!((files[&kept].as_slice(), files["/web"].as_slice()), (&b"1\n2\n3\n"[..], &b"1\n2\n3\n"[..]));
    assert_eq!(fs::read(copy).unwrap(), b"1\n2\n3\n");
    let report = server.final_report(no_input);
    assert_eq!(report.error_class, Some(ErrorClass::StageIn));
    assert!(report.message.contains("input 'c': ") && report.message.contains("404"), "{}", report.message);
    let report = server.final_report(no_output);
    assert_eq!((report.error_class, report.exit_code), (Some(ErrorClass::StageOut), Some(0)));
    assert_eq!(report.message, "output 'never': was not made by the job");
}

#[test]
fn commands_kill_and_follow_jobs_and_drain_the_pilot() {
    let server = Server::start();
    let job = server.submit(sh("trap 'echo last; exit' TERM; echo one; while :; do sleep 0.05; done"), 1);
    let mut pilot = TestPilot::start(&server, &[]);
    server.wait_running(job);
    server.change(|state| state.commands.push(command(Verb::Follow, Target::Job(JobId(job)))));
    let log = (job, "stdout".to_owned());
    server.wait("followed output", |state| state.logs.get(&log).filter(|log| log.as_slice() == b"one\n").map(drop));
    server.change(|state| state.commands.push(command(Verb::Kill, Target::Job(JobId(job)))));
    let report = server.final_report(job);
    assert_eq!((report.error_class, report.message.as_str()), (Some(ErrorClass::Killed), "killed by alice"));
    assert_eq!((report.stdout.as_str(), server.state().logs[&log].as_slice()), ("", &b"one\nlast\n"[..]));
    server.change(|state| state.commands.push(command(Verb::Kill, Target::Job(JobId(99)))));
    server.wait("the refusal", |state| {
        state
            .outcomes
            .iter()
            .find(|o| o.state == CommandState::Refused && o.note.contains("does not have job 99"))
            .map(drop)
    });
    server.change(|state| state.commands.push(command(Verb::Drain, Target::Pilot(PilotId(7)))));
    assert_eq!(pilot.exit_code(), 0);
    assert_eq!(server.state().exits[0].reason, "drained");
    pilot.assert_nothing_left();
}

#[test]
fn jobs_go_on_while_the_server_is_away_and_reports_come_later() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let (started, go) = (dir.path().join("started"), dir.path().join("go"));
    let script =
        format!("touch {}; while [ ! -e {} ]; do sleep 0.02; done; echo done", started.display(), go.display());
    let job = server.submit(sh(&script), 1);
    let pilot = TestPilot::start(&server, &[]);
    wait_until("the start", || started.exists());
    server.change(|state| state.away = true);
    fs::write(&go, "").unwrap();
    wait_until("the spool", || pilot.spool().is_some_and(|text| text.contains("finished")));
    server.change(|state| state.away = false);
    assert_eq!(server.final_report(job).stdout, "done\n");
    wait_until("an empty spool", || pilot.spool().is_none());
}

#[test]
fn all_results_outlive_a_pilot_that_ends_while_the_server_is_away() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let (running, go) = (dir.path().join("running"), dir.path().join("go"));
    let wait = format!("echo >> {}; while [ ! -e {} ]; do sleep 0.02; done", running.display(), go.display());
    let short = server.submit(sh(&format!("{wait}; echo kept")), 1);
    let long = server.submit(sh(&format!("{wait}; i=0; while [ $i -lt 2000 ]; do echo line-$i; i=$((i+1)); done")), 1);
    let mut spec = sh(&format!("{wait}; echo 42 > result; echo copy > copy"));
    spec.outputs = vec![file("result", ""), file("copy", dir.path().join("copy").display().to_string())];
    let outputs = server.submit(spec, 1);
    let mut pilot = TestPilot::start(&server, &["--slots", "3", "--linger-s", "1"]);
    wait_until("the start", || fs::read_to_string(&running).is_ok_and(|text| text.lines().count() == 3));
    server.change(|state| state.away = true);
    fs::write(&go, "").unwrap();
    wait_until("the first report", || pilot.spool().is_some_and(|text| text.contains("kept")));
    wait_until("the output that needs no server", || dir.path().join("copy").exists());
    pilot.signal("TERM");
    assert_eq!(pilot.exit_code(), 6);
    server.change(|state| state.away = false);
    let mut again = pilot.again(&server, &["--idle-s", "1"]);
    assert_eq!(server.final_report(short).stdout, "kept\n");
    for job in [long, outputs] {
        let report = server.final_report(job);
        assert_eq!(report.state, JobState::Finished, "{}", report.message);
    }
    let text: String = (0..2000).map(|i| format!("line-{i}\n")).collect();
    let state = server.state();
    assert_eq!(state.logs[&(long, "stdout".to_owned())], text.as_bytes());
    assert_eq!(state.files[&format!("/pilotage/v1/jobs/{outputs}/attempts/1/outputs/result")], b"42\n");
    assert_eq!(state.leased, 3, "nothing ran again");
    drop(state);
    assert_eq!((again.exit_code(), again.spool()), (0, None));
}

#[test]
fn a_page_of_a_proxy_ends_neither_jobs_nor_reports() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let go = dir.path().join("go");
    let script = format!("while [ ! -e {} ]; do sleep 0.02; done; echo survived", go.display());
    let (job, quick) = (server.submit(sh(&script), 1), server.submit(sh("sleep 0.3; echo quick"), 1));
    let pilot = TestPilot::start(&server, &["--slots", "2"]);
    server.wait_running(job);
    server.wait_running(quick);
    for status in [403, 404, 401, 413] {
        server.change(|state| state.page = Some(status));
        wait_until("the spool", || pilot.spool().is_some_and(|text| text.contains("quick")));
        let answered = server.state().paged;
        server.wait("more pages", |state| (state.paged >= answered + 5).then_some(()));
    }
    server.change(|state| state.page = None);
    assert_eq!(server.final_report(quick).stdout, "quick\n");
    fs::write(&go, "").unwrap();
    assert_eq!(server.final_report(job).stdout, "survived\n");
}

#[test]
fn the_clock_in_a_hello_is_that_of_its_sending() {
    let server = Server::start();
    server.change(|state| state.away = true);
    let _pilot = TestPilot::start(&server, &[]);
    server.wait("three tries", |state| (state.clocks.len() >= 3).then_some(()));
    server.change(|state| state.away = false);
    server.wait("hello", |state| (state.hellos == 1).then_some(()));
    server.change(|state| state.refuse_tokens = 3);
    server.wait("another hello", |state| (state.hellos > 1).then_some(()));
    let clocks = server.state().clocks.clone();
    assert!(clocks.is_sorted_by(|a, b| a < b), "{clocks:?}");
}

#[test]
fn a_slot_waits_for_a_copy_that_is_not_wanted_any_more() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("input");
    fs::write(&input, "late").unwrap();
    let held = node::HeldFile::hold(&input);
    let mut spec = sh("true");
    spec.inputs = vec![file("in", input.display().to_string())];
    let job = server.submit(spec, 1);
    let _pilot = TestPilot::start(&server, &[]);
    let starting = |report: &JobReport| report.job.0 == job && report.state == JobState::Starting;
    server.wait("staging", |state| state.reports.iter().any(starting).then_some(()));
    server.change(|state| state.commands.push(command(Verb::Kill, Target::Job(JobId(job)))));
    assert_eq!(server.final_report(job).error_class, Some(ErrorClass::Killed));
    let next = server.submit(sh("ls -A"), 1);
    let beats = server.state().heartbeats.len();
    server.wait("time for it to start", |state| (state.heartbeats.len() >= beats + 2).then_some(()));
    let freed = held.free();
    let report = server.final_report(next);
    assert!(report.started.unwrap() >= freed, "it started in a directory that was still being written to");
    assert_eq!(report.stdout, "");
}

#[test]
fn term_gives_jobs_time_and_evicts_those_that_stay() {
    let server = Server::start();
    let stays = server.submit(sh("trap '' TERM; while :; do sleep 0.05; done"), 1);
    let ends = server.submit(sh("sleep 0.5"), 1);
    let mut pilot = TestPilot::start(&server, &["--slots", "2", "--grace-s", "1"]);
    server.wait_running(stays);
    server.wait_running(ends);
    let never = server.submit(sh("echo never"), 1);
    pilot.signal("TERM");
    assert_eq!(pilot.exit_code(), 0);
    let report = server.final_report(stays);
    assert_eq!((report.error_class, report.signal), (Some(ErrorClass::Evicted), Some(9)), "{}", report.message);
    assert_eq!(server.final_report(ends).state, JobState::Finished);
    assert!(server.state().reports.iter().all(|report| report.job.0 != never));
    assert_eq!(server.state().exits[0].reason, "signal TERM");
    pilot.assert_nothing_left();
}

#[test]
fn a_payload_that_the_batch_system_ends_beside_its_pilot_is_evicted() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    fs::write(&pids, "").unwrap();
    let told = format!("echo $$ >> {}; while :; do sleep 0.05; done", pids.display());
    let direct = server.submit(sh(&told), 1);
    let inner = server.submit(sh(&format!("sh -c '{told}'; exit $?")), 1);
    let own = server.submit(sh(&format!("while [ -e {} ]; do sleep 0.02; done; exit 3", pids.display())), 1);
    let mut pilot = TestPilot::start(&server, &["--slots", "3", "--grace-s", "30"]);
    wait_until("both payloads", || fs::read_to_string(&pids).is_ok_and(|text| text.lines().count() == 2));
    server.wait_running(own);
    pilot.signal("TERM");
    let ended = fs::read_to_string(&pids).unwrap();
    ended.lines().for_each(|pid| node::send_signal(pid, "TERM"));
    for job in [direct, inner] {
        let report = server.final_report(job);
        assert_eq!(report.error_class, Some(ErrorClass::Evicted), "{}", report.message);
        assert!(report.message.contains("(TERM)"), "{}", report.message);
    }
    fs::remove_file(&pids).unwrap();
    let report = server.final_report(own);
    assert_eq!((report.error_class, report.exit_code), (Some(ErrorClass::Payload), Some(3)), "{}", report.message);
    assert_eq!(pilot.exit_code(), 0);
}

#[test]
fn at_the_end_of_its_life_a_pilot_evicts_and_goes() {
    let server = Server::start();
    let job = server.submit(sh("while :; do sleep 0.05; done"), 1);
    let mut pilot = TestPilot::start(&server, &["--life-s", "8", "--grace-s", "0.5"]);
    let begin = Instant::now();
    assert_eq!(pilot.exit_code(), 0);
    assert!(begin.elapsed() < Duration::from_secs(8));
    let report = server.final_report(job);
    assert_eq!(
        (report.error_class, report.message.as_str()),
        (Some(ErrorClass::Evicted), "the pilot's life time is over")
    );
}

#[test]
fn what_the_server_took_away_is_stopped_without_a_word() {
    let server = Server::start();
    let job = server.submit(sh("while :; do sleep 0.05; done"), 1);
    let _pilot = TestPilot::start(&server, &[]);
    server.wait_running(job);
    server.wait("a heartbeat with the job", |state| {
        state.heartbeats.iter().any(|beat| beat.jobs == [(JobId(job), 1)]).then_some(())
    });
    server.change(|state| state.stop.push((JobId(job), 1)));
    let next = server.submit(sh("echo next"), 1);
    assert_eq!(server.final_report(next).stdout, "next\n");
    assert!(server.state().reports.iter().all(|report| report.job.0 != job || !report.state.is_final()));
}

#[test]
fn a_refused_token_is_renewed() {
    let server = Server::start();
    let _pilot = TestPilot::start(&server, &[]);
    server.wait("hello", |state| (state.hellos == 1).then_some(()));
    server.change(|state| state.refuse_tokens = 3);
    server.wait("another hello", |state| (state.hellos > 1).then_some(()));
    let job = server.submit(sh("echo still here"), 1);
    assert_eq!(server.final_report(job).stdout, "still here\n");
}

#[test]
fn a_killed_pilot_leaves_no_process_and_no_directory() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let script = format!(
        "echo $$ >> {pids}; setsid sh -c 'trap \"\" TERM; echo $$ >> {pids}; while :; do sleep 1; done' & touch junk; while :; do sleep 1; done",
        pids = pids.display()
    );
    server.submit(sh(&script), 2);
    let pilot = TestPilot::start(&server, &["--slots", "2"]);
    wait_until("all processes", || fs::read_to_string(&pids).is_ok_and(|text| text.lines().count() == 4));
    pilot.signal("KILL");
    wait_until("the runners' clean-up", || pilot.scratch_is_empty());
    for pid in fs::read_to_string(&pids).unwrap().lines() {
        assert!(!is_alive(pid), "process {pid} is left");
    }
}

#[test]
fn a_killed_runner_is_replaced_and_its_job_reported() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let job = server.submit(sh(&format!("echo $PPID $$ > {}; while :; do sleep 1; done", pids.display())), 1);
    let _pilot = TestPilot::start(&server, &[]);
    server.wait_running(job);
    let text = fs::read_to_string(&pids).unwrap();
    let (runner, payload) = text.trim().split_once(' ').unwrap();
    node::send_signal(runner, "KILL");
    let report = server.final_report(job);
    assert_eq!(report.error_class, Some(ErrorClass::Node), "{}", report.message);
    assert!(!is_alive(payload), "the payload is left");
    let next = server.submit(sh("echo next"), 1);
    assert_eq!(server.final_report(next).stdout, "next\n");
}

#[test]
fn short_jobs_behind_a_long_one_go_elsewhere() {
    let server = Server::start();
    server.submit(JobSpec::command("true", []), 100);
    let long = server.submit(sh("while :; do sleep 0.05; done"), 1);
    let after = server.submit(JobSpec::command("true", []), 20);
    let _pilot = TestPilot::start(&server, &[]);
    server.wait_running(long);
    let is_free = |state: &State, job: i64| {
        let given_back = |r: &JobReport| r.job.0 == job && r.error_class == Some(ErrorClass::Evicted);
        state.waiting.iter().any(|waiting| waiting.id.0 == job) || state.reports.iter().any(given_back)
    };
    server.wait("all to be free", |state| (after..after + 20).all(|job| is_free(state, job)).then_some(()));
    assert!(server.state().reports.iter().all(|report| report.job.0 < after || report.state != JobState::Finished));
}

#[test]
fn bad_beginnings_have_words_and_codes() {
    let server = Server::start();
    let cases: [(&[&str], i32, &str); 3] = [
        (&["--secret-file", "/no/such/file"], 2, "failed to read the secret file /no/such/file"),
        (
            &["--secret-file", "@secret", "--scratch", "/proc/none"],
            79,
            "the node failed its check (exit code 79): scratch: /proc/none: ",
        ),
        (&["--secret-file", "@wrong"], 3, "failed to say hello: refused with 401"),
    ];
    for (arguments, code, words) in cases {
        let (got, said) = node::run_to_end(&server, arguments);
        assert_eq!(got, code, "{said}");
        assert!(said.contains(words), "{said}");
    }
}
