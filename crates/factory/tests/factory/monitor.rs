//! APF monitors beside the factory's own server.

use crate::apf::{Apf, Mood};
use crate::site::{DEADLINE, Site, WAITS, wait_until};
use factory::{Factory, FactoryError, Signal};
use model::{PilotId, PilotState as S};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

struct Run {
    signals: mpsc::Sender<Signal>,
    task: JoinHandle<Result<(), FactoryError>>,
}

fn run(site: &Site, monitor: &str) -> Run {
    let config = site.config(8, 0.1, &format!("[monitor.apf]\n{monitor}\n"));
    let factory = Factory::new(config, Arc::new(site.server.clone()), site.launch()).unwrap();
    let (signals, inbox) = mpsc::channel(4);
    Run { signals, task: tokio::spawn(factory.run(inbox)) }
}

impl Run {
    async fn ends_by(self, signal: Signal) {
        self.signals.send(signal).await.unwrap();
        tokio::time::timeout(DEADLINE, self.task).await.unwrap().unwrap().unwrap();
    }
}

fn settings(apf: &Apf) -> String {
    format!(
        "url = \"{}/\"\nmail = \"ops@f1.example\"\nlog_url = \"http://f1.example/logs/\"\ntimeout_s = 0.3",
        apf.url()
    )
}

/// Lets all pilots run, and end well.
async fn live(site: &Site, pilots: usize) {
    wait_until("they run", || site.server.states() == vec![S::Running; pilots]).await;
    site.server.lock().waiting = 0;
    for id in 1..=pilots as i64 {
        site.server.hello(PilotId(id));
    }
}

async fn end(site: &Site, pilots: usize) {
    for id in 1..=pilots as i64 {
        site.go(id, 0);
    }
    wait_until("they are done", || site.server.states() == vec![S::Done; pilots]).await;
}

fn whole_lives(apf: &Apf, pilots: usize) -> bool {
    apf.lives() == vec![["created", "running", "exiting 20", "done"].map(str::to_owned); pilots]
}

