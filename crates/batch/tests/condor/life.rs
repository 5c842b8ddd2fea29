//! From submission to the end, and what may happen in between.

use crate::pool::{Pool, call, ids, wait_for};
use batch::condor::CondorConfig;
use batch::{BatchSystem, Flag};
use model::{ErrorClass, PilotEvent, PilotId};
use std::fs;

#[tokio::test]
async fn pilots_run_end_and_are_explained() {
    let pool = Pool::new("runs");
    let outcome = pool.submit(101, 4).await;
    let (last, batch_id) = outcome.accepted[3].clone();
    assert_eq!(last, PilotId(104));
    let cluster = batch_id.strip_suffix(".3").unwrap();

    let done = pool.wait_for_event(101, PilotEvent::End).await;
    assert_eq!((done.native_state, done.batch_id), ("Completed".to_owned(), format!("{cluster}.0")));
    let broken = pool.wait_for_event(102, PilotEvent::Break).await;
    assert_eq!((broken.error_class, broken.message.as_str()), (Some(ErrorClass::Node), "HTCondor: exit code 73"));
    pool.check_spool(102);
    let killed = pool.wait_for_event(103, PilotEvent::Break).await;
    assert_eq!((killed.error_class, killed.message.as_str()), (Some(ErrorClass::Killed), "HTCondor: signal 9"));
    let running = pool.wait_for_event(104, PilotEvent::Run).await;
    assert_eq!(running.native_state, "Running");
    check_contract(&pool, cluster);

    pool.condor.remove(&[PilotId(104), PilotId(999)]).await.unwrap();
    let removed = pool.wait_for_event(104, PilotEvent::End).await;
    assert_eq!((removed.message.as_str(), removed.error_class), ("removed", None));
    pool.condor.remove(&[PilotId(104)]).await.unwrap();

    let logs = pool.condor.logs(PilotId(102));
    assert!(fs::read_to_string(&logs.log).unwrap().contains("return value 73"));
    pool.condor.forget(&[PilotId(101), PilotId(102), PilotId(103)]).await;
    assert!(!logs.out.exists() && !logs.log.exists() && pool.submission(101).exists());
    pool.condor.forget(&[PilotId(104)]).await;
    assert!(!pool.submission(101).exists() && pool.condor.kept().is_empty());
    let transcript = pool.transcript();
    assert!(transcript.contains(" condor_submit -terse ") && !transcript.contains("secret 1"), "{transcript}");
}

