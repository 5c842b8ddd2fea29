//! Two days of a small grid as a shift sees it: sites that work, one whose nodes lost a file system, one whose pilots
//! never start, a node that swallows pilots, and a factory that fell silent. Written into the store, with times of the past.

use crate::world::now;
use futures_util::future::join_all;
use model::decision::{Fact, Step};
use model::pilot::BatchUpdate;
use model::{
    ConfigSection, CredentialInfo, Decision, DecisionId, EndPointHealth, ErrorClass, FactoryHealth, FactoryHeartbeat,
    FileSystemHealth, JobReport, JobSpec, JobState, LabelInfo, Offer, PilotEvent, PilotId, Placement, QueueRecord,
    Setting, Shape, Time, Usage, Written,
};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use store::{
    Announcement, ConfigurationOutline, HelloCall, LeaseCall, LeasedJob, NewJobs, PilotEnd, Store, StoreConfig,
    SubmitCall,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// The past that is made, and how often each label submits in it.
const PAST: Duration = Duration::from_secs(48 * 3600);
const ROUND: Duration = Duration::from_secs(30 * 60);
/// Jobs of each queue: more than its pilots run, so that some wait.
const JOBS: u64 = 1500;
const SHAPE: Shape = Shape { cores: 2, memory_mib: 16_000, wall_time_s: 86_400 };
const LOST_MOUNT: &str = "cvmfs: /cvmfs/software.example.org is not mounted";

/// What becomes of the pilots of a label.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    /// They run jobs.
    Work,
    /// Since three hours most of their nodes are unfit.
    Unfit,
    /// Since nine hours none starts.
    Wait,
    /// One node breaks all that it gets.
    Swallowed,
    /// Half of them find no job.
    Idle,
}

/// A label: its factory, batch system, name and queue, pilots of a usual half hour, and their fate.
struct Section(&'static str, &'static str, &'static str, &'static str, u64, Fate);

const SECTIONS: &[Section] = &[
    Section("north", "htcondor", "glasgow-condor", "glasgow", 4, Fate::Work),
    Section("north", "slurm", "lancaster-slurm", "lancaster", 6, Fate::Unfit),
    Section("north", "htcondor", "manchester-ce", "manchester", 2, Fate::Wait),
    Section("south", "htcondor", "karlsruhe-ce", "karlsruhe", 5, Fate::Swallowed),
    Section("south", "slurm", "hamburg-slurm", "hamburg", 3, Fate::Work),
    Section("south", "htcondor", "glasgow-backup", "glasgow", 1, Fate::Work),
    Section("cloud", "ec2", "lyon-burst", "lyon", 2, Fate::Idle),
];

/// Queue, site and region.
const QUEUES: &[(&str, &str, &str)] = &[
    ("glasgow", "GLASGOW", "UK"),
    ("lancaster", "LANCASTER", "UK"),
    ("manchester", "MANCHESTER", "UK"),
    ("karlsruhe", "KARLSRUHE", "DE"),
    ("hamburg", "HAMBURG", "DE"),
    ("lyon", "LYON", "FR"),
];

/// Fills an empty directory of a server.
pub async fn fill(dir: &Path) {
    let store = &Store::open(&StoreConfig::directory(dir)).await.unwrap();
    let now = now();
    for (queue, site, region) in QUEUES {
        let mut record = QueueRecord::named(*queue);
        (record.site, record.region, record.max_cores) = (site.to_string(), region.to_string(), 8);
        record.tags =
            ["simulation"].into_iter().chain((*region == "UK").then_some("render")).map(String::from).collect();
        store.put_queue(record, Written { by: "petra".to_owned(), at: now - PAST }).await.unwrap();
        submit(store, queue, now - PAST).await;
    }
    for (name, silent) in [("north", 12), ("south", 5), ("cloud", 4_300)] {
        let heard = now - Duration::from_secs(silent);
        store.factory_says(name.into(), heartbeat(name, heard), heard).await.unwrap();
    }
    configurations(store, now).await;
    join_all(SECTIONS.iter().map(|section| past(store, section, now))).await;
    decisions(store, now).await;
    store.close().await;
}

async fn submit(store: &Store, queue: &str, now: Time) {
    let mut spec = JobSpec::command("/opt/render/bin/frame", ["--scene", "harbour.json"].map(String::from));
    (spec.name, spec.memory_mib, spec.placement) = ("harbour frames".into(), 2000, Placement::Queue(queue.into()));
    (spec.user, spec.group) = ("anna".into(), "film".into());
    let jobs = vec![NewJobs { spec, array: Some(JOBS), queue: Some(queue.into()), reason: String::new() }];
    store.submit(SubmitCall { user: "anna".into(), idempotency_key: None, jobs, now }).await.unwrap();
}

