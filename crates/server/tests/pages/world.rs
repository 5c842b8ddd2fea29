//! A server with something of everything, made through its public interface, and a browser session on it.

use bytes::Bytes;
use model::alarm::{Adjustment, Change, Matcher};
use model::decision::{Fact, Step};
use model::job::{FileTransfer, LogStream};
use model::{
    Decision, DecisionId, EndPointHealth, ErrorClass, FactoryHealth, FactoryHeartbeat, FileSystemHealth, Hold, JobId,
    JobReport, JobSpec, JobState, LabelInfo, Offer, OrderScope, PilotEvent, PilotId, Placement, QueueRecord, Role,
    Shape, Target, Time, Usage, Verb,
};
use reqwest::{Response, StatusCode, redirect};
use server::{Config, Running, Server};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use wire::api::{
    AlarmQuery, AnnounceRequest, BatchReport, BatchUpdate, CommandRequest, DecisionReport, EndOrder, HelloRequest,
    LeaseRequest, LeasedJob, OrderRequest, ReportRequest, SubmitRequest, TokenRequest,
};
use wire::client::{Client, ClientConfig};

/// The queue that everything happens in.
pub const QUEUE: &str = "glasgow-short";
/// What the running job of the filled world has written.
pub const WRITTEN: &str = "reading scene.json\n\u{1b}[32mrow 1\u{1b}[0m of <b>900</b>\n";
/// The longest a test waits for something.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running server, clients of each kind, and the cookie of a browser that the operator logged in with.
pub struct World {
    pub server: Running,
    pub admin: Client,
    pub factory: Client,
    pub http: reqwest::Client,
    pub cookie: String,
    _dir: TempDir,
}

/// A pilot that said hello, with the jobs it leased.
pub struct LivePilot {
    pub id: PilotId,
    pub client: Client,
    pub jobs: Vec<LeasedJob>,
}

impl World {
    /// An empty server.
    pub async fn empty() -> World {
        let at_once = Change { hold: Some(Duration::ZERO), ..Change::default() };
        // One label's alarms; those of others take the time that they have by default.
        let of = Matcher { label: "lancs-local".into(), ..Matcher::default() };
        let dir = tempfile::tempdir().unwrap();
        World::in_dir(dir, |config| {
            config.alarms.rules.adjust.push(Adjustment { of, change: at_once });
        })
        .await
    }

    /// A server of what is in a directory, with a configuration of its own.
    pub async fn in_dir(dir: TempDir, change: impl FnOnce(&mut Config)) -> World {
        // A second installation in the same process is refused, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = Config::in_dir(dir.path());
        config.listen = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        config.alarms.rules.every = Duration::from_millis(100);
        config.apfmon = Some(Arc::default());
        config.alarms.ticket = Some("https://tickets.example/{id}".to_owned());
        change(&mut config);
        let server = Server::start(config).await.unwrap();
        let client =
            |token: &str| Client::new(ClientConfig::new([server.url().to_owned()], Some(token.to_owned()))).unwrap();
        let (admin, factory) = (client(server.admin_token()), client(server.factory_token()));
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap();
        let cookie = log_in(&http, server.url(), server.admin_token()).await;
        World { server, admin, factory, http, cookie, _dir: dir }
    }

    /// A server with queues, factories, decisions, pilots and jobs in many states.
    pub async fn filled() -> (World, LivePilot) {
        let world = World::empty().await;
        world.add_queues().await;
        world.add_factory().await;
        world.add_jobs().await;
        let pilot = world.add_pilots().await;
        world.run_jobs(&pilot).await;
        world.add_decisions().await;
        world.add_orders().await;
        world.add_reported().await;
        (world, pilot)
    }

    async fn add_queues(&self) {
        let mut queue = QueueRecord::named(QUEUE);
        (queue.site, queue.region, queue.max_cores) = ("GLASGOW".into(), "UK".into(), 8);
        queue.tags = ["render".to_owned(), "test".to_owned()].into();
        self.admin.put_queue(&queue).await.unwrap();
        self.admin.put_queue(&QueueRecord::named("lancs")).await.unwrap();
    }

