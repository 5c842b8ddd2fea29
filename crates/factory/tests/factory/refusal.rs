//! A batch system that takes nothing must not be asked without end.

use crate::commands::Commands;
use crate::site::{Site, WAITS};
use model::{ErrorClass, PilotState as S};

#[tokio::test]
async fn a_refused_label_is_restrained_and_causes_no_hurry() {
    let site = Site::new(WAITS);
    let slurm = Commands::new(&site);
    slurm.say("sbatch", "echo 'sbatch: error: invalid partition specified: nowhere' >&2; exit 1");
    site.server.lock().waiting = 5;
    let mut cycler = slurm.cycler(&site, "");
    for _ in 0..3 {
        cycler.cycle().await;
        assert!(!cycler.is_unsettled(), "nothing is on its way, so nothing is to be seen soon");
    }
    let refused = site.server.lock().pilots.values().next().unwrap().clone();
    assert_eq!((refused.state, refused.error_class), (S::Fault, Some(ErrorClass::Batch)));
    assert_eq!(refused.message, "not accepted: invalid partition specified: nowhere");

    let announced = site.server.states().len();
    assert_eq!(announced, 15);
    for _ in 0..5 {
        cycler.cycle().await;
    }
    assert_eq!((site.server.states().len(), slurm.calls("sbatch")), (announced, 3));
    let last = site.server.lock().decisions.last().unwrap().message();
    assert!(last.contains("BackOff:in=5,by=label,failures=3,wait=15,ret=0"), "{last}");
}

#[tokio::test]
async fn a_full_batch_system_is_no_reason_for_restraint() {
    let site = Site::new(WAITS);
    let slurm = Commands::new(&site);
    slurm.say("sbatch", "echo 'sbatch: error: AssocMaxSubmitJobLimit' >&2; exit 1");
    site.server.lock().waiting = 1;
    let mut cycler = slurm.cycler(&site, "");
    for _ in 0..4 {
        cycler.cycle().await;
        assert!(!cycler.is_unsettled());
    }
    let state = site.server.lock();
    assert!(state.pilots.values().all(|pilot| pilot.state == S::Done), "{:?}", state.pilots);
    assert!(state.decisions.iter().all(|decision| !decision.message().contains("BackOff")));
}

#[tokio::test]
async fn local_pilots_that_cannot_be_started_are_restrained_too() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 2;
    let mut cycler = site.cycler(4);
    // A file where the directory of each pilot should be.
    for pilot in 1..=9 {
        std::fs::write(site.folder(pilot), "in the way").unwrap();
    }
    for _ in 0..5 {
        cycler.cycle().await;
        assert!(!cycler.is_unsettled());
    }
    assert_eq!(site.server.states(), [S::Fault; 6]);
}