/// What factories tell of their configurations. Three hours ago somebody wanted a file system on the nodes of a label;
/// since then most of them are unfit.
async fn configurations(store: &Store, now: Time) {
    for factory in ["north", "south", "cloud"] {
        for (at, wants_mount, cause) in
            [(PAST, false, "its start"), (HOUR * 3, factory == "north", "command 1 of anna")]
        {
            let labels = SECTIONS.iter().filter(|section| section.0 == factory);
            let mut sections: Vec<_> = labels.map(|section| of_label(section, wants_mount)).collect();
            let file = |line| format!("/etc/pilotage/{factory}.toml:{line}");
            let own = [("cycle_s", "30.0", String::new()), ("name", factory, file(2)), ("max_pilots", "2000", file(4))];
            sections.push(told("factory".to_owned(), own.to_vec()));
            let digests = sections.iter().map(|one| (one.name.clone(), one.digest.clone())).collect();
            let (digest, cause) = (format!("{wants_mount}"), cause.to_owned());
            let outline = ConfigurationOutline { digest: digest.clone(), cause, sections: digests, left_out: 0 };
            store.outline_configuration(factory.into(), outline, now - at).await.unwrap();
            store.tell_sections(factory.into(), digest, sections, true).await.unwrap();
        }
    }
}

fn of_label(Section(factory, system, label, queue, each, fate): &Section, wants_mount: bool) -> ConfigSection {
    let (file, batch) = (format!("/etc/pilotage/{factory}.d/{label}.toml"), format!("{system}-main"));
    let pending = (each * 4).to_string();
    let mut settings = vec![
        ("batch", batch.as_str(), format!("{file}:3")),
        ("cores", "2", String::new()),
        ("queue", queue, format!("{file}:2")),
        ("sched.maxpending.maximum", pending.as_str(), format!("{file}:7")),
    ];
    if wants_mount && *fate == Fate::Unfit {
        settings.insert(2, ("node.cvmfs", "software.example.org", format!("{file}:9")));
    }
    told(ConfigSection::name_of_label(label), settings)
}

fn told(name: String, settings: Vec<(&str, &str, String)>) -> ConfigSection {
    let setting = |(key, value, place): (&str, &str, String)| Setting { key: key.into(), value: value.into(), place };
    let settings: Vec<_> = settings.into_iter().map(setting).collect();
    ConfigSection { name, digest: settings.len().to_string(), settings, left_out: 0 }
}

fn heartbeat(factory: &str, now: Time) -> FactoryHeartbeat {
    let label = |Section(_, system, name, queue, ..): &Section| LabelInfo {
        name: name.to_string(),
        queue: queue.to_string(),
        batch: format!("{system}-main"),
        system: system.to_string(),
        chain: ["Ready", "MaxPerCycle", "MaxPending", "MaxToRun"].map(String::from).into(),
        offer: Offer { slots: 2, whole: SHAPE },
        keep_logs_days: None,
        trouble: String::new(),
    };
    let credential = |name: &str, left: Duration| CredentialInfo {
        name: name.into(),
        kind: "voms".into(),
        who: "/DC=org/DC=example/CN=pilots".into(),
        attributes: vec!["/film/Role=pilot".into()],
        began: Some(now - HOUR * 60),
        ends: Some(now + left),
        attributes_end: Some(now + left),
        alarm_percent: None,
        is_usable: true,
        trouble: String::new(),
    };
    FactoryHeartbeat {
        version: "0.1.0".into(),
        host: format!("{factory}.example.org"),
        pid: 2114,
        started: now - HOUR * 200,
        cycle_s: 30,
        labels: SECTIONS.iter().filter(|section| section.0 == factory).map(label).collect(),
        nodes: Vec::new(),
        draining: false,
        sources: Vec::new(),
        monitors: Vec::new(),
        credentials: vec![credential("film", if factory == "south" { HOUR * 7 } else { HOUR * 90 })],
        trouble: String::new(),
        health: Some(health(factory, now)),
    }
}

