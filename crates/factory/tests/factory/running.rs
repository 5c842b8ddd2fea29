//! The loop: nudges, signals, commands.

use crate::site::{DEADLINE, Site, WAITS, wait_until};
use factory::{Factory, FactoryError, Server, Signal};
use model::{CommandState, PilotFlag, PilotId, PilotState as S, Verb};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use wire::api::AnnounceRequest;

struct Run {
    signals: mpsc::Sender<Signal>,
    task: JoinHandle<Result<(), FactoryError>>,
}

fn run(site: &Site, cycle_s: f64) -> Run {
    let factory = Factory::new(site.config(4, cycle_s, ""), Arc::new(site.server.clone()), site.launch()).unwrap();
    let (signals, inbox) = mpsc::channel(4);
    Run { signals, task: tokio::spawn(factory.run(inbox)) }
}

impl Run {
    async fn ends(self) {
        tokio::time::timeout(DEADLINE, self.task).await.unwrap().unwrap().unwrap();
    }
}

async fn wait_for_first_cycle(site: &Site) {
    wait_until("the first cycle is over", || !site.server.lock().decisions.is_empty()).await;
}

#[tokio::test]
async fn demand_starts_a_local_pilot_far_below_a_second() {
    let site = Site::new(WAITS);
    let run = run(&site, 3600.0);
    wait_for_first_cycle(&site).await;
    let asked = Instant::now();
    site.server.activate(1);
    wait_until("a pilot runs", || site.leader(1).is_some()).await;
    assert!(asked.elapsed() < Duration::from_millis(700), "{:?}", asked.elapsed());
    run.signals.send(Signal::Leave).await.unwrap();
    run.ends().await;
}

#[tokio::test]
async fn the_end_of_a_local_pilot_is_told_without_waiting_for_the_cycle() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 1;
    let run = run(&site, 3600.0);
    wait_until("it runs", || site.server.states() == [S::Running]).await;
    site.server.hello(PilotId(1));
    site.server.lock().waiting = 0;
    site.go(1, 0);
    wait_until("it is done", || site.server.states() == [S::Done]).await;
    run.signals.send(Signal::Leave).await.unwrap();
    run.ends().await;
}

#[tokio::test]
async fn the_first_signal_drains_and_the_factory_ends_with_its_last_pilot() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 2;
    let run = run(&site, 0.2);
    wait_until("both run", || site.server.states() == [S::Running, S::Running]).await;
    for id in [1, 2] {
        site.server.hello(PilotId(id));
    }
    site.server.lock().waiting = 9;
    run.signals.send(Signal::Drain).await.unwrap();
    let told = || site.server.lock().pilots.values().all(|pilot| pilot.flag == Some(PilotFlag::Retiring));
    wait_until("both are told to finish", told).await;
    assert!(!run.task.is_finished());
    site.go(1, 0);
    site.go(2, 0);
    run.ends().await;
    assert_eq!(site.server.states(), [S::Done, S::Done]);
    assert!(site.server.lock().heartbeats.last().unwrap().draining);
    assert_eq!(site.folders(), 0);
}

#[tokio::test]
async fn the_second_signal_leaves_at_once_and_pilots_stay() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 1;
    let run = run(&site, 0.2);
    wait_until("it runs", || site.server.states() == [S::Running]).await;
    site.server.hello(PilotId(1));
    // Even while a call hangs.
    site.server.lock().hangs_before.insert("demand");
    run.signals.send(Signal::Drain).await.unwrap();
    run.signals.send(Signal::Leave).await.unwrap();
    run.ends().await;
    assert!(site.leader(1).is_some_and(|pid| std::path::Path::new(&format!("/proc/{pid}")).exists()));
}

#[tokio::test]
async fn commands_are_obeyed_and_answered() {
    let site = Site::new(WAITS);
    let run = run(&site, 3600.0);
    wait_for_first_cycle(&site).await;
    let decisions = site.server.lock().decisions.len();
    site.server.give(Verb::Cycle);
    wait_until("another cycle ran", || site.server.lock().decisions.len() > decisions).await;
    site.server.give(Verb::Follow);
    wait_until("both are answered", || site.server.lock().outcomes.len() == 2).await;
    let states: Vec<_> = site.server.lock().outcomes.iter().map(|(_, outcome)| outcome.state).collect();
    assert_eq!(states, [CommandState::Done, CommandState::Refused]);
    site.server.give(Verb::Drain);
    run.ends().await;
}

#[tokio::test]
async fn commands_are_heard_however_long_cycles_take() {
    let site = Site::new(WAITS);
    site.server.lock().delay = Duration::from_millis(30);
    let run = run(&site, 0.05);
    wait_for_first_cycle(&site).await;
    for _ in 0..3 {
        site.server.give(Verb::Cycle);
    }
    wait_until("all are answered", || site.server.lock().outcomes.len() == 3).await;
    run.signals.send(Signal::Leave).await.unwrap();
    run.ends().await;
}

#[tokio::test]
async fn pilots_that_no_end_point_shows_do_not_keep_a_draining_factory() {
    let site = Site::new(WAITS);
    let request = AnnounceRequest {
        factory: "f1".into(),
        label: "l".into(),
        queue: "q".into(),
        batch: "gone".into(),
        count: 1,
        test: None,
    };
    site.server.announce(&request).await.unwrap();
    let run = run(&site, 0.05);
    wait_for_first_cycle(&site).await;
    run.signals.send(Signal::Drain).await.unwrap();
    run.ends().await;
    assert_eq!(site.server.states(), [S::Announced], "nobody may say what became of it");
}
