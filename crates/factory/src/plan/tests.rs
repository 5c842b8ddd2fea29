mod gathered;

use super::*;
use crate::world::{BatchView, Read};
use model::demand::WaitingShape;
use model::{Demand, IdlePilots, JobCounts, JobState, QueueRecord, QueueStatus, Shape, Time};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use wire::api::QueueSummary;

const START: Time = Time(1_800_000_000_000);

fn config(text: &str) -> Config {
    Config::parse(text, Path::new("factory.toml")).unwrap()
}

const ONE: &str = r#"
[factory]
name = "f1"
[batch.here]
system = "local"
slots = 8
[label.l]
queue = "q"
batch = "here"
"#;

fn waiting(queue: &str, jobs: u64, cores: u32) -> Demand {
    let shape = Shape { cores, ..Shape::default() };
    Demand { queue: queue.into(), waiting: vec![WaitingShape { shape, jobs }], ..Demand::default() }
}

pub(crate) fn pilot(id: i64, label: &str, state: PilotState) -> PilotSummary {
    let started = (!state.is_pending()).then_some(START);
    PilotSummary {
        id: PilotId(id),
        factory: "f1".into(),
        label: label.into(),
        queue: "q".into(),
        site: "q".into(),
        batch: "here".into(),
        batch_id: String::new(),
        native_state: String::new(),
        state,
        flag: None,
        incarnation: 1,
        node: String::new(),
        slots: 1,
        jobs_now: 1,
        jobs_ended: 0,
        announced: START,
        started,
        first_job: None,
        last_heard: started,
        ended: None,
        error_class: None,
        message: String::new(),
        test: None,
        reported: false,
    }
}

fn world(demand: Vec<Demand>, pilots: Vec<PilotSummary>) -> World {
    let mut world = World::default();
    world.now = START;
    world.demand = Some(Read { value: by_queue(demand), at: START });
    world.pilots = Some(Read { value: pilots, at: START });
    set_queue(&mut world, QueueRecord::named("q"));
    for batch in ["here", "there"] {
        world.batches.insert(batch.into(), BatchView { at: Some(START), ..BatchView::default() });
    }
    world
}

fn by_queue(demand: Vec<Demand>) -> BTreeMap<String, Demand> {
    demand.into_iter().map(|demand| (demand.queue.clone(), demand)).collect()
}

fn set_queue(world: &mut World, queue: QueueRecord) {
    let jobs = JobCounts([(JobState::Transferring, 4)].into());
    let summary = QueueSummary {
        queue: queue.clone(),
        jobs,
        pilots: BTreeMap::new(),
        idle_slots: 0,
        status_set: None,
        written: None,
    };
    world.queues = Some(Read { value: [(queue.name, summary)].into(), at: START });
}

fn plans(text: &str, world: &mut World) -> Vec<LabelPlan> {
    plan(&config(text), world)
}

fn message(text: &str, world: &mut World) -> String {
    plans(text, world).remove(0).decision.message()
}

fn submits(text: &str, world: &mut World) -> Vec<u32> {
    plans(text, world).iter().map(|plan| plan.submit).collect()
}

#[test]
fn the_default_chain_starts_from_zero_and_keeps_none() {
    assert_eq!(submits(ONE, &mut world(vec![waiting("q", 3, 1)], vec![])), [3]);
    assert_eq!(submits(ONE, &mut world(vec![], vec![])), [0]);
    assert_eq!(submits(ONE, &mut world(vec![waiting("q", 3, 1)], vec![pilot(1, "l", PilotState::Pending)])), [2]);
    let mut idle = waiting("q", 3, 1);
    idle.idle_slots = 2;
    assert_eq!(submits(ONE, &mut world(vec![idle], vec![])), [1]);
}

#[test]
fn a_pilot_that_was_started_but_said_nothing_yet_is_on_its_way() {
    let mut silent = pilot(1, "l", PilotState::Running);
    silent.started = None;
    assert_eq!(submits(ONE, &mut world(vec![waiting("q", 1, 1)], vec![silent])), [0]);
    assert_eq!(submits(ONE, &mut world(vec![waiting("q", 1, 1)], vec![pilot(1, "l", PilotState::Running)])), [1]);
}

