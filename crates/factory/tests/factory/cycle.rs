//! Single cycles: what they submit, tell, keep and clean up.

use crate::server::now;
use crate::site::{DEADLINE, Site, WAITS, cycle_until, kill_group, wait_until};
use model::{ErrorClass, JobId, PilotId, PilotState as S};
use std::collections::BTreeSet;

#[tokio::test]
async fn a_pilot_lives_from_demand_to_its_logs() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 1;
    let mut cycler = site.cycler(4);
    cycler.cycle().await;
    assert_eq!(site.server.states(), [S::Submitted]);
    let decision = site.server.lock().decisions[0].clone();
    assert_eq!((decision.number, decision.announced, decision.accepted), (1, 1, 1));
    assert_eq!(decision.error, "");
    assert!(decision.message().starts_with("ReadyFit:in=0,activated=1,served=0,unfit=0,offset=0,pending=0,ret=1;"));

    // It is on its way, so nothing more is submitted for the same job.
    cycle_until(&mut cycler, "it runs", || site.server.states() == [S::Running]).await;
    site.server.hello(PilotId(1));
    site.server.lock().waiting = 0;
    site.go(1, 0);
    cycle_until(&mut cycler, "it is done", || site.server.states() == [S::Done]).await;
    let state = site.server.lock();
    assert_eq!(state.logs[&(PilotId(1), "out".into())], "/opt/pilotage pilot\n");
    assert_eq!(state.logs.len(), 1, "an empty log is not pushed");
    drop(state);
    assert_eq!(site.folders(), 0);
}

#[tokio::test]
async fn no_more_than_the_machine_takes() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 50;
    let mut cycler = site.cycler(3);
    cycler.cycle().await;
    cycler.cycle().await;
    assert_eq!(site.server.states().len(), 3);
    let last = site.server.lock().decisions.pop().unwrap();
    assert_eq!(last.message().split(';').next_back(), Some("Capacity:in=47,free=0,ret=0"));
}

#[tokio::test]
async fn decisions_of_very_many_labels_are_all_told() {
    let site = Site::new(WAITS);
    let labels: String =
        (0..2500).map(|label| format!("[label.more-{label}]\nqueue = \"q\"\nbatch = \"here\"\n")).collect();
    site.cycler_with(4, &labels).cycle().await;
    let state = site.server.lock();
    let told: BTreeSet<&str> = state.decisions.iter().map(|decision| decision.label.as_str()).collect();
    assert_eq!((told.len(), state.decisions.len()), (2501, 2501));
}

#[tokio::test]
async fn a_killed_pilot_is_lost_and_replaced() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 1;
    let mut cycler = site.cycler(4);
    cycle_until(&mut cycler, "it runs", || site.server.states() == [S::Running]).await;
    site.server.hello(PilotId(1));
    site.server.lock().waiting = 0;
    wait_until("its leader is known", || site.leader(1).is_some()).await;
    kill_group(site.leader(1).unwrap());
    cycle_until(&mut cycler, "it is in fault", || site.server.states() == [S::Fault]).await;
    assert_eq!(site.server.lock().pilots[&PilotId(1)].error_class, Some(ErrorClass::Lost));
    site.server.lock().waiting = 1;
    cycler.cycle().await;
    assert_eq!(site.server.states(), [S::Fault, S::Submitted]);
}

#[tokio::test]
async fn pilots_that_break_at_once_are_not_submitted_without_end() {
    let site = Site::new("exit 73\n");
    site.server.lock().waiting = 5;
    let mut cycler = site.cycler(2);
    let held = || site.server.lock().decisions.last().is_some_and(|last| last.message().contains("BackOff:"));
    cycle_until(&mut cycler, "the label holds back", held).await;
    let submitted = site.server.states().len();
    for _ in 0..5 {
        cycler.cycle().await;
    }
    assert_eq!(site.server.states().len(), submitted);
    assert!(submitted <= 10, "{submitted}");
    let first = site.server.lock().pilots[&PilotId(1)].clone();
    assert_eq!((first.state, first.error_class), (S::Fault, Some(ErrorClass::Node)));
}

#[tokio::test]
async fn a_server_that_is_away_costs_nothing_but_time() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 1;
    let mut cycler = site.cycler(4);
    cycle_until(&mut cycler, "it runs", || site.server.states() == [S::Running]).await;
    site.server.hello(PilotId(1));
    site.server.lock().waiting = 0;
    site.server.lock().down = true;
    site.go(1, 0);
    wait_until("it ended", || site.folder(1).join("exit").exists()).await;
    cycler.cycle().await;
    assert!(site.folder(1).exists(), "what could not be told is kept");
    site.server.lock().down = false;
    cycle_until(&mut cycler, "it is done", || site.server.states() == [S::Done]).await;
    assert_eq!((site.folders(), site.server.lock().logs.len()), (0, 1));
}

