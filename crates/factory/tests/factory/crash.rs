//! The factory dies between any two steps; the next one closes the gap.

use crate::site::{DEADLINE, Site, WAITS, cycle_until};
use model::{ErrorClass, PilotId, PilotState as S};
use std::time::Duration;

/// Runs a cycle that hangs at a step, and drops the factory there.
async fn die_in(site: &Site, holds: impl Fn() -> bool) {
    let mut cycler = site.cycler(4);
    let cycle = cycler.cycle();
    tokio::pin!(cycle);
    let until = std::time::Instant::now() + DEADLINE;
    while !holds() {
        assert!(std::time::Instant::now() < until, "the step is never reached");
        let _ = tokio::time::timeout(Duration::from_millis(5), &mut cycle).await;
    }
}

#[tokio::test]
async fn between_announce_and_submit_the_announcement_expires() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 2;
    site.server.lock().hangs_after.insert("announce");
    die_in(&site, || site.server.states().len() == 2).await;
    assert_eq!(site.folders(), 0);
    site.server.lock().hangs_after.clear();

    let mut cycler = site.cycler(4);
    cycler.cycle().await;
    assert_eq!(site.server.states(), [S::Fault, S::Fault, S::Submitted, S::Submitted]);
    let expired = site.server.lock().pilots[&PilotId(1)].clone();
    assert_eq!(expired.error_class, Some(ErrorClass::Batch));
    assert_eq!(expired.message, "it was announced but never reached the batch system");
    cycle_until(&mut cycler, "the others run", || site.server.states()[2..] == [S::Running, S::Running]).await;
}

#[tokio::test]
async fn between_submit_and_record_the_pilot_is_adopted() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 2;
    site.server.lock().hangs_before.insert("report");
    die_in(&site, || site.folders() == 2 && site.leader(2).is_some()).await;
    assert_eq!(site.server.states(), [S::Announced, S::Announced]);
    site.server.lock().hangs_before.clear();

    let mut cycler = site.cycler(4);
    cycle_until(&mut cycler, "both run", || site.server.states() == [S::Running, S::Running]).await;
    let adopted = site.server.lock().pilots[&PilotId(2)].clone();
    assert_eq!(adopted.batch_id, site.leader(2).unwrap().to_string());
}

#[tokio::test]
async fn between_the_end_and_its_report_nothing_is_lost() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 1;
    let mut cycler = site.cycler(4);
    cycle_until(&mut cycler, "it runs", || site.server.states() == [S::Running]).await;
    site.server.hello(PilotId(1));
    site.server.lock().waiting = 0;
    drop(cycler);
    site.server.lock().hangs_after.insert("report");
    site.go(1, 0);
    die_in(&site, || site.server.states() == [S::Done] || !site.folder(1).join("exit").exists()).await;
    // The first cycles may have found it running; the end is told by one of the next factories.
    let until = std::time::Instant::now() + DEADLINE;
    while site.server.states() != [S::Done] {
        assert!(std::time::Instant::now() < until);
        let mut cycler = site.cycler(4);
        let _ = tokio::time::timeout(Duration::from_millis(100), cycler.cycle()).await;
    }
    assert!(site.server.lock().logs.is_empty() && site.folder(1).exists());

    // The server has it as done, the batch system still shows its end: logs are pushed and traces deleted.
    site.server.lock().hangs_after.clear();
    site.cycler(4).cycle().await;
    assert_eq!((site.server.lock().logs.len(), site.folders()), (1, 0));
}

#[tokio::test]
async fn pilots_that_the_server_forgot_are_taken_away() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 1;
    let mut cycler = site.cycler(4);
    cycle_until(&mut cycler, "it runs", || site.server.states() == [S::Running]).await;
    site.server.lock().waiting = 0;
    site.server.lock().pilots.clear();
    cycle_until(&mut cycler, "it is gone", || site.folders() == 0).await;
}

#[tokio::test]
async fn traces_that_nobody_needs_are_swept_at_the_start() {
    let site = Site::new(WAITS);
    let folder = site.folder(7);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("out"), "the last words").unwrap();
    // Without a secret it was never started; an earlier process closed it.
    site.cycler(4).cycle().await;
    assert!(!folder.exists());
    assert_eq!(site.server.lock().logs[&(PilotId(7), "out".into())], "the last words");
}
