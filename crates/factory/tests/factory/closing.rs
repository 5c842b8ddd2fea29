//! Logs and traces of closed pilots go, however late and however many.

use crate::commands::Commands;
use crate::site::{Site, WAITS, cycle_until};
use factory::Cycler;
use model::PilotId;

/// Accepts an array and writes a line as if its first pilot had.
const SBATCH: &str = "for script; do :; done; echo words >\"$(dirname \"$script\")/0.out\"; echo 7";

fn ended(first: i64, tasks: impl IntoIterator<Item = i64>) -> String {
    let rows: Vec<String> =
        tasks.into_iter().map(|task| format!("echo '7|{task}|COMPLETED|None|pilotage.f1.{first}'")).collect();
    rows.join("\n")
}

/// Cycles until Slurm's next answer was seen: one that is younger than its poll is used again.
async fn ask_again(cycler: &mut Cycler, slurm: &Commands) {
    let before = slurm.calls("squeue");
    cycle_until(cycler, "Slurm is asked again", || slurm.calls("squeue") > before).await;
}

#[tokio::test]
async fn logs_that_could_not_be_pushed_are_pushed_later() {
    let site = Site::new(WAITS);
    let slurm = Commands::new(&site);
    slurm.say("sbatch", SBATCH);
    site.server.lock().waiting = 1;
    let mut cycler = slurm.cycler(&site, "");
    cycler.cycle().await;
    site.server.lock().waiting = 0;
    site.server.lock().unanswered.insert("push_log");
    slurm.say("squeue", &ended(1, [0]));
    ask_again(&mut cycler, &slurm).await;
    assert!(slurm.array(&site, 1).exists());

    // By now Slurm has forgotten it.
    slurm.say("squeue", "true");
    ask_again(&mut cycler, &slurm).await;
    site.server.lock().unanswered.clear();
    cycle_until(&mut cycler, "its directory is removed", || !slurm.array(&site, 1).exists()).await;
    assert_eq!(site.server.lock().logs[&(PilotId(1), "out".into())], "words\n");
}

#[tokio::test]
async fn many_that_end_together_are_cleaned_up_together() {
    let site = Site::new(WAITS);
    let slurm = Commands::new(&site);
    site.server.lock().waiting = 250;
    let mut cycler = slurm.cycler(&site, "[factory.sched]\nmaxpercycle.maximum = 250\n");
    cycler.cycle().await;
    assert_eq!(site.server.states().len(), 250);
    site.server.lock().waiting = 0;
    slurm.say("squeue", &ended(1, 0..250));
    ask_again(&mut cycler, &slurm).await;
    assert!(!slurm.array(&site, 1).exists(), "250 pilots wait for another cycle");
}

#[tokio::test]
async fn ends_that_were_cleaned_up_long_ago_do_not_stand_in_the_way() {
    let site = Site::new(WAITS);
    let slurm = Commands::new(&site);
    slurm.say("sbatch", SBATCH);
    site.server.lock().waiting = 1;
    slurm.cycler(&site, "").cycle().await;
    // Another process closed it on the server and died before it took the logs.
    site.server.lock().pilots.clear();
    site.server.lock().waiting = 0;
    slurm.say("squeue", &format!("{}\n{}", ended(1000, 0..300), ended(1, [0])));
    let mut next = slurm.cycler(&site, "");
    cycle_until(&mut next, "its directory is removed", || !slurm.array(&site, 1).exists()).await;
    assert_eq!(site.server.lock().logs.len(), 1);
}