fn health(factory: &str, now: Time) -> FactoryHealth {
    let file_system = |path: &str, free_gib: u64, used_percent| FileSystemHealth {
        path: path.into(),
        bytes: 400 << 30,
        free_bytes: free_gib << 30,
        used_percent,
    };
    let sections = SECTIONS.iter().filter(|section| section.0 == factory);
    let systems: BTreeSet<&str> = sections.map(|Section(_, system, ..)| *system).collect();
    let end_point = |system: &&str| EndPointHealth {
        name: format!("{system}-main"),
        system: system.to_string(),
        answered: Some(now - Duration::from_secs(4)),
        free: (*system == "ec2").then_some(12),
        trouble: String::new(),
    };
    FactoryHealth {
        cores: 16,
        load_percent: 22,
        memory_mib: 32_000,
        memory_available_mib: 24_800,
        file_systems: vec![file_system("/var/lib/pilotage", 148, 63), file_system("/tmp", 380, 5)],
        end_points: systems.iter().map(end_point).collect(),
    }
}

/// Lets a label submit and its pilots live, round by round until now.
async fn past(store: &Store, section: &Section, now: Time) {
    let Section(factory, system, label, queue, each, _) = section;
    let mut random = fastrand::Rng::with_seed(queue.len() as u64 + 7 * each);
    let rounds = PAST.as_secs() / ROUND.as_secs();
    for round in 0..rounds {
        let at = now - PAST + ROUND * round as u32 + Duration::from_secs(random.u64(0..600));
        let day = (at.as_secs() % 86_400) as f64 / 86_400.0 * std::f64::consts::TAU;
        let count = (*each as f64 * (1.2 + 0.6 * day.sin())).round() as usize + random.usize(0..2);
        let announcement = Announcement {
            factory: factory.to_string(),
            label: label.to_string(),
            queue: queue.to_string(),
            batch: format!("{system}-main"),
            test: None,
            secret_hashes: vec![[7; 32]; count],
            now: at,
        };
        let first = store.announce(announcement).await.unwrap();
        let lives = (0..count as i64).map(|nth| Life {
            store,
            section,
            pilot: PilotId(first.0 + nth),
            at,
            now,
            dice: random.u64(0..1000),
        });
        join_all(lives.map(Life::live)).await;
    }
}

/// The life of one pilot; what would happen after `now` does not happen yet.
struct Life<'a> {
    store: &'a Store,
    section: &'a Section,
    pilot: PilotId,
    at: Time,
    now: Time,
    /// What is different from pilot to pilot, below 1000.
    dice: u64,
}

