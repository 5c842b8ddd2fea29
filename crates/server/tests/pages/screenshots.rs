//! Pictures of all pages, for the documentation: `cargo xtask screenshots` keeps them in `docs/screenshots`, and with
//! `--every-state FOLDER` takes each page in every state, for those who look at them.

use crate::browser::run_as;
use crate::look;
use crate::showcase;
use crate::world::{LivePilot, PATIENCE, QUEUE, World, now};
use bytes::Bytes;
use model::alarm::{Change, Held, Matcher, Rule, Subject, SubjectKind};
use model::{ErrorClass, Hold, JobState, OrderScope, PilotEvent, PilotId, Role, Target, Verb};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use wire::api::{
    AlarmQuery, AlarmView, AnnounceRequest, BatchReport, BatchUpdate, CommandRequest, JobQuery, OrderRequest,
    PilotQuery, SilenceRequest, TokenRequest,
};

/// Where the documentation has them.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/screenshots");
/// The folder for pictures of every state, from `cargo xtask screenshots`.
const EVERY_STATE: &str = "PILOTAGE_SCREENSHOTS_EVERY_STATE";
/// The widths and colours in which they are taken.
const STATES: &[&str] = &["360 light", "360 dark", "1280 light", "1280 dark", "1920 light"];
/// The most bytes of all pictures together.
const BYTES_MAX: u64 = 3 << 20;
/// Pages that are shown in the dark and on a telephone, too.
const CHIEF: &[&str] = &["overview", "alarm", "label", "pilot", "red"];
const LABEL: &str = "lancaster-slurm";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_has_its_picture() {
    let taken = tempfile::tempdir().unwrap();
    let folder = taken.path();
    let empty = World::empty().await;
    take(&empty, folder, &["login 1280 light /login".into(), "empty 1280 light /".into()]).await;
    let always: Vec<_> = look::ALWAYS.iter().map(|path| (name_of(path), path.to_string())).collect();
    take_every_state(&empty, "empty", &always).await;
    empty.server.shutdown().await;

    let world = shown(Change::default()).await;
    let places = present(&world).await;
    let pictures = places.iter().flat_map(|(name, path)| pictures(name, path)).collect::<Vec<String>>();
    take(&world, folder, &pictures).await;
    let named: Vec<_> = places.into_iter().map(|(name, path)| (name.to_owned(), path)).collect();
    take_every_state(&world, "filled", &named).await;
    let narrowed = [
        ("errors", "/errors?site=LANCASTER"),
        ("efficiency", "/efficiency?by=queue&hours=168&site=GLASGOW"),
        ("efficiency-empty", "/efficiency?label=manchester-ce&queue=glasgow"),
    ];
    take_every_state(&world, "narrowed", &narrowed.map(|(name, path)| (name.to_owned(), path.to_owned()))).await;
    world.server.shutdown().await;
    if std::env::var_os(EVERY_STATE).is_some() {
        held_back().await;
        reported_and_refused().await;
    }

    if std::env::var_os("PILOTAGE_SCREENSHOTS").is_some() {
        replace(folder);
    }
    let (taken, bytes) = content(folder);
    let (kept, _) = content(Path::new(KEPT));
    assert_eq!(kept, taken, "docs/screenshots is stale; run cargo xtask screenshots");
    assert!(bytes <= BYTES_MAX, "the pictures have {bytes} bytes");
    let shown = include_str!("../../../../docs/pages.md");
    let hidden: Vec<_> = kept.iter().filter(|name| !shown.contains(&format!("(screenshots/{name})"))).collect();
    assert!(hidden.is_empty(), "docs/pages.md does not show {hidden:?}");
}

/// The grid of the pictures, whose alarms open at once. `faults` changes the rule of labels whose pilots fail.
async fn shown(faults: Change) -> World {
    let at_once = Change { hold: Some(Duration::ZERO), ..Change::default() };
    let rules = Rule::ALL.into_iter().map(|rule| (rule, at_once));
    let faults = (Rule::FaultRatio, Change { hold: at_once.hold, ..faults });
    let dir = tempfile::tempdir().unwrap();
    showcase::fill(dir.path()).await;
    World::in_dir(dir, |config| config.alarms.rules.rules.extend(rules.chain([faults]))).await
}

