//! The runner as a process: started, fed with frames, watched from outside.

// Helpers of tests may panic as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code, unused_imports)]
#[path = "../../src/frame/mod.rs"]
mod frame;
mod slot;

use frame::{Captured, FromRunner, ToRunner};
use model::{ErrorClass, JobSpec};
use slot::{TestSlot, wait_until};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

fn sh(script: &str) -> JobSpec {
    JobSpec::command("/bin/sh", ["-c".to_owned(), script.to_owned()])
}

fn text(captured: &Captured) -> String {
    match captured {
        Captured::Inline(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Captured::File { bytes } => format!("<{bytes} bytes in a file>"),
    }
}

#[test]
fn runs_jobs_one_after_the_other_with_their_environment() {
    let mut slot = TestSlot::start();
    let script = "echo $PILOTAGE_JOB_ID $PILOTAGE_ATTEMPT $PILOTAGE_ARRAY_INDEX $PILOTAGE_QUEUE $PILOTAGE_SITE $MINE; \
                  echo oops >&2; test \"$PWD\" = \"$PILOTAGE_SCRATCH\" && touch left-over; exit $PILOTAGE_ARRAY_INDEX";
    let mut spec = sh(script);
    spec.environment.insert("MINE".into(), "with blank".into());
    let submission = slot.spec(spec);
    for index in 0..3 {
        slot.job(submission, index);
    }
    for index in 0..3 {
        let ended = slot.ended();
        assert_eq!(text(&ended.stdout), format!("{} 1 {index} test-queue test-site with blank\n", ended.key.job));
        assert_eq!(text(&ended.stderr), "oops\n");
        assert_eq!(ended.exit_code, Some(index));
        assert_eq!(ended.class, (index > 0).then_some(ErrorClass::Payload), "{}", ended.message);
    }
    assert_eq!(fs::read_dir(slot.work_dir()).unwrap().count(), 0, "the scratch directory is not clean");
}

#[test]
fn a_start_that_fails_is_explained() {
    let mut slot = TestSlot::start();
    let dir = tempfile::tempdir().unwrap();
    let plain = dir.path().join("plain");
    fs::write(&plain, "echo hi\n").unwrap();
    let odd = dir.path().join("odd");
    fs::write(&odd, "#!/no/such/interpreter\n").unwrap();
    set_mode(&odd, 0o755);
    let cases = [
        ("foo-that-is-not".to_owned(), 127, "no such program 'foo-that-is-not' on PATH ("),
        ("/no/such/file".to_owned(), 127, "no such program '/no/such/file'"),
        (dir.path().display().to_string(), 126, "is a directory, not a program"),
        (plain.display().to_string(), 126, "is not executable: its mode is 6"),
        (odd.display().to_string(), 127, "asks for the interpreter '/no/such/interpreter'"),
    ];
    for (program, code, words) in cases {
        let submission = slot.spec(JobSpec::command(program, []));
        slot.job(submission, 0);
        let ended = slot.ended();
        assert_eq!((ended.class, ended.exit_code), (Some(ErrorClass::Start), Some(code)), "{}", ended.message);
        assert!(ended.message.contains(words), "{}", ended.message);
    }
    set_mode(&plain, 0o755);
    let submission = slot.spec(JobSpec::command(plain.display().to_string(), []));
    slot.job(submission, 0);
    assert_eq!(text(&slot.ended().stdout), "hi\n", "a text without #! is run by sh");
}

fn set_mode(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn a_script_is_written_and_run() {
    let mut slot = TestSlot::start();
    let mut spec = JobSpec::command("my-script", ["a b".to_owned()]);
    spec.script = Some("#!/bin/sh\necho \"$1\" \"$(basename $0)\" $#\n".to_owned());
    let submission = slot.spec(spec);
    slot.job(submission, 0);
    slot.job(submission, 1);
    for _ in 0..2 {
        assert_eq!(text(&slot.ended().stdout), "a b my-script 1\n");
    }
}

#[test]
fn the_whole_tree_ends_with_the_job() {
    let mut slot = TestSlot::start();
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    // A child in a session of its own that ignores TERM, and a twice forked one.
    let script = format!(
        "setsid sh -c 'trap \"\" TERM; echo $$ >> {pids}; while :; do sleep 1; done' & \
         (setsid sh -c 'echo $$ >> {pids}; exec sleep 1000' &) & \
         while [ $(wc -l < {pids} || echo 0) -lt 2 ]; do sleep 0.01; done; echo ready; exit 0",
        pids = pids.display()
    );
    let submission = slot.spec(sh(&script));
    slot.job(submission, 0);
    let ended = slot.ended();
    assert_eq!((ended.exit_code, ended.class), (Some(0), None), "{}", ended.message);
    assert!(ended.message.contains("left behind"), "{}", ended.message);
    for pid in fs::read_to_string(&pids).unwrap().lines() {
        assert!(!slot::is_alive(pid), "process {pid} is left");
    }
}

#[test]
fn a_killed_job_ends_with_the_given_reason() {
    let mut slot = TestSlot::start();
    let submission = slot.spec(sh("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.02; done"));
    let key = slot.job(submission, 0);
    let waiting = slot.job(submission, 1);
    slot.wait_started(key);
    slot.send(&ToRunner::Kill(waiting, ErrorClass::Killed, "killed by alice".into()));
    assert_eq!(slot.ended().key, waiting);
    slot.send(&ToRunner::Kill(key, ErrorClass::Killed, "killed by alice".into()));
    let ended = slot.ended();
    assert_eq!((ended.key, ended.class, ended.exit_code), (key, Some(ErrorClass::Killed), Some(3)));
    assert_eq!((ended.message.as_str(), text(&ended.stdout).as_str()), ("killed by alice", "up\nbye\n"));
}

#[test]
fn a_payload_that_is_killed_from_outside_has_failed() {
    let mut slot = TestSlot::start();
    let submission = slot.spec(sh("kill -KILL $$"));
    slot.job(submission, 0);
    let ended = slot.ended();
    assert_eq!((ended.class, ended.signal), (Some(ErrorClass::Payload), Some(9)), "{}", ended.message);
    assert!(ended.usage.wall_ms < 1000, "the wait is no part of it: {:?}", ended.usage);
}

/// A batch system that takes a node back kills payload and pilot one after the other.
#[test]
fn a_payload_that_is_killed_just_before_its_pilot_is_evicted_with_it() {
    let mut slot = TestSlot::start();
    let dir = tempfile::tempdir().unwrap();
    let pid = dir.path().join("pid");
    let submission = slot.spec(sh(&format!("echo $$ >{}; exec sleep 1000", pid.display())));
    let key = slot.job(submission, 0);
    slot.wait_started(key);
    let payload = fs::read_to_string(&pid).unwrap().trim().to_owned();
    assert!(Command::new("kill").args(["-KILL", &payload]).status().unwrap().success());
    wait_until("its end", || !slot::is_alive(&payload));
    slot.send(&ToRunner::Kill(key, ErrorClass::Evicted, "the pilot ended".into()));
    let ended = slot.ended();
    assert_eq!((ended.class, ended.message.as_str()), (Some(ErrorClass::Evicted), "the pilot ended"));
}

#[test]
fn wall_time_is_a_limit_also_for_who_ignores_term() {
    let mut slot = TestSlot::start();
    let mut spec = sh("trap '' TERM; while :; do sleep 0.05; done");
    spec.wall_time_s = 1;
    let submission = slot.spec(spec);
    let begin = Instant::now();
    slot.job(submission, 0);
    let ended = slot.ended();
    assert_eq!((ended.class, ended.signal), (Some(ErrorClass::WallTime), Some(9)));
    assert!(ended.message.starts_with("ran longer than the 1 s it asked for"), "{}", ended.message);
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[test]
fn memory_of_the_whole_tree_is_a_limit() {
    let mut slot = TestSlot::start();
    let part = "python3 -c 'import time; x = bytearray(80 << 20); time.sleep(60)'";
    let mut spec = sh(&format!("{part} & {part} & wait"));
    spec.memory_mib = 128;
    let submission = slot.spec(spec);
    slot.job(submission, 0);
    let ended = slot.ended();
    assert_eq!(ended.class, Some(ErrorClass::Memory), "{}", ended.message);
    assert!(ended.usage.max_rss_kib > 128 * 1024, "{:?}", ended.usage);
}

#[test]
fn memory_is_the_payload_s_own_whether_small_or_large() {
    let mut slot = TestSlot::start();
    let small = slot.spec(sh("sleep 0.4"));
    slot.job(small, 0);
    let kib = slot.ended().usage.max_rss_kib;
    assert!((1..8 << 10).contains(&kib), "a shell and sleep took {kib} KiB");
    let tiny = slot.spec(JobSpec::command("/bin/true", []));
    slot.job(tiny, 0);
    assert_eq!(slot.ended().usage.max_rss_kib, 0, "nobody looked, and the kernel tells the runner's own");
    let large = slot.spec(JobSpec::command("python3", ["-c".to_owned(), "x = b'x' * (120 << 20)".to_owned()]));
    slot.job(large, 0);
    let kib = slot.ended().usage.max_rss_kib;
    assert!((120 << 10..200 << 10).contains(&kib), "python took {kib} KiB");
}

#[test]
fn without_proc_jobs_end_and_what_they_leave_behind_too() {
    let mut slot = TestSlot::start_without_proc();
    let plain = slot.spec(sh("exit 3"));
    slot.job(plain, 0);
    assert_eq!(slot.ended().exit_code, Some(3));
    let leaver = slot.spec(sh("sleep 300 & sleep 300 & exit 0"));
    slot.job(leaver, 0);
    let ended = slot.ended();
    assert_eq!((ended.exit_code, ended.message.as_str()), (Some(0), "processes that it left behind were ended"));
    let mut late = sh("sleep 300");
    late.wall_time_s = 1;
    let late = slot.spec(late);
    slot.job(late, 0);
    assert_eq!(slot.ended().class, Some(ErrorClass::WallTime));
}

#[test]
fn large_output_goes_to_a_file_and_following_to_a_growing_one() {
    let mut slot = TestSlot::start();
    let submission = slot.spec(sh("i=0; while [ $i -lt 3000 ]; do echo line-$i; i=$((i+1)); done"));
    let key = slot.job(submission, 0);
    let Captured::File { bytes } = slot.ended().stdout else { panic!("kept in memory") };
    assert_eq!(fs::metadata(slot.log_path(key, "stdout")).unwrap().len(), bytes);

    let submission = slot.spec(sh("echo first; while [ ! -e go ]; do sleep 0.01; done; echo second"));
    let key = slot.job(submission, 0);
    slot.wait_started(key);
    slot.send(&ToRunner::Follow(key));
    let log = slot.log_path(key, "stdout");
    wait_until("the first line", || fs::read_to_string(&log).is_ok_and(|text| text == "first\n"));
    fs::write(slot.work_dir().join("go"), "").unwrap();
    assert_eq!(text(&slot.ended().stdout), "first\nsecond\n");
}

#[test]
fn held_scratch_stays_until_released_and_waiting_jobs_can_be_recalled() {
    let mut slot = TestSlot::start();
    let submission = slot.spec(sh("echo result > out"));
    slot.held_job(submission);
    slot.ended();
    let waiting = slot.job(submission, 1);
    assert_eq!(fs::read_to_string(slot.work_dir().join("out")).unwrap(), "result\n");
    slot.send(&ToRunner::Recall);
    assert_eq!(slot.receive(), FromRunner::Returned(waiting));
    slot.send(&ToRunner::Release);
    assert_eq!(slot.receive(), FromRunner::Clean);
    assert_eq!(fs::read_dir(slot.work_dir()).unwrap().count(), 0);
}

#[test]
fn a_spoiled_scratch_directory_is_made_anew() {
    let mut slot = TestSlot::start();
    for script in ["cd /; rmdir $PILOTAGE_SCRATCH", "mkdir -p a/b; touch a/b/c; chmod 0 a/b a .", "mv $PWD $PWD.away"] {
        let submission = slot.spec(sh(script));
        slot.job(submission, 0);
        assert_eq!(slot.ended().class, None);
        let submission = slot.spec(sh("test \"$(pwd -P)\" = \"$PILOTAGE_SCRATCH\" && touch x && ls"));
        slot.job(submission, 0);
        assert_eq!(text(&slot.ended().stdout), "x\n", "after {script}");
        assert_eq!(fs::read_dir(slot.work_dir().parent().unwrap()).unwrap().count(), 2, "after {script}");
    }
}

#[test]
fn scripts_run_on_a_node_where_scratch_is_mounted_noexec() {
    let mut slot = TestSlot::start_noexec();
    for first_line in ["#!/bin/sh", "#!/usr/bin/env sh", "# no interpreter"] {
        let mut spec = JobSpec::command("my-script", ["arg".to_owned()]);
        spec.script = Some(format!("{first_line}\necho got $1\n"));
        let submission = slot.spec(spec);
        slot.job(submission, 0);
        let ended = slot.ended();
        assert_eq!(text(&ended.stdout), "got arg\n", "{first_line}: {}", ended.message);
    }
    let submission = slot.spec(sh("cp /bin/true program; ./program"));
    slot.job(submission, 0);
    assert_eq!(slot.ended().exit_code, Some(126));
}

#[test]
fn nothing_is_left_when_the_pilot_vanishes() {
    let mut slot = TestSlot::start();
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let script = format!(
        "touch junk; trap '' TERM; echo $$ >> {pids}; setsid sh -c 'trap \"\" TERM; echo $$ >> {pids}; while :; do sleep 1; done' & \
         while :; do sleep 1; done",
        pids = pids.display()
    );
    let submission = slot.spec(sh(&script));
    let key = slot.job(submission, 0);
    slot.wait_started(key);
    wait_until("both processes", || fs::read_to_string(&pids).is_ok_and(|text| text.lines().count() == 2));
    let root = slot.root();
    slot.hang_up();
    assert!(!root.exists(), "{} is left", root.display());
    for pid in fs::read_to_string(&pids).unwrap().lines() {
        assert!(!slot::is_alive(pid), "process {pid} is left");
    }
}