/// What the job and everybody who looks at it are told.
fn check_contract(pool: &Pool, cluster: &str) {
    let logs = pool.condor.logs(PilotId(102));
    let out = fs::read_to_string(&logs.out).unwrap();
    let (label, host) = ("there", rustix::system::uname().nodename().to_string_lossy().into_owned());
    let user = String::from_utf8(std::process::Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let first = format!("a 'word'|2|a 'b' \"c\" $(d)|none|{}|{cluster}.1|{label}|{}", pool.factory, user.trim());
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d");
    let second = format!("http://server/logs/me/{date}/{label}/{cluster}.1.out|{host}#{cluster}.1");
    assert_eq!(out.lines().collect::<Vec<_>>(), [first, second]);
    // The secret came as a file of its owner, and is nowhere else.
    assert_eq!(fs::read_to_string(&logs.err).unwrap(), "600\nsecret 1");
    let ad = String::from_utf8(call("condor_q", &["-l", &format!("{cluster}.3")]).stdout).unwrap();
    for line in [
        format!("MATCH_APF_QUEUE = \"{label}\""),
        format!("APF_QUEUE = \"{label}\""),
        format!("APF_OUTURL = \"http://server/logs/me/{date}/{label}/{cluster}.3.out\""),
        format!("FACTORY_JOBID = \"{host}#{cluster}.3\""),
        "PilotageId = 104".to_owned(),
        format!("PilotageFactory = \"{}\"", pool.factory),
    ] {
        assert!(ad.lines().any(|found| found == line), "no {line} in {ad}");
    }
    assert!(!ad.contains("secret 3"));
}

#[tokio::test]
async fn held_suspended_and_evicted_pilots_go_on() {
    let pool = Pool::new("goes-on");
    pool.submit(14, 2).await;
    pool.wait_for_event(14, PilotEvent::Run).await;
    pool.act("condor_hold", &["-reason", "maintenance"], 14);
    let held = pool.wait_for(14, |pilot| pilot.flag == Some(Flag::Held)).await;
    assert_eq!((held.event, held.error_class), (Some(PilotEvent::Queue), None));
    assert!(held.message.starts_with("HTCondor: held: maintenance (by user ") && held.message.ends_with("(code 1)"));
    pool.act("condor_release", &[], 14);
    let again = pool.wait_for_event(14, PilotEvent::Run).await;
    assert_eq!(again.flag, None);

    // Suspended while its files are still on their way, HTCondor's shadow hears of nothing else any more.
    pool.wait_for_file("go.ready.15").await;
    pool.act("condor_suspend", &[], 15);
    pool.wait_for(15, |pilot| pilot.flag == Some(Flag::Suspended)).await;
    pool.act("condor_continue", &[], 15);
    pool.wait_for(15, |pilot| pilot.flag.is_none()).await;
    // Taken from its node; with nowhere to go it stays in the queue for us to see.
    pool.act("condor_qedit", &["Requirements", "false"], 15);
    pool.act("condor_vacate_job", &["-fast"], 15);
    let evicted = pool.wait_for_event(15, PilotEvent::Queue).await;
    assert_eq!((evicted.native_state.as_str(), evicted.flag), ("Idle", None));
    pool.act("condor_qedit", &["Requirements", "true"], 15);
    pool.wait_for_event(15, PilotEvent::Run).await;
    fs::write(pool.path("go"), "").unwrap();
    pool.wait_for_event(15, PilotEvent::End).await;
}

#[tokio::test]
async fn a_removed_pilot_is_told_first() {
    let pool = Pool::new("told");
    pool.submit(4, 1).await;
    pool.wait_for_event(4, PilotEvent::Run).await;
    pool.wait_for_file("go.ready.4").await;
    pool.condor.remove(&[PilotId(4)]).await.unwrap();
    let removed = pool.wait_for_event(4, PilotEvent::End).await;
    assert_eq!(removed.message, "removed");
    pool.wait_for_file("go.told").await;
}

#[tokio::test]
async fn only_our_own_pilots_are_seen_and_touched() {
    let pool = Pool::new("own");
    // ClassAd's == does not see the difference.
    let other_name = pool.factory.to_uppercase();
    let other = pool.open(&other_name, CondorConfig::default());
    pool.submit(4, 2).await;
    other.submit(&pool.request(54, 2)).await.unwrap();
    assert_eq!(ids(&pool.condor.status().await.unwrap()), [4, 5]);
    pool.condor.remove(&[PilotId(54), PilotId(55)]).await.unwrap();
    let theirs = other.status().await.unwrap();
    assert_eq!(ids(&theirs), [54, 55]);
    let alive = |pilot: &batch::PilotStatus| matches!(pilot.event, Some(PilotEvent::Queue | PilotEvent::Run));
    assert!(theirs.pilots.iter().all(alive), "{theirs:?}");
    other.remove(&[PilotId(54), PilotId(55)]).await.unwrap();
}

#[tokio::test]
async fn a_restarted_factory_adopts_by_id_even_without_its_own_record() {
    let pool = Pool::new("adopts");
    let outcome = pool.submit(1, 4).await;
    // As if the factory had died between condor_submit and the note of the cluster.
    fs::remove_file(pool.submission(1).join("job")).unwrap();
    pool.wait_for_event(4, PilotEvent::Run).await;
    let again = pool.open(&pool.factory, CondorConfig::default());
    let four = wait_for(&again, 4, |_| true).await;
    assert_eq!(four.batch_id, outcome.accepted[3].1);
    // With the cluster all else is known again: also those that ended meanwhile.
    let two = wait_for(&again, 2, |pilot| pilot.event == Some(PilotEvent::Break)).await;
    assert_eq!((two.batch_id, two.error_class), (outcome.accepted[1].1.clone(), Some(ErrorClass::Node)));
    assert!(again.logs(PilotId(2)).out.exists());
    again.remove(&[PilotId(4)]).await.unwrap();
    pool.wait_for_event(4, PilotEvent::End).await;
}

#[tokio::test]
async fn an_end_is_found_in_the_history_when_the_event_log_is_gone() {
    let pool = Pool::new("history");
    pool.submit(1, 3).await;
    pool.wait_for_event(2, PilotEvent::Break).await;
    fs::remove_file(pool.condor.logs(PilotId(2)).log).unwrap();
    // Another one, for this one may still answer from its copy.
    let again = pool.open(&pool.factory, CondorConfig::default());
    let found = wait_for(&again, 2, |pilot| pilot.event == Some(PilotEvent::Break)).await;
    assert_eq!(found.message, "HTCondor: exit code 73");
    assert!(pool.transcript().contains(" condor_history "));
}
