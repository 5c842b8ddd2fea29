//! A batch system of the site's own: the program of docs/command.md, as it stands there.

use crate::site::{DEADLINE, Site, WAITS, cycle_until, kill_group};
use factory::{Config, Cycler};
use model::{PilotId, PilotState as S};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A site whose pilots run by the example, and an end for all of them.
struct Own {
    site: Site,
}

impl Own {
    fn new() -> Own {
        let own = Own { site: Site::new(WAITS) };
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/command.md");
        let text = fs::read_to_string(page).unwrap();
        let program = text.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
        fs::write(own.program(), program).unwrap();
        own
    }

    fn program(&self) -> PathBuf {
        self.site.dir.path().join("processes.py")
    }

    fn config(&self, submit: &[String]) -> Config {
        let example = vec!["python3".to_owned(), self.program().display().to_string()];
        let text = format!(
            "[factory]\nname = \"f1\"\ndir = {:?}\nquiet_s = 0.0\n\
             [batch.mine]\nsystem = \"command\"\nsubmit = {submit:?}\nstatus = {example:?}\nremove = {example:?}\n\
             doctor = {example:?}\npoll_s = 0.01\n[label.l]\nqueue = \"q\"\nbatch = \"mine\"\n",
            self.site.dir.path().display().to_string(),
        );
        Config::parse(&text, Path::new("factory.toml")).unwrap()
    }

    fn cycler(&self) -> Cycler {
        self.cycler_by(&["python3".to_owned(), self.program().display().to_string()])
    }

    /// A factory whose submissions are made otherwise.
    fn cycler_by(&self, submit: &[String]) -> Cycler {
        Cycler::new(self.config(submit), Arc::new(self.site.server.clone()), self.site.launch()).unwrap()
    }

    fn state(&self) -> PathBuf {
        self.site.dir.path().join("batch/mine/f1/state")
    }

    /// Where the example keeps its processes.
    fn places(&self) -> Vec<PathBuf> {
        fs::read_dir(self.state()).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    }

    fn leader(&self, pilot: i64) -> String {
        let file = self.state().join(format!("pilotage.f1.{pilot}")).join("pid");
        fs::read_to_string(file).unwrap().trim().to_owned()
    }

    fn states(&self) -> Vec<S> {
        self.site.server.states()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let leaders = self.places().into_iter().filter_map(|place| fs::read_to_string(place.join("pid")).ok());
        leaders.filter_map(|pid| pid.trim().parse().ok()).for_each(kill_group);
    }
}

#[tokio::test]
async fn pilots_run_end_and_leave_nothing() {
    let own = Own::new();
    let server = &own.site.server;
    server.lock().waiting = 2;
    let mut cycler = own.cycler();
    cycle_until(&mut cycler, "both run", || own.states() == [S::Running, S::Running]).await;
    assert_eq!(server.lock().pilots[&PilotId(2)].batch_id, own.leader(2));
    server.hello(PilotId(1));
    server.hello(PilotId(2));
    server.lock().waiting = 0;
    fs::write(own.state().join("pilotage.f1.1/go"), "0").unwrap();
    fs::write(own.state().join("pilotage.f1.2/go"), "3").unwrap();
    cycle_until(&mut cycler, "both have ended", || own.states() == [S::Done, S::Fault]).await;
    cycle_until(&mut cycler, "nothing is left", || own.places().is_empty()).await;
    let state = server.lock();
    assert!(state.pilots[&PilotId(2)].message.starts_with("the pilot ended with exit code 3"));
    let out = &state.logs[&(PilotId(1), "out".to_owned())];
    assert!(out.starts_with("/opt/pilotage pilot --secret-file /") && out.ends_with("/1.json\n"), "{out}");
}

#[tokio::test]
async fn more_than_the_slots_is_full() {
    let own = Own::new();
    own.site.server.lock().waiting = 6;
    own.cycler().cycle().await;
    assert_eq!(own.states(), [S::Submitted, S::Submitted, S::Submitted, S::Submitted, S::Done, S::Done]);
    let refused = own.site.server.lock().pilots[&PilotId(6)].clone();
    assert_eq!(refused.message, "full: all 4 slots are taken");
}

#[tokio::test]
async fn between_the_submission_and_its_answer_the_factory_dies_and_the_pilots_are_adopted() {
    let own = Own::new();
    own.site.server.lock().waiting = 2;
    // The answer never comes: what was submitted is there all the same.
    let silent = format!("python3 {} >/dev/null; exec sleep 1000", own.program().display());
    let mut cycler = own.cycler_by(&["sh".to_owned(), "-c".to_owned(), silent]);
    {
        let cycle = cycler.cycle();
        tokio::pin!(cycle);
        let until = Instant::now() + DEADLINE;
        while own.places().iter().filter(|place| place.join("pid").exists()).count() < 2 {
            assert!(Instant::now() < until, "the pilots never start");
            let _ = tokio::time::timeout(Duration::from_millis(5), &mut cycle).await;
        }
    }
    drop(cycler);
    assert_eq!(own.states(), [S::Announced, S::Announced]);
    let mut cycler = own.cycler();
    cycle_until(&mut cycler, "both are adopted", || own.states() == [S::Running, S::Running]).await;
    assert_eq!(own.site.server.lock().pilots[&PilotId(1)].batch_id, own.leader(1));
}

#[tokio::test]
async fn pilots_in_doubt_are_not_submitted_again() {
    let own = Own::new();
    own.site.server.lock().waiting = 1;
    let garbage = "cat >/dev/null; echo garbage";
    let mut cycler = own.cycler_by(&["sh".to_owned(), "-c".to_owned(), garbage.to_owned()]);
    cycler.cycle().await;
    let decision = own.site.server.lock().decisions.last().unwrap().clone();
    let error = "in doubt: failed to understand the answer of sh: line 1: is no JSON object at column 1: garbage; \
                 the next status will tell";
    assert_eq!(decision.error, error);
    cycler.cycle().await;
    assert_eq!(own.states(), [S::Announced]);
}

#[tokio::test]
async fn pilots_that_the_server_forgot_are_removed() {
    let own = Own::new();
    own.site.server.lock().waiting = 1;
    let mut cycler = own.cycler();
    cycle_until(&mut cycler, "it runs", || own.states() == [S::Running]).await;
    own.site.server.lock().waiting = 0;
    own.site.server.lock().pilots.clear();
    cycle_until(&mut cycler, "it is gone", || own.places().is_empty()).await;
}

#[tokio::test]
async fn the_example_passes_the_check() {
    let own = Own::new();
    let factory = factory::Factory::new(
        own.config(&["python3".to_owned(), own.program().display().to_string()]),
        Arc::new(own.site.server.clone()),
        own.site.launch(),
    );
    let checks = factory.unwrap().check().await;
    assert!(checks[0].1.iter().all(|check| check.ok), "{checks:?}");
    assert!(checks[0].1.iter().any(|check| check.found == "4 pilots at once"), "{checks:?}");
}