#[tokio::test]
async fn a_monitor_is_told_in_the_forms_of_the_original() {
    let (site, apf) = (Site::new(WAITS), Apf::start());
    site.server.lock().waiting = 1;
    let run = run(&site, &settings(&apf));
    live(&site, 1).await;
    wait_until("it is told to run", || apf.lives() == [["created", "running"]]).await;
    end(&site, 1).await;
    wait_until("its end is told", || whole_lives(&apf, 1)).await;
    run.ends_by(Signal::Leave).await;

    let state = apf.lock();
    assert_eq!(state.refused, [""; 0]);
    let cid = state.jobs.keys().next().unwrap().strip_prefix("f1:").unwrap().to_owned();
    let said = &state.messages["f1:l"];
    assert_eq!(said.len(), 1, "one in five minutes");
    assert!(said[0].starts_with("ReadyFit:in=0,activated=1,"), "{said:?}");
    let told: Vec<String> = state
        .calls
        .iter()
        .filter(|call| !call.what.starts_with("POST /api/labels/"))
        .map(|call| format!("{}\n{}\n{}\n", call.what, call.content_type, call.body).replace(&cid, "CID"))
        .collect();
    insta::assert_snapshot!(told.join("\n").replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[tokio::test]
async fn an_outage_costs_nothing_and_nothing_is_lost_or_told_in_another_order() {
    for mood in [Mood::Away, Mood::Hangs, Mood::Garbage, Mood::Page(200), Mood::Page(503), Mood::Page(302)] {
        let (site, apf) = (Site::new(WAITS), Apf::start());
        apf.set(mood);
        site.server.lock().waiting = 3;
        let run = run(&site, &settings(&apf));
        live(&site, 3).await;
        end(&site, 3).await;
        let info = || site.server.lock().heartbeats.last().unwrap().monitors[0].clone();
        wait_until("it is said", || info().waiting == 12 && !info().trouble.is_empty()).await;
        assert!(apf.lives().is_empty(), "{mood:?}");
        apf.set(Mood::Well);
        wait_until("all is told", || whole_lives(&apf, 3)).await;
        wait_until("it is said", || (info().waiting, info().trouble) == (0, String::new())).await;
        assert_eq!((info().dropped, info().refused), (0, 0), "{mood:?}");
        run.ends_by(Signal::Leave).await;
    }
}

#[tokio::test]
async fn what_waits_outlives_the_factory() {
    let (site, apf) = (Site::new(WAITS), Apf::start());
    site.server.lock().waiting = 2;
    let first = run(&site, &settings(&apf));
    live(&site, 2).await;
    wait_until("their runs are told", || apf.lives() == [["created", "running"]; 2]).await;
    apf.set(Mood::Away);
    end(&site, 2).await;
    // As kill -9 would: nothing is awaited.
    first.task.abort();
    let _ = first.task.await;
    apf.set(Mood::Well);
    let second = run(&site, &settings(&apf));
    wait_until("all is told", || whole_lives(&apf, 2)).await;
    second.ends_by(Signal::Leave).await;
    // Of the eight, those may be told twice that were under way when the first one died: one of each pilot.
    let twice = apf.lock().refused.clone();
    assert!(twice.len() <= 2, "{twice:?}");
}

#[tokio::test]
async fn beyond_its_bound_the_oldest_are_dropped_and_it_is_said() {
    let (site, apf) = (Site::new(WAITS), Apf::start());
    apf.set(Mood::Away);
    site.server.lock().waiting = 3;
    let run = run(&site, &format!("{}\nspool_max = 4", settings(&apf)));
    live(&site, 3).await;
    end(&site, 3).await;
    let info = || site.server.lock().heartbeats.last().unwrap().monitors[0].clone();
    wait_until("it is said", || (info().waiting, info().dropped) == (4, 8)).await;
    run.ends_by(Signal::Leave).await;
}

#[tokio::test]
async fn a_monitor_that_lost_everything_is_introduced_to_the_factory_again() {
    let (site, apf) = (Site::new(WAITS), Apf::start());
    site.server.lock().waiting = 2;
    let run = run(&site, &settings(&apf));
    live(&site, 2).await;
    wait_until("their runs are told", || apf.lives() == [["created", "running"]; 2]).await;
    apf.lock().factories.clear();
    apf.lock().labels.clear();
    site.server.lock().waiting = 1;
    wait_until("a new one is told", || apf.lives().len() == 3).await;
    assert!(apf.lock().factories.contains_key("f1"));
    run.ends_by(Signal::Leave).await;
}

#[tokio::test]
async fn a_label_may_have_no_monitor() {
    let (site, apf) = (Site::new(WAITS), Apf::start());
    site.server.lock().waiting = 1;
    let more = format!("monitors = []\n[monitor.apf]\n{}\n", settings(&apf));
    let factory = Factory::new(site.config(8, 0.1, &more), Arc::new(site.server.clone()), site.launch()).unwrap();
    let (signals, inbox) = mpsc::channel(4);
    let run = Run { signals, task: tokio::spawn(factory.run(inbox)) };
    live(&site, 1).await;
    end(&site, 1).await;
    wait_until("it knows the factory", || apf.lock().calls.len() >= 2).await;
    run.ends_by(Signal::Leave).await;
    let state = apf.lock();
    assert!(state.jobs.is_empty() && state.labels.is_empty() && state.messages.is_empty());
}

#[tokio::test]
async fn a_factory_that_drains_tells_the_last_of_it() {
    let (site, apf) = (Site::new(WAITS), Apf::start());
    site.server.lock().waiting = 2;
    let run = run(&site, &settings(&apf));
    live(&site, 2).await;
    run.signals.send(Signal::Drain).await.unwrap();
    for id in [1, 2] {
        site.go(id, 0);
    }
    tokio::time::timeout(DEADLINE, run.task).await.unwrap().unwrap().unwrap();
    assert!(whole_lives(&apf, 2), "{:?}", apf.lives());
}

#[tokio::test]
async fn a_monitor_that_hangs_does_not_slow_a_cycle() {
    let (site, apf) = (Site::new(WAITS), Apf::start());
    apf.set(Mood::Hangs);
    site.server.lock().waiting = 1;
    let run = run(&site, &settings(&apf).replace("timeout_s = 0.3", "timeout_s = 3600"));
    live(&site, 1).await;
    let decisions = || site.server.lock().decisions.len();
    let before = decisions();
    let begun = std::time::Instant::now();
    wait_until("ten cycles", || decisions() >= before + 10).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    run.ends_by(Signal::Leave).await;
}