#[test]
fn jobs_count_by_the_slots_they_fill_and_unfit_ones_not_at_all() {
    let eight = ONE.to_owned() + "cores = 8\n";
    assert_eq!(submits(&eight, &mut world(vec![waiting("q", 9, 1)], vec![])), [2]);
    // Three jobs of three of the eight slots fill a pilot and a half.
    assert_eq!(submits(&eight, &mut world(vec![waiting("q", 3, 3)], vec![])), [2]);
    let told = message(&eight, &mut world(vec![waiting("q", 3, 9)], vec![]));
    let why = "unfit=3,why=needs 9 cores and a pilot has 8,offset=0,pending=0,ret=0;";
    assert!(told.starts_with(&format!("ReadyFit:in=0,activated=3,served=0,{why}")), "{told}");
    let slots = eight.clone() + "chain = [\"Ready\"]\n";
    assert_eq!(
        message(&slots, &mut world(vec![waiting("q", 3, 8)], vec![])),
        "Ready:in=0,activated=24,offset=0,pending=0,slots=8,ret=3"
    );
    let whole = eight.clone() + "slots = 1\n";
    assert_eq!(submits(&whole, &mut world(vec![waiting("q", 3, 8)], vec![])), [3]);
    let old = whole + "chain = [\"Ready\"]\n";
    let told = message(&old, &mut world(vec![waiting("q", 3, 16)], vec![]));
    assert_eq!(told, "Ready:in=0,activated=0,offset=0,pending=0,unfit=3,ret=0");
}

#[test]
fn single_idle_slots_of_several_pilots_do_not_serve_a_wide_job() {
    let four = ONE.to_owned() + "cores = 4\n";
    let idle = |slots, pilots| Demand {
        idle_slots: u64::from(slots) * pilots,
        idle_pilots: vec![IdlePilots { slots, pilots }],
        ..waiting("q", 1, 4)
    };
    assert_eq!(submits(&four, &mut world(vec![idle(1, 4)], vec![])), [1]);
    assert_eq!(submits(&four, &mut world(vec![idle(4, 1)], vec![])), [0]);
}

#[test]
fn a_wall_time_that_only_the_end_of_a_pilot_could_hold_is_unfit() {
    let text = ONE.to_owned() + "wall_time_s = 3600\n";
    let demand = |wall_time_s| {
        let shape = Shape { cores: 1, memory_mib: 0, wall_time_s };
        Demand { waiting: vec![WaitingShape { shape, jobs: 1 }], ..waiting("q", 0, 1) }
    };
    // A batch job of an hour leaves 2 minutes to end in, and the pilot 20 seconds to begin, to end jobs and to report.
    assert_eq!(submits(&text, &mut world(vec![demand(3460)], vec![])), [1]);
    assert_eq!(submits(&text, &mut world(vec![demand(3461)], vec![])), [0]);
}

#[test]
fn a_pilot_that_ends_soon_does_not_serve_a_long_job() {
    let hour = ONE.to_owned() + "wall_time_s = 7200\n";
    let mut idle = pilot(1, "l", PilotState::Running);
    idle.jobs_now = 0;
    let long = || {
        let shape = Shape { cores: 1, memory_mib: 0, wall_time_s: 3600 };
        Demand { queue: "q".into(), waiting: vec![WaitingShape { shape, jobs: 1 }], idle_slots: 1, ..Demand::default() }
    };
    assert_eq!(submits(&hour, &mut world(vec![long()], vec![idle.clone()])), [0]);
    let mut later = world(vec![long()], vec![idle]);
    later.now = START + Duration::from_secs(3700);
    later.demand.as_mut().unwrap().at = later.now;
    later.pilots.as_mut().unwrap().at = later.now;
    later.queues.as_mut().unwrap().at = later.now;
    later.batches.get_mut("here").unwrap().at = Some(later.now);
    assert_eq!(submits(&hour, &mut later), [1]);
}

#[test]
fn a_full_end_point_is_announced_no_more_than_it_takes() {
    let mut world = world(vec![waiting("q", 9, 1)], vec![]);
    world.batches.get_mut("here").unwrap().free = Some(2);
    let plan = plans(ONE, &mut world).remove(0);
    assert_eq!(plan.submit, 2);
    assert_eq!(plan.decision.message().split(';').next_back(), Some("Capacity:in=9,free=2,ret=2"));
    assert_eq!(world.batches["here"].free, Some(0));
}

const TWO: &str = r#"
[factory]
name = "f1"
[batch.here]
system = "local"
[batch.there]
system = "slurm"
[label.a]
queue = "q"
batch = "here"
sched.maxpercycle.maximum = 2
[label.b]
queue = "q"
batch = "there"
cores = 4
"#;

