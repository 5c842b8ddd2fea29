//! A batch system that hangs costs its own labels time, and nobody else.

use crate::commands::Commands;
use crate::site::{Site, WAITS, cycle_until};
use model::PilotState as S;

#[tokio::test]
async fn labels_of_other_end_points_are_served_meanwhile() {
    let site = Site::new(WAITS);
    let slurm = Commands::new(&site);
    let here = "timeout_s = 2.0\n[batch.here]\nsystem = \"local\"\n[label.a]\nqueue = \"q\"\nbatch = \"here\"\n";
    let mut cycler = slurm.cycler_every(&site, 0.2, here);
    cycler.cycle().await;
    let before = slurm.calls("squeue");
    slurm.say("squeue", "sleep 1000");
    cycle_until(&mut cycler, "it is asked and hangs", || slurm.calls("squeue") > before).await;
    site.server.lock().waiting = 3;
    site.server.lock().decisions.clear();
    cycler.cycle().await;
    assert_eq!(site.server.states(), [S::Submitted], "the local label got its pilot");
    let decision = site.server.lock().decisions.iter().find(|decision| decision.label == "s").unwrap().clone();
    assert_eq!(decision.error, "batch end point 'slurm': failed to get an answer within 0.2 s");
    assert!(
        decision.message().ends_with("Capacity:comment=the batch system does not answer,in=2,ret=0"),
        "{decision:?}"
    );
    assert_eq!((slurm.calls("squeue"), slurm.calls("sbatch")), (before + 1, 0));

    // The same look goes on; there is no second one beside it.
    cycler.cycle().await;
    assert_eq!((slurm.calls("squeue"), slurm.calls("sbatch")), (before + 1, 0));
    slurm.say("squeue", "true");
    cycle_until(&mut cycler, "the others are submitted", || site.server.states().len() == 3).await;
    assert_eq!(slurm.calls("sbatch"), 1);
}