    async fn add_factory(&self) {
        let label = |name: &str, queue: &str, system: &str, trouble: &str| LabelInfo {
            name: name.into(),
            queue: queue.into(),
            batch: format!("{system}-main"),
            system: system.into(),
            chain: ["Ready", "MaxPerCycle", "MaxToRun"].map(String::from).into(),
            offer: Offer::default(),
            keep_logs_days: None,
            trouble: trouble.into(),
        };
        let said = FactoryHeartbeat {
            version: "0.1.0".into(),
            host: "login1.example.org".into(),
            pid: 4711,
            started: now() - Duration::from_secs(86_000),
            cycle_s: 30,
            labels: vec![
                label("glasgow-slurm", QUEUE, "slurm", ""),
                label("lancs-local", "lancs", "local", "cannot write /var/spool/pilotage: no space is left"),
            ],
            nodes: Vec::new(),
            draining: false,
            sources: Vec::new(),
            monitors: Vec::new(),
            credentials: Vec::new(),
            trouble: String::new(),
            health: Some(health()),
        };
        self.factory.factory_heartbeat("f1", &said).await.unwrap();
        self.tell_configuration("f1").await;
    }

    async fn add_jobs(&self) {
        let mut render = JobSpec::command("/usr/bin/python3", ["render.py", "--tile", "<b>13</b>"].map(String::from));
        render.name = "render tile".into();
        render.placement = Placement::Queue(QUEUE.into());
        render.memory_mib = 2000;
        render.inputs.push(FileTransfer { name: "scene.json".into(), url: "/data/scene.json".into() });
        render.outputs.push(FileTransfer { name: "tile.png".into(), url: String::new() });
        render.environment.insert("OMP_NUM_THREADS".into(), "1".into());
        self.submit(render, Some(8)).await;
        let mut script = JobSpec::command("count.sh", []);
        script.script = Some("#!/bin/sh\nwc -w /usr/share/doc/*/README* | sort -n | tail\n".into());
        script.name = "<script>alert('x')</script> \"words\" & counts".into();
        script.placement = Placement::Queue(QUEUE.into());
        self.submit(script, None).await;
        let mut large = JobSpec::command("/opt/assemble", []);
        (large.cores, large.placement) = (64, Placement::Tags(vec!["render".into()]));
        self.submit(large, None).await;
        let mut waiting = JobSpec::command("/bin/true", []);
        waiting.placement = Placement::Queue("lancs".into());
        self.submit(waiting, Some(12_345)).await;
    }

    /// Submits one job or an array and gives its first id.
    pub async fn submit(&self, spec: JobSpec, array: Option<u64>) -> JobId {
        let key = format!("{:?}-{}", Instant::now(), spec.transformation);
        self.admin.submit(&SubmitRequest { spec, array }, &key).await.unwrap().first
    }

    async fn add_pilots(&self) -> LivePilot {
        let announced = AnnounceRequest {
            factory: "f1".into(),
            label: "glasgow-slurm".into(),
            queue: QUEUE.into(),
            batch: "slurm-main".into(),
            count: 4,
            test: None,
        };
        let announced = self.factory.announce(&announced).await.unwrap();
        let update = |n: i64, event: PilotEvent, native: &str| BatchUpdate {
            pilot: PilotId(announced.first.0 + n),
            event,
            batch_id: format!("4711_{n}"),
            native_state: native.into(),
            flag: None,
            error_class: (event == PilotEvent::Break).then_some(ErrorClass::Batch),
            message: if event == PilotEvent::Break { "NODE_FAIL on node09".into() } else { String::new() },
        };
        let updates = vec![
            update(0, PilotEvent::Submit, "PENDING"),
            update(1, PilotEvent::Queue, "PENDING"),
            update(2, PilotEvent::Break, "NODE_FAIL"),
        ];
        self.factory.report_batch(&BatchReport { factory: "f1".into(), updates }).await.unwrap();
        self.factory.put_pilot_log(announced.first, "out", Bytes::from_static(b"checking the node\n")).await.unwrap();
        let noisy = Bytes::from("a line that says nothing new\n".repeat(5000));
        self.factory.put_pilot_log(PilotId(announced.first.0 + 2), "err", noisy).await.unwrap();
        self.hello(announced.first, &announced.secrets[0]).await
    }

