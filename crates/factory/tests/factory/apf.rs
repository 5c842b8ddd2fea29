//! A monitor with the interface and the rules of APFmon, which keeps what it was told and all calls. It can be away, hang,
//! or answer nonsense.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Well,
    /// Connections are broken off at once.
    Away,
    /// Takes a request and never answers.
    Hangs,
    /// Answers what is no HTTP.
    Garbage,
    /// Answers every request with this status and a page for people.
    Page(u16),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub what: String,
    pub content_type: String,
    pub body: String,
}

#[derive(Clone, Debug, Default)]
pub struct Job {
    /// All states that it had, the return code behind `exiting`.
    pub states: Vec<String>,
}

#[derive(Default)]
pub struct State {
    pub mood: Mood,
    pub calls: Vec<Call>,
    pub factories: BTreeMap<String, Value>,
    pub labels: BTreeMap<String, Value>,
    pub jobs: BTreeMap<String, Job>,
    pub messages: BTreeMap<String, Vec<String>>,
    /// Calls that were answered with 400 or more.
    pub refused: Vec<String>,
}

pub struct Apf {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    ends: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

impl Apf {
    pub fn start() -> Apf {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (state, ends) = (Arc::new(Mutex::new(State::default())), Arc::new(AtomicBool::new(false)));
        let (shared, flag) = (Arc::clone(&state), Arc::clone(&ends));
        let listener = std::thread::spawn(move || {
            let mut threads = Vec::new();
            while let Ok((stream, _)) = listener.accept() {
                if flag.load(Ordering::SeqCst) {
                    break;
                }
                let (shared, flag) = (Arc::clone(&shared), Arc::clone(&flag));
                threads.push(std::thread::spawn(move || serve(&stream, &shared, &flag)));
            }
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
        Apf { address, state, ends, listener: Some(listener) }
    }

    pub fn url(&self) -> String {
        format!("http://{}/api", self.address)
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn set(&self, mood: Mood) {
        self.lock().mood = mood;
    }

    /// The states of all jobs, in the order of their ids.
    pub fn lives(&self) -> Vec<Vec<String>> {
        self.lock().jobs.values().map(|job| job.states.clone()).collect()
    }
}

impl Drop for Apf {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.listener.take().unwrap().join();
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>, ends: &AtomicBool) {
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(call) = read(&mut reader, ends) {
        let mood = state.lock().unwrap().mood;
        let (status, body) = match mood {
            Mood::Well => state.lock().unwrap().answer(call),
            Mood::Away => return,
            Mood::Hangs => {
                while !ends.load(Ordering::SeqCst) && state.lock().unwrap().mood == Mood::Hangs {
                    std::thread::sleep(Duration::from_millis(10));
                }
                return;
            }
            Mood::Garbage => {
                let _ = (&*stream).write_all(b"what do you want from me?\r\n\r\n");
                return;
            }
            Mood::Page(status) => (status, "<html><body>Welcome to our site</body></html>".to_owned()),
        };
        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", body.len());
        if (&*stream).write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

/// The next request of a connection; none when it or the monitor ends.
fn read(reader: &mut BufReader<&TcpStream>, ends: &AtomicBool) -> Option<Call> {
    let first = line(reader, ends)?;
    let (mut length, mut content_type) = (0, String::new());
    loop {
        let header = line(reader, ends)?.to_lowercase();
        match header.split_once(": ") {
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(("content-type", value)) => value.clone_into(&mut content_type),
            None if header.is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let what = first.rsplit_once(' ').unwrap().0.to_owned();
    Some(Call { what, content_type, body: String::from_utf8(body).unwrap() })
}

fn line(reader: &mut BufReader<&TcpStream>, ends: &AtomicBool) -> Option<String> {
    let mut line = Vec::new();
    loop {
        match reader.read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => return Some(String::from_utf8(line).unwrap().trim_end().to_owned()),
            Err(_) if ends.load(Ordering::SeqCst) => return None,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock) => {}
            Err(_) => return None,
        }
    }
}

impl State {
    fn answer(&mut self, call: Call) -> (u16, String) {
        let what = call.what.clone();
        let (status, body) = self.take(&call);
        self.calls.push(call);
        if status >= 400 {
            self.refused.push(what);
        }
        (status, body)
    }

    fn take(&mut self, call: &Call) -> (u16, String) {
        let (method, path) = call.what.split_once(' ').unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path: Vec<&str> = path.strip_prefix("/api/").unwrap_or("").split('/').collect();
        let json = || serde_json::from_str::<Value>(&call.body).unwrap();
        match (method, path.as_slice()) {
            ("PUT", ["factories", name]) => {
                self.factories.insert((*name).to_owned(), json());
                (201, "[{}]".to_owned())
            }
            ("GET", ["labels"]) => (200, self.list(&form(query))),
            ("PUT", ["labels"]) => self.put_labels(&json()),
            ("POST", ["labels", id]) => self.post_label(id, &form(&call.body)),
            ("PUT", ["jobs"]) => self.put_jobs(&json()),
            ("POST", ["jobs", id]) => self.post_job(id, &form(&call.body)),
            _ => (404, "no such page".to_owned()),
        }
    }

    fn list(&self, query: &BTreeMap<String, String>) -> String {
        let limit = match query.get("limit").map_or("50", String::as_str) {
            "0" => usize::MAX,
            limit => limit.parse().unwrap(),
        };
        let labels = self.labels.values().filter(|label| label["factory"] == query["factory"].as_str());
        Value::Array(labels.take(limit).cloned().collect()).to_string()
    }

    fn put_labels(&mut self, labels: &Value) -> (u16, String) {
        for label in labels.as_array().unwrap() {
            let (factory, name) = (label["factory"].as_str().unwrap(), label["name"].as_str().unwrap());
            if self.factories.contains_key(factory) {
                self.labels.insert(format!("{factory}:{name}"), label.clone());
            }
        }
        (201, "created".to_owned())
    }

    fn post_label(&mut self, id: &str, form: &BTreeMap<String, String>) -> (u16, String) {
        if id.matches(':').count() != 1 || !form.contains_key("status") {
            return (400, "bad".to_owned());
        }
        if !self.labels.contains_key(id) {
            return (404, "no such label".to_owned());
        }
        self.messages.entry(id.to_owned()).or_default().push(form["status"].clone());
        (200, String::new())
    }

    fn put_jobs(&mut self, jobs: &Value) -> (u16, String) {
        let mut created = 0;
        for job in jobs.as_array().unwrap() {
            let word = |key: &str| job[key].as_str().unwrap().to_owned();
            let (cid, factory, label) = (word("cid"), word("factory"), word("label"));
            if !self.factories.contains_key(&factory) {
                return (404, "no such factory".to_owned());
            }
            let jid = format!("{factory}:{cid}");
            if self.labels.contains_key(&format!("{factory}:{label}")) && !self.jobs.contains_key(&jid) {
                self.jobs.insert(jid, Job { states: vec!["created".to_owned()] });
                created += 1;
            }
        }
        (if created > 0 { 201 } else { 200 }, format!("created {created}"))
    }

    /// Strict, as the original: nothing may be told twice.
    fn post_job(&mut self, id: &str, form: &BTreeMap<String, String>) -> (u16, String) {
        let Some(job) = self.jobs.get_mut(id) else { return (404, "no such job".to_owned()) };
        let last = job.states.last().unwrap().split(' ').next().unwrap();
        let state = form.get("state").map_or("", String::as_str);
        let fits = matches!(
            (last, state),
            ("created", "running")
                | ("running", "exiting")
                | ("exiting", "done")
                | ("created" | "running" | "exiting" | "done", "fault")
        );
        if !fits {
            return (400, format!("not from {last}"));
        }
        let rc = form.get("rc").map(|rc| format!(" {rc}")).unwrap_or_default();
        job.states.push(format!("{state}{rc}"));
        (200, format!("/api/jobs/{id}"))
    }
}

fn form(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (decoded(key), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        match (first, after) {
            (b'%', [high, low, ..]) => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                rest = &after[2..];
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = after;
    }
    String::from_utf8(bytes).unwrap()
}
