//! The smallest server that a pilot can talk to, with knobs for what real ones do at bad times.

use model::{Command, JobId, JobSpec, JobState, SubmissionId, Time};
use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use wire::api::*;

const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(crate) struct State {
    pub(crate) waiting: VecDeque<LeasedJob>,
    pub(crate) specs: HashMap<SubmissionId, JobSpec>,
    pub(crate) reports: Vec<JobReport>,
    pub(crate) leased: usize,
    pub(crate) commands: Vec<Command>,
    pub(crate) outcomes: Vec<CommandOutcome>,
    pub(crate) logs: HashMap<(i64, String), Vec<u8>>,
    pub(crate) files: HashMap<String, Vec<u8>>,
    pub(crate) exits: Vec<ExitRequest>,
    pub(crate) heartbeats: Vec<HeartbeatRequest>,
    pub(crate) stop: Vec<(JobId, u32)>,
    pub(crate) away: bool,
    /// Every call is answered with a page of this status, as a proxy does.
    pub(crate) page: Option<u16>,
    pub(crate) paged: u32,
    /// The clock in each hello, answered or not.
    pub(crate) clocks: Vec<Time>,
    /// The last hello that was answered.
    pub(crate) greeting: Option<HelloRequest>,
    /// What its answer about its health says of the time; nothing when empty.
    pub(crate) date: String,
    pub(crate) refuse_tokens: u32,
    pub(crate) hellos: u32,
    next_job: i64,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

impl Server {
    pub(crate) fn start() -> Arc<Server> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Arc::new(Server { address, state: Mutex::new(State::default()), changed: Condvar::new() });
        let accepting = Arc::clone(&server);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = Arc::clone(&accepting);
                std::thread::spawn(move || server.serve(stream));
            }
        });
        server
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    /// An array of `count` jobs; the id of the first.
    pub(crate) fn submit(&self, spec: JobSpec, count: u64) -> i64 {
        let mut first = 0;
        self.change(|state| {
            let submission = SubmissionId(state.specs.len() as i64 + 1);
            state.specs.insert(submission, spec);
            first = state.next_job + 1;
            for index in 0..count {
                state.next_job += 1;
                let (id, token) = (JobId(state.next_job), format!("token-{}", state.next_job));
                state.waiting.push_back(LeasedJob { id, attempt: 1, index, submission, token });
            }
        });
        first
    }

    pub(crate) fn wait<T>(&self, what: &str, mut look: impl FnMut(&State) -> Option<T>) -> T {
        let begin = Instant::now();
        let mut state = self.state();
        loop {
            if let Some(found) = look(&state) {
                return found;
            }
            if begin.elapsed() > DEADLINE {
                let seen: Vec<_> = state.reports.iter().map(|r| (r.job.0, r.state, r.message.clone())).collect();
                drop(state);
                panic!("waited in vain for {what}; reports: {seen:?}");
            }
            state = self.changed.wait_timeout(state, Duration::from_millis(50)).unwrap().0;
        }
    }

    pub(crate) fn final_report(&self, job: i64) -> JobReport {
        let is_it = |report: &&JobReport| report.job.0 == job && report.state.is_final();
        self.wait(&format!("the end of job {job}"), |state| state.reports.iter().find(is_it).cloned())
    }

    pub(crate) fn wait_running(&self, job: i64) {
        let is_it = |report: &JobReport| report.job.0 == job && report.state == JobState::Running;
        self.wait(&format!("job {job} running"), |state| state.reports.iter().any(is_it).then_some(()));
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut writer = stream;
        while let Some(request) = Request::read(&mut reader) {
            if request.path.ends_with("/hello") {
                self.state().clocks.push(request.json::<HelloRequest>().clock);
                self.changed.notify_all();
            }
            if self.state().away {
                return;
            }
            let (status, body) = self.answer(&request);
            self.changed.notify_all();
            let date = self.state().date.clone();
            let date = if date.is_empty() { date } else { format!("date: {date}\r\n") };
            let head = format!("HTTP/1.1 {status} X\r\n{date}content-length: {}\r\n\r\n", body.len());
            if self.state().away || writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(&body)).is_err() {
                return;
            }
        }
    }

    fn answer(&self, request: &Request) -> (u16, Vec<u8>) {
        let page = self.state().page;
        if let Some(status) = page {
            self.state().paged += 1;
            return (status, b"<html>not through here</html>".to_vec());
        }
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let parts: Vec<&str> = path.trim_start_matches("/pilotage/v1/").split('/').collect();
        if parts.first() == Some(&"pilots") && parts.get(2) != Some(&"hello") {
            let mut state = self.state();
            if state.refuse_tokens > 0 {
                state.refuse_tokens -= 1;
                return problem(401);
            }
        }
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["pilots", _, "hello"]) => self.hello(request),
            ("POST", ["pilots", _, "lease"]) => json(&self.lease(request.json())),
            ("POST", ["pilots", _, "report"]) => {
                self.state().reports.extend(request.json::<ReportRequest>().reports);
                json(&Leased::default())
            }
            ("POST", ["pilots", _, "heartbeat"]) => {
                let mut state = self.state();
                state.heartbeats.push(request.json());
                json(&Heartbeat { stop: std::mem::take(&mut state.stop), drain: false })
            }
            ("GET", ["", "healthz"]) => (200, b"alive\n".to_vec()),
            ("GET", ["pilots", _, "commands"]) => json(&CommandList { commands: self.commands(), next: None }),
            ("POST", ["commands", _, "outcome"]) => {
                self.state().outcomes.push(request.json());
                (204, Vec::new())
            }
            ("POST", ["pilots", _, "exit"]) => {
                self.state().exits.push(request.json());
                (204, Vec::new())
            }
            ("PUT", ["jobs", job, "attempts", _, "logs", stream]) => {
                let mut state = self.state();
                let log = state.logs.entry((job.parse().unwrap(), (*stream).to_owned())).or_default();
                let offset = query.split('&').find_map(|part| part.strip_prefix("offset=")).unwrap();
                let known = log.len().checked_sub(offset.parse().unwrap()).expect("a log with a hole");
                log.extend_from_slice(request.body.get(known..).unwrap_or_default());
                (204, Vec::new())
            }
            ("PUT", _) => {
                self.state().files.insert(path.to_owned(), request.body.clone());
                (204, Vec::new())
            }
            ("GET", _) => match self.state().files.get(path) {
                Some(content) => (200, content.clone()),
                None => problem(404),
            },
            _ => problem(405),
        }
    }

    fn hello(&self, request: &Request) -> (u16, Vec<u8>) {
        let hello: HelloRequest = request.json();
        if hello.secret != "the-secret" {
            return problem(401);
        }
        let mut state = self.state();
        state.hellos += 1;
        state.greeting = Some(hello);
        drop(state);
        json(&Hello {
            token: "t".into(),
            incarnation: 1,
            queue: "q".into(),
            site: "s".into(),
            lease_s: 3.0,
            heartbeat_s: 0.2,
            long_poll_s: 5,
        })
    }

    fn lease(&self, request: LeaseRequest) -> Leased {
        let until = Instant::now() + Duration::from_secs(request.wait_s.into());
        let mut state = self.state();
        state.reports.extend(request.reports.iter().cloned());
        self.changed.notify_all();
        while state.waiting.is_empty() && request.reports.is_empty() && !state.away && Instant::now() < until {
            state = self.changed.wait_timeout(state, until - Instant::now()).unwrap().0;
        }
        let count = state.waiting.len().min(request.max_slots as usize);
        let jobs: Vec<LeasedJob> = state.waiting.drain(..count).collect();
        state.leased += jobs.len();
        let mut specs: Vec<LeasedSpec> = Vec::new();
        for submission in jobs.iter().map(|job| job.submission) {
            if specs.iter().all(|spec| spec.submission != submission) {
                specs.push(LeasedSpec { submission, spec: state.specs[&submission].clone() });
            }
        }
        Leased { jobs, specs, ..Leased::default() }
    }

    fn commands(&self) -> Vec<Command> {
        let until = Instant::now() + Duration::from_secs(5);
        let mut state = self.state();
        while state.commands.is_empty() && !state.away && Instant::now() < until {
            state = self.changed.wait_timeout(state, until - Instant::now()).unwrap().0;
        }
        std::mem::take(&mut state.commands)
    }
}

fn json(value: &impl serde::Serialize) -> (u16, Vec<u8>) {
    (200, serde_json::to_vec(value).unwrap())
}

fn problem(status: u16) -> (u16, Vec<u8>) {
    json(&Problem { code: "no".into(), status, detail: format!("refused with {status}"), field: None }).with(status)
}

trait With {
    fn with(self, status: u16) -> Self;
}

impl With for (u16, Vec<u8>) {
    fn with(self, status: u16) -> Self {
        (status, self.1)
    }
}

struct Request {
    method: String,
    path: String,
    body: Vec<u8>,
}

impl Request {
    fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        let mut words = line.split(' ').map(str::to_owned);
        let (method, path) = (words.next()?, words.next()?);
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some(Request { method, path, body })
    }

    fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap()
    }
}