    /// Says hello as a pilot with six slots and leases six jobs.
    pub async fn hello(&self, id: PilotId, secret: &str) -> LivePilot {
        let shape = Shape { cores: 8, memory_mib: 32_000, wall_time_s: 0 };
        let hello = HelloRequest {
            secret: secret.into(),
            instance: "one".into(),
            version: "0.1.0".into(),
            node: "node07".into(),
            slots: 6,
            shape,
            batch_id: "4711_0".into(),
            clock: now(),
            profile: None,
            failed: Vec::new(),
        };
        let hello = self.admin.hello(id, &hello).await.unwrap();
        let client = self.admin.with_token(&hello.token);
        let request = LeaseRequest { max_slots: 6, offer: Offer { slots: 1, whole: shape }, ..LeaseRequest::default() };
        let jobs = client.lease(id, &request).await.unwrap().jobs;
        assert_eq!(jobs.len(), 6, "jobs to run");
        LivePilot { id, client, jobs }
    }

    /// One finished, one failed, one running with output; the rest stays sent.
    async fn run_jobs(&self, pilot: &LivePilot) {
        let [finished, failed, running, ..] = pilot.jobs.as_slice() else { panic!("three jobs") };
        let tile = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(tile.path(), b"PNG").unwrap();
        pilot.client.put_output(finished, "tile.png", tile.path()).await.unwrap();
        pilot.report(finished, JobState::Finished, |report| report.stdout = "tile 0 of 8\ndone\n".into()).await;
        let fail = |report: &mut JobReport| {
            report.exit_code = Some(3);
            report.error_class = Some(ErrorClass::Payload);
            report.message = "the payload ended with exit code 3".into();
            report.stderr = "render.py: <b>scene.json</b> has no camera\n".into();
        };
        pilot.report(failed, JobState::Failed, fail).await;
        pilot.report(running, JobState::Running, |_| ()).await;
        pilot.write(running, 0, WRITTEN).await;
    }

    async fn add_decisions(&self) {
        let step = |plugin: &str, input, output, message: &str| Step {
            plugin: plugin.into(),
            input,
            output,
            message: message.into(),
        };
        let decision = |seconds: u64, steps: Vec<Step>, accepted: u64, error: &str| Decision {
            id: DecisionId(0),
            time: now() - Duration::from_secs(seconds),
            last_time: now() - Duration::from_secs(seconds),
            times: 1,
            factory: "f1".into(),
            label: "glasgow-slurm".into(),
            queue: QUEUE.into(),
            facts: vec![Fact { name: "wms.ready".into(), value: "9".into(), age_s: 0.3 }],
            number: steps.last().map_or(0, |step| step.output),
            steps,
            announced: accepted,
            accepted,
            error: error.into(),
        };
        let ready = |n: i64| step("Ready", 0, n, &format!("Ready:in=0,activated={n},offset=0,pending=0,ret={n}"));
        let limited = vec![ready(9), step("MaxToRun", 9, 4, "MaxToRun:in=9,maxtorun=4,pending=0,running=0,ret=4")];
        let mut decisions =
            vec![decision(900, limited, 4, ""), decision(600, vec![ready(5)], 0, "sbatch: <Invalid> account")];
        decisions.extend((0..5).rev().map(|n| decision(60 + 30 * n, vec![ready(0)], 0, "")));
        self.factory.report_decisions(&DecisionReport { decisions }).await.unwrap();
    }

    /// A label that is capped until somebody ends it, an order that was ended, and a test that nobody has taken.
    async fn add_orders(&self) {
        let order = |hold, scope| OrderRequest {
            factory: "f1".into(),
            scope,
            hold,
            reason: "slow <file system>, ticket 4711".into(),
            until: None,
        };
        self.admin.give_order(&order(Hold::Cap(20), OrderScope::Label("lancs-local".into()))).await.unwrap();
        let over = self.admin.give_order(&order(Hold::Pause, OrderScope::All)).await.unwrap();
        self.admin.end_order(over.id, &EndOrder { reason: "repaired".into() }).await.unwrap();
        let (target, arguments) = (Target::Factory("f1".into()), vec!["glasgow-slurm".to_owned()]);
        let test = CommandRequest { target, verb: Verb::Test, arguments, expires_s: None };
        self.admin.command(&test).await.unwrap();
    }

    /// Asks for a page as the browser that is logged in.
    pub async fn get(&self, path: &str) -> Response {
        self.request(path).send().await.unwrap()
    }