#[tokio::test]
async fn an_unknown_queue_is_told_and_nothing_is_submitted() {
    let site = Site::new(WAITS);
    site.server.lock().queues.clear();
    site.server.lock().waiting = 5;
    let mut cycler = site.cycler(4);
    cycler.cycle().await;
    cycler.cycle().await;
    let state = site.server.lock();
    assert_eq!((state.pilots.len(), state.decisions[0].error.as_str()), (0, "the server has no queue 'q'"));
    assert_eq!(state.heartbeats[1].labels[0].trouble, "the server has no queue 'q'");
}

#[tokio::test]
async fn the_host_and_its_end_points_are_told_and_their_change_alone_is_no_news() {
    let site = Site::new(WAITS);
    let mut cycler = site.cycler(4);
    cycler.cycle().await;
    // The server has no pilots, so that the next heartbeat says the same.
    cycler.cycle().await;
    let heartbeats = site.server.lock().heartbeats.clone();
    let [said] = heartbeats.as_slice() else { panic!("{heartbeats:?}") };
    let health = said.health.clone().unwrap();
    assert!(health.cores > 0 && health.memory_available_mib > 0, "{health:?}");
    assert!(health.memory_mib >= health.memory_available_mib, "{health:?}");
    let root = site.dir.path().display().to_string();
    assert!(health.file_systems.iter().any(|one| one.path == root && one.free_bytes > 0), "{health:?}");
    let [end_point] = health.end_points.as_slice() else { panic!("{health:?}") };
    assert_eq!((end_point.name.as_str(), end_point.system.as_str(), end_point.answered), ("here", "local", None));
    // A trouble is news: the labels have it, too.
    site.server.lock().queues.clear();
    cycler.cycle().await;
    cycler.cycle().await;
    let end_point = site.server.lock().heartbeats[1].health.as_ref().unwrap().end_points[0].clone();
    assert!(end_point.answered.is_some_and(|at| now().since(at) < DEADLINE), "{end_point:?}");
    assert_eq!((end_point.free, end_point.trouble.as_str()), (Some(4), ""));
}

#[tokio::test]
async fn explaining_does_nothing() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 3;
    let mut cycler = site.cycler(4);
    let decision = cycler.explain("l").await.unwrap();
    assert_eq!((decision.number, decision.announced), (3, 0));
    assert!(site.server.lock().pilots.is_empty() && site.server.lock().decisions.is_empty());
    let error = cycler.explain("x").await.unwrap_err().to_string();
    assert_eq!(error, "find label 'x'; the labels are l");
    let checks = cycler.check().await;
    assert!(checks[0].1.iter().all(|check| check.ok), "{checks:?}");
}

/// Leaves a report on disk as a pilot does that found no server, then ends when it is told to.
const LEAVES_A_REPORT: &str = "while [ ! -s go ]; do [ $((i += 1)) -lt 3000 ] || exit 99; sleep 0.05; done\nmkdir 1.spool\n\
    echo '{\"job\":5,\"attempt\":1,\"token\":\"t\",\"state\":\"finished\"}' >1.spool/reports\nexit 6\n";

#[tokio::test]
async fn a_pilot_ends_for_the_server_only_after_its_reports_were_delivered() {
    let site = Site::new(LEAVES_A_REPORT);
    site.server.lock().waiting = 1;
    let mut cycler = site.cycler(4);
    cycle_until(&mut cycler, "it runs", || site.server.states() == [S::Running]).await;
    site.server.hello(PilotId(1));
    site.server.lock().waiting = 0;
    site.server.lock().unanswered.insert("deliver");
    site.go(1, 6);
    wait_until("its end", || site.folder(1).join("exit").exists()).await;
    for _ in 0..3 {
        cycler.cycle().await;
    }
    assert_eq!(site.server.states(), [S::Running], "its jobs would be given to others");
    assert!(site.folder(1).join("1.spool/reports").exists());
    site.server.lock().unanswered.clear();
    cycler.cycle().await;
    assert_eq!((site.server.states(), site.server.lock().delivered.as_slice()), (vec![S::Fault], &[JobId(5)][..]));
    assert_eq!(site.server.lock().pilots[&PilotId(1)].error_class, Some(ErrorClass::Node));
    cycle_until(&mut cycler, "nothing is left", || site.folders() == 0).await;
}
