//! Values for the tests of pages: one coherent moment of a small server, with fixed times.

pub mod admin;
mod alarms;
pub mod configuration;
pub mod control;

pub use alarms::{alarms, silence};

use super::elsewhere::Elsewhere;
use super::frame::{Asked, Frame, Section};
use super::job::{Allowed, Job, LogPiece, Siblings};
use super::label_pilots::LabelPilots;
use super::link::Link;
use super::overview::{Overview, Situation};
use super::plots::{self, PlotView, Plots};
use super::queue_row::QueueSituation;
use crate::Identity;
use model::decision::{Fact, Step};
use model::job::{
    AttemptOutcome, AttemptRecord, FileTransfer, JobCounts, JobDetail, JobSummary, LogStream, Placement, Usage,
};
use model::pilot::{PilotFlag, PilotSummary, Source, Told, Word};
use model::{
    BadNode, CredentialInfo, Decision, DecisionId, Demand, EndPointHealth, ErrorClass, FactoryHealth, FactoryHeartbeat,
    FactorySummary, FileSystemHealth, JobId, JobSpec, JobState, LabelInfo, MonitorInfo, NodeProfile, Offer, PilotFlow,
    PilotId, PilotState, QueueRecord, Role, Shape, SourceInfo, SubmissionId, Time, WaitingShape,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::FactoryFlow;
use wire::api::{HistoryQuery, PilotDetail, PilotHistory, Quantiles};

/// 2026-11-22 02:00:00 UTC.
pub const NOW: Time = Time(1_795_312_800_000);

/// `seconds` before [`NOW`].
pub fn before(seconds: u64) -> Time {
    NOW - Duration::from_secs(seconds)
}

pub fn asked(uri: &str) -> Asked {
    let (user, group, sites) = ("ann".into(), "atlas".into(), Vec::new());
    let identity = Identity { user, group, role: Role::Operator, sites, pilot: None };
    let ticket = Some("https://tickets.example/{id}".to_owned());
    let uri = uri.parse().unwrap();
    Asked { identity, now: NOW, uri, fragment: false, json: false, alarms: 2, trouble: None, ticket }
}

pub fn frame(section: Section, title: &str, uri: &str) -> Frame {
    Frame::new(section, title, &asked(uri)).live(&["overview"])
}

pub fn counts(some: &[(JobState, u64)]) -> JobCounts {
    let mut counts: BTreeMap<JobState, u64> = JobState::ALL.into_iter().map(|state| (state, 0)).collect();
    counts.extend(some.iter().copied());
    JobCounts(counts)
}

pub fn job(id: i64, name: &str, state: JobState) -> JobSummary {
    let ran = !state.is_waiting();
    JobSummary {
        id: JobId(id),
        name: name.into(),
        user: "ann".into(),
        group: "atlas".into(),
        queue: if state == JobState::Defined { String::new() } else { "glasgow-short".into() },
        site: "GLASGOW".into(),
        state,
        attempt: u32::from(ran),
        exit_code: match state {
            JobState::Finished => Some(0),
            JobState::Failed => Some(3),
            _ => None,
        },
        error_class: (state == JobState::Failed).then_some(ErrorClass::Payload),
        message: match state {
            JobState::Failed => "the payload ended with exit code 3".into(),
            JobState::Defined => "tiny: needs 8 of cores, the queue allows 2".into(),
            _ => String::new(),
        },
        pilot: ran.then_some(PilotId(4)),
        submission: SubmissionId(2),
        index: 0,
        submitted: before(400),
        started: ran.then(|| before(125)),
        ended: state.is_final().then(|| before(3)),
    }
}

pub fn jobs() -> Vec<JobSummary> {
    vec![
        job(1017, "assemble image", JobState::Defined),
        job(1016, "render tile 15", JobState::Activated),
        job(1015, "render tile 14", JobState::Sent),
        job(1014, "render tile 13", JobState::Running),
        job(1013, "render tile 12", JobState::Transferring),
        job(1012, "render tile 11", JobState::Finished),
        job(1011, "<script>alert(1)</script> & \"quotes\"", JobState::Failed),
        job(1010, "killed by hand", JobState::Cancelled),
    ]
}

pub fn detail(state: JobState) -> JobDetail {
    let mut spec = JobSpec::command("/usr/bin/python3", ["render.py".into(), "--tile".into(), "13 <b>".into()]);
    spec.placement = Placement::Tags(vec!["render".into()]);
    spec.memory_mib = 2000;
    spec.wall_time_s = 3600;
    spec.max_attempts = 3;
    spec.environment.insert("OMP_NUM_THREADS".into(), "1".into());
    spec.inputs.push(FileTransfer { name: "scene.json".into(), url: "/data/scene.json".into() });
    spec.outputs.push(FileTransfer { name: "tile.png".into(), url: String::new() });
    let attempt = AttemptRecord {
        attempt: 1,
        pilot: Some(PilotId(4)),
        node: "node07".into(),
        outcome: match state {
            JobState::Failed => AttemptOutcome::Failed,
            JobState::Finished => AttemptOutcome::Finished,
            _ => AttemptOutcome::Underway,
        },
        sent: before(126),
        started: Some(before(125)),
        ended: state.is_final().then(|| before(3)),
        exit_code: (state == JobState::Failed).then_some(3),
        signal: None,
        error_class: (state == JobState::Failed).then_some(ErrorClass::Payload),
        message: if state == JobState::Failed { "the payload ended with exit code 3".into() } else { String::new() },
        usage: Usage { wall_ms: 122_000, cpu_ms: 118_500, max_rss_kib: 431_000 },
        stdout_bytes: 1200,
        stderr_bytes: 0,
    };
    JobDetail {
        summary: job(1014, "render tile 13", state),
        spec,
        attempts: if state.is_waiting() { Vec::new() } else { vec![attempt] },
        outputs: if state == JobState::Finished { vec!["tile.png".into()] } else { Vec::new() },
    }
}

pub fn elsewhere() -> Vec<Elsewhere> {
    vec![Elsewhere { title: "PanDA monitor".into(), url: "https://panda.example/job/1014/?a=1&b=2".into() }]
}

pub fn job_page(state: JobState) -> Job {
    let piece = LogPiece {
        attempt: u32::from(!state.is_waiting()),
        offset: 0,
        bytes: b"reading scene.json\ntile 13 of 16: row 1\n<b>row</b> 2\n".to_vec(),
        size: 53,
        open: !state.is_final(),
    };
    Job::new(
        frame(Section::Jobs, "Job 1014", "/jobs/1014"),
        detail(state),
        Siblings { first: JobId(1001), size: 16 },
        LogStream::Stdout,
        piece,
        Allowed { manage: true },
        elsewhere(),
    )
}

fn step(plugin: &str, input: i64, output: i64, message: &str) -> Step {
    Step { plugin: plugin.into(), input, output, message: message.into() }
}

pub fn decision(id: i64, seconds: u64) -> Decision {
    Decision {
        id: DecisionId(id),
        time: before(seconds),
        last_time: before(seconds),
        times: 1,
        factory: "f1".into(),
        label: "glasgow-slurm".into(),
        queue: "glasgow-short".into(),
        facts: vec![Fact { name: "wms.ready".into(), value: "12".into(), age_s: 0.4 }],
        number: 2,
        steps: vec![
            step("Ready", 0, 12, "Ready:in=0,activated=12,offset=0,pending=0,ret=12"),
            step("MaxToRun", 12, 2, "MaxToRun:in=12,maxtorun=4,pending=0,running=2,ret=2"),
        ],
        announced: 2,
        accepted: 2,
        error: String::new(),
    }
}

pub fn decisions() -> Vec<Decision> {
    let quiet = Decision {
        number: 0,
        announced: 0,
        accepted: 0,
        times: 212,
        last_time: before(14),
        facts: vec![Fact { name: "wms.ready".into(), value: "0".into(), age_s: 0.4 }],
        steps: vec![step("Ready", 0, 0, "Ready:in=0,activated=0,offset=0,pending=0,ret=0")],
        ..decision(8, 6400)
    };
    let failed = Decision {
        accepted: 0,
        error: "failed to run sbatch: Invalid account or account/partition combination specified".into(),
        ..decision(6, 7200)
    };
    vec![quiet, decision(7, 6500), failed]
}

pub fn factories() -> Vec<Arc<FactorySummary>> {
    let label = |name: &str, trouble: &str| LabelInfo {
        name: name.into(),
        queue: "glasgow-short".into(),
        batch: "slurm-main".into(),
        system: "slurm".into(),
        chain: ["Ready", "MaxPerCycle", "MaxToRun"].map(String::from).into(),
        offer: Offer { slots: 8, whole: Shape { cores: 8, memory_mib: 16_000, wall_time_s: 86_000 } },
        keep_logs_days: None,
        trouble: trouble.into(),
    };
    let apfmon = MonitorInfo {
        name: "apfmon".into(),
        url: "http://apfmon.example/api".into(),
        waiting: 1204,
        dropped: 0,
        refused: 3,
        trouble: "PUT http://apfmon.example/api/jobs: no connection (Connection refused)".into(),
    };
    let cric = SourceInfo {
        name: "cric".into(),
        from: "https://cric.example/pandaqueue.json".into(),
        read: Some(before(300)),
        labels: 412,
        excluded: 38,
        trouble: "failed to fetch https://cric.example/pandaqueue.json: no answer in time".into(),
    };
    let said = FactoryHeartbeat {
        version: "0.1.0".into(),
        host: "login1.example.org".into(),
        pid: 4711,
        started: before(86_000),
        cycle_s: 30,
        labels: vec![label("glasgow-slurm", ""), label("glasgow-long", "sbatch is not on PATH")],
        nodes: vec![BadNode {
            batch: "slurm-main".into(),
            node: "node13".into(),
            failures: 3,
            last: before(60),
            why: "the node failed its check (exit code 86): cvmfs: /cvmfs/atlas.cern.ch is empty".into(),
            avoided_until: Some(NOW + Duration::from_secs(1140)),
        }],
        draining: false,
        sources: vec![cric],
        monitors: vec![apfmon],
        credentials: credentials(),
        trouble: String::new(),
        health: Some(health()),
    };
    vec![FactorySummary { name: "f1".into(), said, last_heard: before(12), reported: None }.into()]
}

fn health() -> FactoryHealth {
    let file_system = |path: &str, free: u64, used_percent| FileSystemHealth {
        path: path.into(),
        bytes: 100 << 30,
        free_bytes: free << 30,
        used_percent,
    };
    let end_point = |name: &str, answered, free, trouble: &str| {
        let (name, system, trouble) = (name.into(), "slurm".into(), trouble.into());
        EndPointHealth { name, system, answered, free, trouble }
    };
    FactoryHealth {
        cores: 8,
        load_percent: 35,
        memory_mib: 16_000,
        memory_available_mib: 12_400,
        file_systems: vec![file_system("/var/lib/pilotage", 6, 94), file_system("/tmp", 60, 40)],
        end_points: vec![
            end_point("slurm-main", Some(before(12)), None, ""),
            end_point("slurm-old", None, Some(12), "failed to get an answer within 10 s"),
        ],
    }
}

fn credentials() -> Vec<CredentialInfo> {
    let proxy = CredentialInfo {
        name: "production".into(),
        kind: "voms".into(),
        who: "/DC=org/DC=example/CN=robot".into(),
        attributes: ["/atlas/Role=production", "/atlas"].map(String::from).into(),
        began: Some(before(7200)),
        ends: Some(NOW + Duration::from_secs(90_000)),
        attributes_end: Some(NOW + Duration::from_secs(36_000)),
        is_usable: true,
        ..CredentialInfo::default()
    };
    let failed = "failed 3 times in a row, at last to run voms-proxy-init2: exit code 1: no answer";
    let dead = CredentialInfo {
        name: "pilot".into(),
        attributes_end: Some(before(600)),
        alarm_percent: Some(10),
        is_usable: false,
        trouble: format!("its attributes ended at 2026-11-21 11:50:00 UTC; {failed}"),
        ..proxy.clone()
    };
    let key = CredentialInfo { name: "login".into(), kind: "ssh".into(), is_usable: true, ..CredentialInfo::default() };
    vec![proxy, dead, key]
}

pub fn queue_situation(last: Option<Decision>) -> QueueSituation {
    let mut queue = QueueRecord::named("glasgow-short");
    queue.site = "GLASGOW".into();
    queue.region = "UK".into();
    queue.tags.insert("render".into());
    queue.max_cores = 8;
    QueueSituation {
        queue,
        jobs: counts(&[(JobState::Activated, 12_345), (JobState::Running, 2), (JobState::Finished, 998)]),
        pilots: [(PilotState::Pending, 1), (PilotState::Running, 2)].into(),
        idle_slots: 0,
        status_set: None,
        last,
    }
}

pub fn demand() -> Demand {
    let shape = Shape { cores: 1, memory_mib: 2000, wall_time_s: 3600 };
    let wide = Shape { cores: 16, ..shape };
    Demand {
        queue: "glasgow-short".into(),
        waiting: vec![WaitingShape { shape, jobs: 12_342 }, WaitingShape { shape: wide, jobs: 3 }],
        running: 2,
        idle_slots: 0,
        idle_pilots: Vec::new(),
    }
}

pub fn told() -> Vec<Told> {
    use PilotState::{Announced, Exiting, Pending, Running};
    let told = |age, source, word, (since, state): (PilotState, PilotState), text: &str| Told {
        id: 1,
        time: before(age),
        pilot: PilotId(5),
        factory: "f1".into(),
        label: "glasgow-slurm".into(),
        source,
        address: String::new(),
        word,
        before: since,
        state,
        refused: false,
        error_class: None,
        text: text.into(),
    };
    let refused = told(30, Source::Apfmon, Word::Running, (Exiting, Exiting), "<script>alert(1)</script>");
    vec![
        told(900, Source::Factory, Word::Announced, (Announced, Announced), ""),
        told(890, Source::Batch, Word::Queued, (Announced, Pending), "PENDING"),
        told(700, Source::Pilot, Word::Running, (Pending, Running), "hello from node07"),
        told(90, Source::Server, Word::Flag, (Running, Running), "ann told it to drain"),
        told(80, Source::Pilot, Word::Exiting, (Running, Exiting), "drained"),
        Told { refused: true, address: "192.0.2.7".into(), ..refused },
    ]
}

pub fn pilot(id: i64, state: PilotState) -> PilotSummary {
    let ran = !state.is_pending();
    PilotSummary {
        id: PilotId(id),
        factory: "f1".into(),
        label: "glasgow-slurm".into(),
        queue: "glasgow-short".into(),
        site: "GLASGOW".into(),
        batch: "slurm-main".into(),
        batch_id: "4711_3".into(),
        native_state: if ran { "RUNNING".into() } else { "PENDING".into() },
        state,
        flag: (state == PilotState::Pending).then_some(PilotFlag::Held),
        incarnation: u32::from(ran),
        node: if ran { "node07".into() } else { String::new() },
        slots: if ran { 2 } else { 0 },
        jobs_now: if state == PilotState::Running { 2 } else { 0 },
        jobs_ended: if ran { 1234 } else { 0 },
        announced: before(900),
        started: ran.then(|| before(700)),
        first_job: ran.then(|| before(640)),
        last_heard: ran.then(|| before(2)),
        ended: state.is_final().then(|| before(60)),
        error_class: (state == PilotState::Fault).then_some(ErrorClass::Node),
        message: if state == PilotState::Fault { "no space is left on /tmp".into() } else { String::new() },
        test: None,
        reported: false,
    }
}

/// With what it found there, once it said hello.
pub fn on_node(summary: PilotSummary) -> PilotDetail {
    let profile = NodeProfile {
        hostname: "node07.cluster".into(),
        os: "AlmaLinux 9.4".into(),
        kernel: "5.14.0".into(),
        architecture: "x86_64".into(),
        cpu_model: "AMD EPYC 7302".into(),
        cores: 8,
        memory_mib: 16_000,
        memory_free_mib: 12_000,
        scratch: "/tmp".into(),
        scratch_free_mib: 20_000,
        clock_ahead_s: Some(-1),
        runtimes: vec!["apptainer".into()],
        proxy_ends: None,
        program_source: "https://one.example/pilotage/v1/programs/pilot/1".into(),
        passed_over: "/cvmfs/vo/pilot: cannot be read".into(),
    };
    let told = summary.started.is_some();
    let version = if told { "0.1.0".into() } else { String::new() };
    PilotDetail { summary, version, profile: told.then_some(profile) }
}

/// Plots of some history on a page.
pub fn plots(page: &str, of: HistoryQuery) -> Plots {
    let total = PilotFlow { submitted: 1204, started: 1190, done: 1100, empty: 12, fault: 34, ..PilotFlow::default() };
    let waited = Quantiles { count: 1190, median_s: Some(64.0), p90_s: Some(724.0), p99_s: Some(4096.0) };
    let ran = Quantiles { count: 1134, median_s: Some(3444.0), p90_s: Some(16_384.0), p99_s: Some(65_536.0) };
    let history = PilotHistory { total, waited, ran, ..PilotHistory::default() };
    let (wanted, _) = plots::wanted(&PlotView::default(), &of, NOW);
    Plots::new(&Link::to(page), &of, PlotView::default(), NOW, vec![(wanted, history)])
}

/// What happened to the pilots of the factories in two hours.
pub fn activity() -> Vec<FactoryFlow> {
    let flow = |seconds, done, fault| FactoryFlow {
        factory: "f1".into(),
        start: before(seconds).as_secs(),
        flow: PilotFlow { started: done + fault, done, fault, ..PilotFlow::default() },
    };
    vec![flow(7200, 40, 0), flow(3600, 10, 10)]
}

pub fn situation() -> Situation {
    Situation {
        jobs: counts(&[
            (JobState::Defined, 1),
            (JobState::Activated, 12_345),
            (JobState::Running, 2),
            (JobState::Finished, 998),
            (JobState::Failed, 4),
        ]),
        demand: vec![demand()],
        queues: vec![queue_situation(None)],
        busiest: vec![queue_situation(decisions().into_iter().next())],
        factories: factories(),
        pilots: LabelPilots::default(),
        activity: Arc::new(activity()),
        running: vec![job(1014, "render tile 13", JobState::Running), job(1009, "render tile 8", JobState::Running)],
        failed: vec![job(1011, "<script>alert(1)</script> & \"quotes\"", JobState::Failed)],
        alarms: alarms(),
        excluded: vec![control::exclusion()],
        plots: plots("/", HistoryQuery::default()),
    }
}

pub fn overview(situation: Situation) -> Overview {
    Overview::new(frame(Section::Overview, "Overview", "/"), situation)
}