#[test]
fn two_labels_of_a_queue_do_not_serve_the_same_job() {
    assert_eq!(submits(TWO, &mut world(vec![waiting("q", 10, 1)], vec![])), [2, 2]);
    let coming = vec![pilot(1, "b", PilotState::Pending), pilot(2, "b", PilotState::Pending)];
    assert_eq!(submits(TWO, &mut world(vec![waiting("q", 8, 1)], coming.clone())), [0, 0]);
    // Pilots that wait for long no longer stand in the way of the other end point.
    let mut later = world(vec![waiting("q", 8, 1)], coming);
    later.now = START + Duration::from_secs(301);
    assert_eq!(submits(TWO, &mut later), [2, 0]);
}

#[test]
fn the_whole_factory_is_bounded() {
    let bounded = TWO.replace("name = \"f1\"", "name = \"f1\"\nmax_pilots = 3");
    assert_eq!(submits(&bounded, &mut world(vec![waiting("q", 100, 1)], vec![])), [2, 1]);
}

#[test]
fn an_unknown_queue_is_an_error_and_not_zero_jobs() {
    let mut world = world(vec![], vec![]);
    set_queue(&mut world, QueueRecord::named("other"));
    let plan = plans(ONE, &mut world).remove(0);
    assert_eq!(plan.decision.error, "the server has no queue 'q'");
    assert!(plan.decision.message().starts_with("ReadyFit:comment=Invalid wmsinfo or batchinfo;"));
}

#[test]
fn the_last_good_value_is_used_up_to_a_limit_and_the_message_says_so() {
    let mut world = world(vec![waiting("q", 3, 1)], vec![]);
    world.now = START + Duration::from_secs(200);
    let plan = plans(ONE, &mut world).remove(0);
    assert_eq!(plan.submit, 3);
    assert!(plan.decision.message().ends_with("Stale:comment=old values used,wmsage=240,batchage=240,siteage=240"));
    world.now = START + Duration::from_secs(601);
    let plan = plans(ONE, &mut world).remove(0);
    assert_eq!(plan.submit, 0);
    assert!(plan.decision.message().contains("ReadyFit:comment=Invalid"));
}

#[test]
fn unknown_batch_information_submits_nothing() {
    let mut world = world(vec![waiting("q", 3, 1)], vec![]);
    *world.batches.get_mut("here").unwrap() =
        BatchView { trouble: "run squeue: exit code 1".into(), ..BatchView::default() };
    let plan = plans(ONE, &mut world).remove(0);
    assert_eq!(plan.submit, 0);
    assert_eq!(plan.decision.error, "batch end point 'here': failed to run squeue: exit code 1");
}

#[test]
fn too_many_pilots_go_pending_ones_first_and_idle_ones_next() {
    let text = ONE.to_owned() + "chain = [\"KeepNRunning\"]\nsched.keepnrunning.keep_running = 1\n";
    let mut idle = pilot(3, "l", PilotState::Running);
    idle.jobs_now = 0;
    let mut going = pilot(6, "l", PilotState::Running);
    going.flag = Some(PilotFlag::Retiring);
    let pilots = vec![
        pilot(1, "l", PilotState::Pending),
        pilot(2, "l", PilotState::Submitted),
        idle,
        pilot(4, "l", PilotState::Running),
        pilot(5, "l", PilotState::Exiting),
        going,
    ];
    let plan = plans(&text, &mut world(vec![], pilots)).remove(0);
    assert_eq!(plan.decision.number, -3);
    assert_eq!((plan.remove, plan.drain), (vec![PilotId(2), PilotId(1)], vec![PilotId(3)]));
}

#[test]
fn running_pilots_in_excess_that_need_not_finish_are_taken_out_idle_ones_first() {
    let text = ONE.to_owned() + "peaceful = false\nchain = [\"KeepNRunning\"]\nsched.keepnrunning.keep_running = 1\n";
    let mut idle = pilot(3, "l", PilotState::Running);
    idle.jobs_now = 0;
    let pilots = vec![pilot(1, "l", PilotState::Pending), pilot(2, "l", PilotState::Running), idle];
    let plan = plans(&text, &mut world(vec![], pilots)).remove(0);
    assert_eq!((plan.remove, plan.drain), (vec![PilotId(1), PilotId(3)], vec![]));
}

const FOREIGN: &str = r#"
[factory]
name = "f1"
[batch.here]
system = "condor"
[label.l]
queue = "q"
batch = "here"
condor.executable = "/opt/wrapper"
"#;