impl Life<'_> {
    async fn live(self) {
        self.told(PilotEvent::Submit, self.at, None).await;
        let start = self.at + Duration::from_secs(240 + self.dice);
        let age = self.now.since(self.at);
        if start > self.now || (self.section.5 == Fate::Wait && age < HOUR * 9) {
            return;
        }
        let node = self.node();
        let swallowed = self.section.5 == Fate::Swallowed && node == "kit-wn017";
        let unfit = self.section.5 == Fate::Unfit && age < HOUR * 3 && self.dice % 10 < 9;
        self.hello(&node, if unfit { LOST_MOUNT } else { "" }, start).await;
        if unfit || swallowed {
            let why = match unfit {
                true => (ErrorClass::Node, LOST_MOUNT.to_owned()),
                false => (ErrorClass::Lost, format!("{node} went away: its heartbeat stopped")),
            };
            return self.told(PilotEvent::Break, (start + MINUTE).min(self.now), Some(why)).await;
        }
        self.work(start).await;
    }

    fn node(&self) -> String {
        let site = &self.section.3[..3];
        if self.section.5 == Fate::Swallowed && self.dice < 260 {
            return "kit-wn017".into();
        }
        format!("{site}-wn{:03}", self.dice % 23)
    }

    async fn hello(&self, node: &str, unfit: &str, now: Time) {
        let call = HelloCall {
            pilot: self.pilot,
            secret_hash: [7; 32],
            instance: format!("i{}", self.pilot),
            version: "0.1.0".into(),
            node: node.into(),
            slots: 2,
            shape: SHAPE,
            batch_id: String::new(),
            profile: String::new(),
            unfit: unfit.into(),
            now,
        };
        self.store.hello(call).await.unwrap();
    }

    /// Runs two jobs, one after the other starts, and ends when both have.
    async fn work(&self, start: Time) {
        let jobs = match self.section.5 == Fate::Idle && self.dice.is_multiple_of(2) {
            true => Vec::new(),
            false => self.lease(start + MINUTE).await,
        };
        let ran = Duration::from_secs(2400 + 5 * self.dice);
        let end = start + if jobs.is_empty() { MINUTE * 12 } else { ran };
        for job in &jobs {
            let running = JobReport { started: Some(start + MINUTE), ..report(*job, JobState::Running) };
            self.store.report(self.pilot, vec![running], start + MINUTE).await.unwrap();
        }
        if end > self.now {
            return;
        }
        let reports = jobs.iter().enumerate().map(|(nth, job)| self.ended(*job, nth, start + MINUTE, end)).collect();
        self.store.report(self.pilot, reports, end).await.unwrap();
        let over = PilotEnd { pilot: self.pilot, error_class: None, message: "no more jobs".into(), now: end };
        self.store.pilot_exits(over, 1).await.unwrap();
        self.told(PilotEvent::End, (end + MINUTE).min(self.now), None).await;
    }

    fn ended(&self, job: LeasedJob, nth: usize, started: Time, ended: Time) -> JobReport {
        let wall_ms = ended.since(started).as_millis() as u64;
        let usage =
            Usage { wall_ms, cpu_ms: wall_ms / 100 * (88 + self.dice % 10), max_rss_kib: 900_000 + 600 * self.dice };
        let has_failed = (self.dice + nth as u64 * 13).is_multiple_of(25);
        let state = if has_failed { JobState::Failed } else { JobState::Finished };
        let mut report = JobReport { started: Some(started), ended: Some(ended), usage, ..report(job, state) };
        report.exit_code = Some(if has_failed { 2 } else { 0 });
        report.stdout = "reading harbour.json\nframe written in 2384 s\n".into();
        if has_failed {
            (report.error_class, report.message) =
                (Some(ErrorClass::Payload), "the payload ended with exit code 2".into());
            report.stderr = "frame: texture water_07.exr cannot be read\n".into();
        }
        report
    }

    async fn lease(&self, now: Time) -> Vec<LeasedJob> {
        let call = LeaseCall {
            pilot: self.pilot,
            incarnation: 1,
            queue: self.section.3.into(),
            offer: Offer { slots: 2, whole: SHAPE },
            max_slots: 2,
            max_jobs: 2,
            now,
            ..LeaseCall::default()
        };
        self.store.lease_and_report(call).await.unwrap().jobs
    }

    async fn told(&self, event: PilotEvent, now: Time, why: Option<(ErrorClass, String)>) {
        let (error_class, message) = why.map_or((None, String::new()), |(class, message)| (Some(class), message));
        let update = BatchUpdate {
            pilot: self.pilot,
            event,
            batch_id: format!("{}.0", 48_000 + self.pilot.0),
            native_state: String::new(),
            flag: None,
            error_class,
            message,
        };
        let refused = self.store.batch_updates(self.section.0.into(), vec![update], now).await.unwrap();
        assert!(refused.is_empty(), "{refused:?}");
    }
}

fn report(job: LeasedJob, state: JobState) -> JobReport {
    JobReport::new(job.id, job.attempt, "", state)
}

/// What the labels of the factories that live decided lately.
async fn decisions(store: &Store, now: Time) {
    let step = |plugin: &str, input, output, message: String| Step { plugin: plugin.into(), input, output, message };
    for ago in (0..12).rev() {
        for Section(factory, _, label, queue, each, fate) in SECTIONS.iter().filter(|section| section.0 != "cloud") {
            let each = i64::try_from(*each).unwrap();
            let (ready, pending) = (20 + each * (ago % 3), if *fate == Fate::Wait { 10 } else { each * (ago % 2) });
            let number = 5.min(10 - pending);
            let steps = vec![
                step("Ready", 0, ready, format!("Ready:in=0,activated={ready},offset=0,pending={pending},ret={ready}")),
                step("MaxPerCycle", ready, 5, format!("MaxPerCycle:in={ready},maxpercycle=5,ret=5")),
                step("MaxPending", 5, number, format!("MaxPending:in=5,pending={pending},maxpending=10,ret={number}")),
            ];
            let time = now - MINUTE * (4 * ago as u32) - Duration::from_secs(8);
            let decision = Decision {
                id: DecisionId(0),
                time,
                last_time: time,
                times: 1,
                factory: factory.to_string(),
                label: label.to_string(),
                queue: queue.to_string(),
                facts: vec![Fact { name: "wms.ready".into(), value: ready.to_string(), age_s: 0.4 }],
                number,
                steps,
                announced: number.unsigned_abs(),
                accepted: number.unsigned_abs(),
                error: String::new(),
            };
            store.add_decisions(vec![decision]).await.unwrap();
        }
    }
}