    /// The same as a live update does.
    pub async fn fragment(&self, path: &str) -> String {
        let answer = self.request(path).header("hx-request", "true").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    /// The page; it must be there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}: {}", answer.text().await.unwrap());
        self.get(path).await.text().await.unwrap()
    }

    fn request(&self, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.server.url());
        self.http.get(url).header("cookie", &self.cookie).header("accept", "text/html")
    }

    /// Sends a form as the browser that is logged in, from a page of `origin`.
    pub async fn post(&self, path: &str, origin: &str) -> Response {
        let url = format!("{}{path}", self.server.url());
        self.http.post(url).header("cookie", &self.cookie).header("origin", origin).send().await.unwrap()
    }

    /// Sends what was filled into a form of one of our own pages.
    pub async fn send(&self, path: &str, fields: &str) -> Response {
        let url = self.server.url();
        let form = self.http.post(format!("{url}{path}")).header("cookie", &self.cookie).header("origin", url);
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        form.body(fields.to_owned()).send().await.unwrap()
    }

    /// Waits until a label's trouble is an alarm, and returns its page.
    pub async fn alarm(&self) -> String {
        let began = Instant::now();
        loop {
            let open = self.admin.alarms(&AlarmQuery::default()).await.unwrap().alarms;
            if let Some(view) = open.first() {
                return format!("/alarms/{}", view.alarm.id);
            }
            assert!(began.elapsed() < PATIENCE, "no alarm opens");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The token of a user of this role.
    pub async fn token_of(&self, user: &str, role: Role) -> String {
        let request = TokenRequest {
            user: user.into(),
            group: String::new(),
            role,
            sites: Vec::new(),
            expires_s: None,
            note: String::new(),
        };
        self.admin.create_token(&request).await.unwrap().token
    }

    /// The cookie of a browser that a user of this role logged in with.
    pub async fn session_of(&self, user: &str, role: Role) -> String {
        log_in(&self.http, self.server.url(), &self.token_of(user, role).await).await
    }
}

impl LivePilot {
    /// Reports about one of its jobs.
    pub async fn report(&self, job: &LeasedJob, state: JobState, change: impl FnOnce(&mut JobReport)) {
        let ended = state.is_final().then(now);
        let mut report = JobReport {
            started: Some(now() - Duration::from_secs(75)),
            ended,
            exit_code: (state == JobState::Finished).then_some(0),
            usage: Usage { wall_ms: 75_000, cpu_ms: 71_500, max_rss_kib: 431_000 },
            ..job.report(state)
        };
        change(&mut report);
        let answer = self.client.report(self.id, &ReportRequest { reports: vec![report] }).await.unwrap();
        assert!(answer.refused.is_empty(), "{:?}", answer.refused);
    }

    /// Writes to the standard output of one of its jobs.
    pub async fn write(&self, job: &LeasedJob, offset: u64, text: &str) {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        self.client.put_log(job, LogStream::Stdout, offset, bytes, false).await.unwrap();
    }
}

/// A host with a full file system and an end point that does not answer.
fn health() -> FactoryHealth {
    let end_point = |system: &str, answered, trouble: &str| EndPointHealth {
        name: format!("{system}-main"),
        system: system.into(),
        answered,
        free: Some(12),
        trouble: trouble.into(),
    };
    FactoryHealth {
        cores: 8,
        load_percent: 35,
        memory_mib: 16_000,
        memory_available_mib: 12_400,
        file_systems: vec![FileSystemHealth {
            path: "/var/spool/pilotage".into(),
            bytes: 100 << 30,
            free_bytes: 1 << 20,
            used_percent: 100,
        }],
        end_points: vec![
            end_point("local", Some(now()), ""),
            end_point("slurm", None, "failed to get an answer within 10 s"),
        ],
    }
}

/// Logs in and gives the cookie.
pub async fn log_in(http: &reqwest::Client, url: &str, token: &str) -> String {
    let form = format!("token={token}&next=/");
    let request = http.post(format!("{url}/login")).header("content-type", "application/x-www-form-urlencoded");
    let answer = request.header("origin", url).body(form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()["location"], "/");
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

pub fn now() -> Time {
    jiff::Timestamp::now().into()
}