#[test]
fn pilots_of_others_run_without_a_hello_and_cannot_be_told_to_finish() {
    let silent = |id| PilotSummary { started: None, last_heard: None, ..pilot(id, "l", PilotState::Running) };
    let pilots = vec![pilot(1, "l", PilotState::Pending), silent(2), silent(3)];
    let keep = FOREIGN.to_owned() + "chain = [\"KeepNRunning\"]\nsched.keepnrunning.keep_running = 1\n";
    let mut seen = world(vec![], pilots);
    let plan = plans(&keep, &mut seen).remove(0);
    let fact = |name: &str| plan.decision.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.clone());
    assert_eq!((fact("batch.pending").as_deref(), fact("batch.running").as_deref()), (Some("1"), Some("2")));
    assert_eq!((plan.decision.number, plan.remove, plan.drain), (-2, vec![PilotId(1)], vec![]));
    let at_once = keep.replace("queue =", "peaceful = false\nqueue =");
    assert_eq!(plans(&at_once, &mut seen).remove(0).remove, [PilotId(1), PilotId(3)]);
}

#[test]
fn a_queue_that_is_offline_gets_none() {
    let mut world = world(vec![waiting("q", 3, 1)], vec![]);
    let offline = QueueRecord { status: QueueStatus::Offline, ..QueueRecord::named("q") };
    set_queue(&mut world, offline);
    assert_eq!(submits(ONE, &mut world), [0]);
}

#[test]
fn a_disabled_label_has_no_plan() {
    let text = ONE.to_owned() + "enabled = false\n";
    assert_eq!(submits(&text, &mut world(vec![waiting("q", 3, 1)], vec![])), Vec::<u32>::new());
}

/// A small grid in virtual time: pilots start after a delay, take jobs, and go when nothing waits.
struct Grid {
    world: World,
    starts: BTreeMap<PilotId, Time>,
    busy_until: BTreeMap<PilotId, Time>,
    next: i64,
    jobs: u64,
}

impl Grid {
    fn step(&mut self, config: &Config, start_s: u64, job_s: u64) -> usize {
        let now = self.world.now;
        let mut pilots = self.world.pilots.take().map(|read| read.value).unwrap_or_default();
        for pilot in &mut pilots {
            if pilot.state.is_pending() && self.starts[&pilot.id] <= now {
                pilot.state = PilotState::Running;
                pilot.started = Some(now);
            }
            let free = self.busy_until.get(&pilot.id).is_none_or(|until| *until <= now);
            if pilot.state == PilotState::Running && free {
                if self.jobs > 0 {
                    self.jobs -= 1;
                    self.busy_until.insert(pilot.id, now + Duration::from_secs(job_s));
                } else {
                    pilot.state = PilotState::Done;
                }
            }
        }
        pilots.retain(|pilot| !pilot.state.is_final());
        self.world.demand = Some(Read { value: by_queue(vec![waiting("q", self.jobs, 1)]), at: now });
        self.world.pilots = Some(Read { value: pilots, at: now });
        self.world.batches.get_mut("here").unwrap().at = Some(now);
        self.world.queues.as_mut().unwrap().at = now;
        let plans = plan(config, &mut self.world);
        let pilots = &mut self.world.pilots.as_mut().unwrap().value;
        for _ in 0..plans[0].submit {
            let id = PilotId(self.next);
            self.next += 1;
            self.starts.insert(id, now + Duration::from_secs(start_s));
            pilots.push(PilotSummary { announced: now, id, ..pilot(self.next, "l", PilotState::Submitted) });
        }
        pilots.len()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the delays, a simulated day runs all jobs, never exceeds the bounds, never submits more than jobs were
    /// there, and ends with no pilot.
    #[test]
    fn a_simulated_grid_drains_and_keeps_its_bounds(
        jobs in 0u64..400, start_s in 0u64..600, job_s in 1u64..900, cap in 1i64..50, per_cycle in 1i64..20,
    ) {
        let text = format!("{ONE}sched.maxtorun.maximum = {cap}\nsched.maxpercycle.maximum = {per_cycle}\n");
        let config = config(&text);
        let mut grid = Grid { world: world(vec![], vec![]), starts: BTreeMap::new(), busy_until: BTreeMap::new(), next: 1, jobs };
        let mut last = usize::MAX;
        for _ in 0..40_000 {
            let before = grid.next;
            last = grid.step(&config, start_s, job_s);
            prop_assert!(last as i64 <= cap);
            prop_assert!(grid.next - before <= per_cycle);
            if grid.jobs == 0 && last == 0 { break; }
            grid.world.now = grid.world.now + Duration::from_secs(30);
        }
        prop_assert_eq!((grid.jobs, last), (0, 0));
        prop_assert!((grid.next - 1) as u64 <= jobs);
    }
}