/// Pages of a label that an alarm holds back.
async fn held_back() {
    let hour = Duration::from_secs(3600);
    let world = shown(Change { critical: Some(60.0), least: Some(1), exclude: Some(hour), ..Change::default() }).await;
    let began = Instant::now();
    let alarm = loop {
        let open = world.admin.alarms(&AlarmQuery::default()).await.unwrap().alarms;
        let is_held = |view: &&AlarmView| matches!(view.alarm.held, Some(Held::By(_)));
        if let Some(view) = open.iter().find(is_held) {
            break view.alarm.id;
        }
        assert!(began.elapsed() < PATIENCE, "no label is held back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let pages = [
        ("overview", "/".to_owned()),
        ("alarm", format!("/alarms/{alarm}")),
        ("alarms", "/alarms".to_owned()),
        ("label", format!("/factories/north/labels/{LABEL}")),
        ("factory", "/factories/north".to_owned()),
        ("queue", "/queues/lancaster".to_owned()),
        ("orders", "/orders".to_owned()),
    ];
    take_every_state(&world, "held-back", &pages.map(|(name, path)| (name.to_owned(), path))).await;
    world.server.shutdown().await;
}

/// Pages of what other software reports, pages that tell why there is nothing to see, and all pages as those see them who may
/// do less.
async fn reported_and_refused() {
    let (world, pilot) = World::filled().await;
    let of_job = |nth: usize| format!("/jobs/{}", pilot.jobs[nth].id);
    let reported = [
        ("factory", "/factories/era2".to_owned()),
        ("label", "/factories/era2/labels/ANALY_TWO-4711".to_owned()),
        ("pilot", world.reported_pilot().await),
        ("pilots", "/pilots?factory=era2".to_owned()),
    ];
    take_every_state(&world, "reported", &reported.map(|(name, path)| (name.to_owned(), path))).await;
    let wrong = [
        ("sites", "/sites?sort=colour"),
        ("jobs", "/jobs?state=nonsense"),
        ("pilot", "/pilots/999999"),
        ("factory", "/factories/nowhere"),
        ("search", "/search?q=nothing"),
    ];
    take_every_state(&world, "wrong", &wrong.map(|(name, path)| (name.to_owned(), path.to_owned()))).await;
    let filled = [
        ("alarm", world.alarm().await),
        ("job", of_job(2)),
        ("job-failed", of_job(1)),
        ("pilot", format!("/pilots/{}", pilot.id)),
        ("factory", "/factories/f1".to_owned()),
        ("label", "/factories/f1/labels/lancs-local".to_owned()),
        ("queue", format!("/queues/{QUEUE}")),
        ("site", "/sites/GLASGOW".to_owned()),
    ];
    let always = look::ALWAYS.iter().map(|path| (name_of(path), path.to_string()));
    let pages: Vec<_> = filled.map(|(name, path)| (name.to_owned(), path)).into_iter().chain(always).collect();
    for (who, role) in [("user", Role::User), ("shifter", Role::Shifter)] {
        let token = world.token_of(who, role).await;
        take_every_state_as(&world, &token, &format!("of-{who}"), &pages).await;
    }
    world.server.shutdown().await;
}

/// Puts the pictures in the place of those that the documentation has.
fn replace(folder: &Path) {
    std::fs::remove_dir_all(KEPT).unwrap();
    std::fs::create_dir(KEPT).unwrap();
    for name in content(folder).0 {
        std::fs::copy(folder.join(&name), Path::new(KEPT).join(&name)).unwrap();
    }
}

async fn take(world: &World, folder: &Path, pictures: &[String]) {
    run_task(world, world.server.admin_token(), "take", folder, pictures).await;
}

/// Takes pages at every width and in all colours, when somebody asked for it.
async fn take_every_state(world: &World, content: &str, pages: &[(String, String)]) {
    take_every_state_as(world, world.server.admin_token(), content, pages).await;
}

/// The same as somebody with this token sees them.
async fn take_every_state_as(world: &World, token: &str, content: &str, pages: &[(String, String)]) {
    let Some(folder) = std::env::var_os(EVERY_STATE) else { return };
    for state in STATES {
        let kind = state.replace(' ', "-");
        let pictures = pages.iter().map(|(name, path)| format!("{name}-{content}-{kind} {state} {path}"));
        run_task(world, token, "whole", Path::new(&folder), &pictures.collect::<Vec<String>>()).await;
    }
}

async fn run_task(world: &World, token: &str, task: &str, folder: &Path, pictures: &[String]) {
    let pictures = pictures.iter().map(String::as_str);
    let words: Vec<&str> = [task, folder.to_str().unwrap()].into_iter().chain(pictures).collect();
    run_as(world, token, "screenshots.mjs", &words).await.unwrap();
}

/// The name of a picture of a page that is there on every server.
fn name_of(path: &str) -> String {
    let name = path.trim_matches('/').replace('/', "-");
    if name.is_empty() { "overview".to_owned() } else { name }
}

/// Names of the pictures in a folder, and their bytes.
fn content(folder: &Path) -> (BTreeSet<String>, u64) {
    let files = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = files.map(|file| (file.file_name().into_string().unwrap(), file.metadata().unwrap().len()));
    files.fold((BTreeSet::new(), 0), |(mut names, bytes), (name, more)| {
        names.insert(name);
        (names, bytes + more)
    })
}

fn pictures(name: &str, path: &str) -> Vec<String> {
    let mut pictures = vec![format!("{name} 1280 light {path}")];
    if CHIEF.contains(&name) {
        pictures.push(format!("{name}-dark 1280 dark {path}"));
        pictures.push(format!("{name}-narrow 360 light {path}"));
    }
    pictures
}

/// What happens now, on top of the past: a pilot with jobs, logs, an order, a test, people who look after alarms. Returns
/// the page of each picture.
async fn present(world: &World) -> Vec<(&'static str, String)> {
    let running = work(world).await;
    let broken = broken(world).await;
    order(world).await;
    tokens(world).await;
    let alarm = look_after(world).await;
    let failed = JobQuery { state: Some(JobState::Failed), limit: Some(1), ..JobQuery::default() };
    let failed = world.admin.jobs(&failed).await.unwrap().jobs[0].id;
    let day = &now().to_string()[..10];
    let page = |name, path: &str| (name, path.to_owned());
    vec![
        page("overview", "/"),
        page("red", "/red"),
        page("alarms", "/alarms"),
        page("alarm", &alarm),
        page("jobs", "/jobs"),
        page("job", &format!("/jobs/{running}")),
        page("job-failed", &format!("/jobs/{failed}")),
        page("queues", "/queues"),
        page("queue", "/queues/glasgow"),
        page("pilots", "/pilots"),
        page("pilot", &format!("/pilots/{broken}")),
        page("pilot-log", &format!("/pilots/{broken}?log=out&find=cvmfs#log-out")),
        page("factories", "/factories"),
        page("factory", "/factories/north"),
        page("label", &format!("/factories/north/labels/{LABEL}")),
        page("label-compared", &format!("/factories/north/labels/{LABEL}?before=week&with=glasgow-condor#h-history")),
        page("sites", "/sites"),
        page("site", "/sites/GLASGOW"),
        page("regions", "/regions"),
        page("region", "/regions/UK"),
        page("tags", "/tags"),
        page("tag", "/tags/render"),
        page("nodes", "/nodes"),
        page("node", "/nodes/kit-wn017"),
        page("errors", "/errors"),
        page("efficiency", "/efficiency?by=label"),
        page("search", "/search?q=glasgow"),
        page("help", "/help"),
        page("decisions", "/decisions"),
        page("commands", "/commands"),
        page("orders", "/orders"),
        page("admin", "/admin"),
        page("logs", &format!("/logs/north/{day}/{LABEL}/")),
        page("nothing", "/nothing"),
    ]
}

/// People and factories with tokens; some of them use theirs.
async fn tokens(world: &World) {
    let token = |user: &str, role: Role, note: &str, days: Option<u64>| TokenRequest {
        user: user.into(),
        group: String::new(),
        role,
        sites: if role == Role::SiteAdmin { vec!["LANCASTER".into(), "MANCHESTER".into()] } else { Vec::new() },
        expires_s: days.map(|days| days * 86_400),
        note: note.into(),
    };
    let requests = [
        token("north", Role::Factory, "factory at Glasgow", None),
        token("petra", Role::Operator, "", None),
        token("shift", Role::Shifter, "wall screen and desk of the shifters", Some(200)),
        token("lena", Role::SiteAdmin, "sites of Lancashire", Some(5)),
    ];
    for (nth, request) in requests.iter().enumerate() {
        let made = world.admin.create_token(request).await.unwrap();
        if nth % 2 == 0 {
            world.admin.with_token(&made.token).whoami().await.unwrap();
        }
    }
}

async fn announced(world: &World, label: &str, queue: &str, batch: &str) -> (PilotId, String) {
    let request = AnnounceRequest {
        factory: "north".into(),
        label: label.into(),
        queue: queue.into(),
        batch: batch.into(),
        count: 1,
        test: None,
    };
    let answer = world.factory.announce(&request).await.unwrap();
    (answer.first, answer.secrets[0].clone())
}

async fn told(world: &World, pilot: PilotId, event: PilotEvent, native_state: &str, message: &str) {
    let error_class = (event == PilotEvent::Break).then_some(ErrorClass::Lost);
    let update = BatchUpdate {
        pilot,
        event,
        batch_id: (48_000 + pilot.0).to_string(),
        native_state: native_state.into(),
        flag: None,
        error_class,
        message: message.into(),
    };
    world.factory.report_batch(&BatchReport { factory: "north".into(), updates: vec![update] }).await.unwrap();
}

/// A pilot with six jobs, one of which writes. Returns that one.
async fn work(world: &World) -> model::JobId {
    let (pilot, secret) = announced(world, "glasgow-condor", "glasgow", "htcondor-main").await;
    told(world, pilot, PilotEvent::Submit, "Idle", "").await;
    let pilot: LivePilot = world.hello(pilot, &secret).await;
    for job in &pilot.jobs[..4] {
        pilot.report(job, JobState::Running, |_| ()).await;
    }
    let text: String =
        (1..30).map(|row| format!("frame 118: row {:4} of 2160, {:5} rays\n", row * 72, row * 331)).collect();
    pilot.write(&pilot.jobs[1], 0, &text).await;
    pilot.jobs[1].id
}

/// A pilot that broke, with its logs.
async fn broken(world: &World) -> PilotId {
    let (pilot, _) = announced(world, LABEL, "lancaster", "slurm-main").await;
    told(world, pilot, PilotEvent::Submit, "PENDING", "").await;
    told(world, pilot, PilotEvent::Break, "NODE_FAIL", "slurmstepd: node lan-wn007 failed while the pilot ran").await;
    let query = PilotQuery { label: Some(LABEL.into()), live: Some(false), limit: Some(12), ..PilotQuery::default() };
    for pilot in world.admin.pilots(&query).await.unwrap().pilots {
        let text = Bytes::from(format!("pilotage wrapper: node {}, 2 cores\n", pilot.node));
        world.factory.put_pilot_log(pilot.id, "out", text).await.unwrap();
    }
    let mut text = "pilotage wrapper: node lan-wn007, 2 cores\npilotage wrapper: checking the node\n".to_owned();
    for waited in (0..60).step_by(5) {
        text += &format!("pilotage wrapper: cvmfs: /cvmfs/software.example.org is not mounted, waited {waited} s\n");
        text += "pilotage wrapper: trying again\n";
    }
    world.factory.put_pilot_log(pilot, "out", Bytes::from(text)).await.unwrap();
    let text = "slurmstepd: error: *** JOB ON lan-wn007 CANCELLED DUE TO NODE FAILURE ***\n";
    world.factory.put_pilot_log(pilot, "err", Bytes::from_static(text.as_bytes())).await.unwrap();
    pilot
}

async fn order(world: &World) {
    let order = |hold, label: &str, reason: &str| OrderRequest {
        factory: "south".into(),
        scope: OrderScope::Label(label.into()),
        hold,
        reason: reason.into(),
        until: None,
    };
    world.admin.give_order(&order(Hold::Cap(12), "hamburg-slurm", "new storage until Tuesday, #4711")).await.unwrap();
    world
        .admin
        .give_order(&order(Hold::Pause, "glasgow-backup", "not needed while glasgow-condor works"))
        .await
        .unwrap();
    let test = CommandRequest {
        target: Target::Factory("north".into()),
        verb: Verb::Test,
        arguments: vec![LABEL.into()],
        expires_s: None,
    };
    world.admin.command(&test).await.unwrap();
}

/// Waits for the alarm of the label, has somebody look after another, and returns the page of the first.
async fn look_after(world: &World) -> String {
    let began = Instant::now();
    let id = loop {
        let open = world.admin.alarms(&AlarmQuery::default()).await.unwrap().alarms;
        let of = |name: &str| {
            let is_of = |subject: &Subject| subject.kind == SubjectKind::Label && subject.name == name;
            open.iter().find(|view| is_of(&view.alarm.subject)).map(|view| view.alarm.id)
        };
        if let (Some(ours), Some(other)) = (of(LABEL), of("manchester-ce")) {
            world.admin.acknowledge_alarm(other, "asked the site, #4712").await.unwrap();
            break ours;
        }
        let subjects: Vec<_> = open.iter().map(|view| format!("{} {}", view.alarm.rule, view.alarm.subject)).collect();
        assert!(began.elapsed() < PATIENCE, "not all alarms open, only {subjects:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let of = Matcher { rule: "black-hole".into(), site: "HAMBURG".into(), ..Matcher::default() };
    let reason = "nodes are being reinstalled, #4715".to_owned();
    let silence = SilenceRequest { of: Some(of), alarm: None, reason, for_s: 6 * 3600 };
    world.admin.silence(&silence).await.unwrap();
    world.admin.comment_alarm(id, "the site knows since 09:40, #4711").await.unwrap();
    format!("/alarms/{id}")
}
