//! Reloading: by signal, interval and command, with sources, and what is not touched by it.

use crate::site::{Site, WAITS, wait_until};
use crate::web::Web;
use factory::config::Main;
use factory::source::Fetcher;
use factory::{Factory, FactoryError, Keeper, Look, Signal};
use model::{CommandState, PilotId, PilotState as S, QueueRecord, Verb};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A factory whose main file is a text that tests change.
struct Kept<'a> {
    site: &'a Site,
    text: Arc<Mutex<String>>,
    signals: mpsc::Sender<Signal>,
    task: JoinHandle<Result<(), FactoryError>>,
}

async fn start(site: &Site, text: String) -> Kept<'_> {
    let text = Arc::new(Mutex::new(text));
    let file = Arc::clone(&text);
    let read = move || Main::parse(&file.lock().unwrap(), Path::new("factory.toml"), "");
    let server: Arc<dyn factory::Server> = Arc::new(site.server.clone());
    let mut keeper = Keeper::new(read, Fetcher::new(Some(Arc::clone(&server))));
    let loaded = keeper.load(&Look::Missing).await.unwrap();
    let factory = Factory::keeping(keeper, loaded, server, site.launch()).unwrap();
    let (signals, inbox) = mpsc::channel(4);
    Kept { site, text, signals, task: tokio::spawn(factory.run(inbox)) }
}

impl Kept<'_> {
    fn labels(&self) -> Vec<String> {
        let state = self.site.server.lock();
        let last = state.heartbeats.last();
        last.map(|said| said.labels.iter().map(|label| label.name.clone()).collect()).unwrap_or_default()
    }

    async fn wait_for(&self, labels: &[&str]) {
        wait_until(&format!("the labels are {labels:?}"), || self.labels() == labels).await;
    }

    fn write(&self, text: String) {
        *self.text.lock().unwrap() = text;
    }

    /// What the factory says is wrong with its configuration, and with its first source.
    fn troubles(&self) -> (String, String) {
        let state = self.site.server.lock();
        let said = state.heartbeats.last().unwrap();
        (said.trouble.clone(), said.sources.first().map(|source| source.trouble.clone()).unwrap_or_default())
    }

    /// The outcome of a new command.
    async fn reload(&self, accepted: &[&str]) -> (CommandState, String) {
        let before = self.site.server.lock().outcomes.len();
        self.site.server.give_with(Verb::Reload, accepted);
        wait_until("the command is answered", || self.site.server.lock().outcomes.len() > before).await;
        let outcome = self.site.server.lock().outcomes.last().unwrap().1.clone();
        (outcome.state, outcome.note)
    }

    async fn end(self) {
        self.signals.send(Signal::Leave).await.unwrap();
        self.task.await.unwrap().unwrap();
    }
}

fn label(name: &str) -> String {
    format!("[label.{name}]\nqueue = \"q\"\nbatch = \"here\"\n")
}

fn source(url: &str, more: &str) -> String {
    format!("[source.web]\nformat = \"toml\"\nfrom = [\"{url}\"]\n{more}\n")
}

#[tokio::test]
async fn a_reload_is_all_or_nothing() {
    let site = Site::new(WAITS);
    let kept = start(&site, site.text(4, 0.05, "")).await;
    kept.wait_for(&["l"]).await;
    kept.write(site.text(4, 0.05, &label("m")));
    kept.signals.send(Signal::Reload).await.unwrap();
    kept.wait_for(&["l", "m"]).await;

    for (wrong, said) in [
        (site.text(4, 0.05, "[label.n]\nqeue = \"q\"\n"), "label.n.qeue: unknown key"),
        (site.text(4, 0.05, "").replace("\"f1\"", "\"f2\""), "failed to rename the factory"),
        (
            site.text(4, 0.05, "[batch.there]\nsystem = \"local\"\ndir = \"/proc/nowhere\"\n"),
            "failed to open batch end point 'there'",
        ),
    ] {
        kept.write(wrong);
        kept.signals.send(Signal::Reload).await.unwrap();
        wait_until(said, || kept.troubles().0.contains(said)).await;
        assert_eq!(kept.labels(), ["l", "m"]);
    }
    kept.write(site.text(4, 0.05, ""));
    assert_eq!(kept.reload(&[]).await, (CommandState::Done, "labels: 0 added, 0 changed, 1 removed".into()));
    wait_until("nothing is wrong any more", || kept.troubles().0.is_empty()).await;
    kept.end().await;
}

#[tokio::test]
async fn the_server_is_told_of_the_configuration_when_it_changes_and_not_again() {
    let site = Site::new(WAITS);
    let kept = start(&site, site.text(4, 0.05, &label("m"))).await;
    let told = |name: &str, key: &str| {
        let state = site.server.lock();
        let setting = state.sections.get(name)?.settings.iter().find(|one| one.key == key)?;
        Some((setting.value.clone(), setting.place.clone()))
    };
    wait_until("all is told", || told("label.m", "cores") == Some(("1".into(), String::new()))).await;
    assert!(told("factory", "cycle_s").unwrap().1.starts_with("factory.toml:"));
    assert_eq!(site.server.lock().outlines[0].cause, "its start");
    let decisions = site.server.lock().decisions.len();
    wait_until("cycles go on", || site.server.lock().decisions.len() > decisions + 6).await;
    let calls = |state: &crate::server::State| (state.outlines.len(), state.section_calls.len());
    assert_eq!(calls(&site.server.lock()), (1, 1));

    // The server is away just then.
    site.server.lock().unanswered.insert("sections");
    kept.write(site.text(4, 0.05, &format!("{}cores = 2\n", label("m"))));
    assert_eq!(kept.reload(&[]).await.1, "labels: 0 added, 1 changed, 0 removed");
    wait_until("it is tried", || site.server.lock().outlines.len() > 2).await;
    site.server.lock().unanswered.clear();
    wait_until("the change is told", || told("label.m", "cores").is_some_and(|(cores, _)| cores == "2")).await;
    assert_eq!(site.server.lock().section_calls[1..], [1], "only the label that changed");
    assert_eq!(site.server.lock().outlines.last().unwrap().cause, "command 1 of test");
    kept.end().await;
}

#[tokio::test]
async fn a_server_of_an_earlier_version_is_asked_once() {
    let site = Site::new(WAITS);
    site.server.lock().knows_no_configuration = true;
    let kept = start(&site, site.text(4, 0.05, "")).await;
    wait_until("cycles go on", || site.server.lock().decisions.len() > 6).await;
    assert_eq!(site.server.lock().outlines.len(), 1);
    kept.end().await;
}

#[tokio::test]
async fn what_is_the_same_is_not_touched() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 1;
    let two = format!("{}[batch.other]\nsystem = \"local\"\n", label("m").replace("here", "other"));
    let kept = start(&site, site.text(4, 0.05, &two)).await;
    wait_until("a pilot runs", || site.server.states() == [S::Running]).await;
    site.server.hello(PilotId(1));
    site.server.lock().waiting = 0;
    let leader = site.leader(1).unwrap();
    // The label of the pilot stays, the other one is changed and then goes with its end point.
    kept.write(site.text(4, 0.05, &two.replace("[batch.other]", "cores = 2\n[batch.other]")));
    assert_eq!(kept.reload(&[]).await.1, "labels: 0 added, 1 changed, 0 removed");
    kept.write(site.text(4, 0.05, ""));
    assert_eq!(kept.reload(&[]).await.1, "labels: 0 added, 0 changed, 1 removed; other settings changed");
    assert_eq!(kept.reload(&[]).await.1, "nothing is different");
    assert_eq!((site.server.states(), site.leader(1)), (vec![S::Running], Some(leader)));
    site.go(1, 0);
    wait_until("its end is noticed", || site.server.states() == [S::Done]).await;
    kept.end().await;
}

#[tokio::test]
async fn pilots_of_an_end_point_that_is_gone_are_looked_after() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 1;
    let other = site.text(4, 0.05, "[batch.other]\nsystem = \"local\"\n[label.m]\nqueue = \"q\"\nbatch = \"other\"\n");
    let kept = start(&site, other).await;
    wait_until("a pilot runs", || site.server.states() == [S::Running]).await;
    site.server.hello(PilotId(1));
    site.server.lock().waiting = 0;
    let text = site.text(4, 0.05, "[batch.other]\nsystem = \"local\"\n[label.m]\nqueue = \"q\"\nbatch = \"other\"\n");
    let without = text.replace(
        "[batch.here]\nsystem = \"local\"\nslots = 4\ngrace_s = 0.2\n[label.l]\nqueue = \"q\"\nbatch = \"here\"\n",
        "",
    );
    assert_ne!(text, without);
    kept.write(without);
    assert_eq!(kept.reload(&[]).await.0, CommandState::Done);
    site.go(1, 0);
    wait_until("its end is noticed", || site.server.states() == [S::Done]).await;
    kept.end().await;
}

#[tokio::test]
async fn the_main_file_is_read_again_by_interval() {
    let site = Site::new(WAITS);
    let with_interval = |more: &str| site.text(4, 0.05, more).replace("quiet_s", "reload_s = 0.05\nquiet_s");
    let kept = start(&site, with_interval("")).await;
    kept.wait_for(&["l"]).await;
    kept.write(with_interval(&label("m")));
    kept.wait_for(&["l", "m"]).await;
    kept.end().await;
}

#[tokio::test]
async fn a_source_that_drops_many_labels_is_refused_until_somebody_accepts_it() {
    let site = Site::new(WAITS);
    let web = Web::start().await;
    let labels = |names: std::ops::Range<u32>| names.map(|number| label(&format!("s{number}"))).collect::<String>();
    web.serve(&labels(0..4), "one");
    let text = |interval: f64| site.text(4, 0.05, &source(&web.url, &format!("interval_s = {interval}")));
    let kept = start(&site, text(0.05)).await;
    kept.wait_for(&["l", "s0", "s1", "s2", "s3"]).await;

    web.serve(&labels(1..4), "two");
    wait_until("it is refused", || !kept.troubles().1.is_empty()).await;
    assert_eq!(kept.troubles().1, "1 of 4 labels are gone at once (25 %, 25 % are refused): s0");
    assert_eq!(kept.labels(), ["l", "s0", "s1", "s2", "s3"]);
    let (state, note) = kept.reload(&["web"]).await;
    assert_eq!((state, note.as_str()), (CommandState::Done, "labels: 0 added, 0 changed, 1 removed"));
    kept.wait_for(&["l", "s1", "s2", "s3"]).await;

    // What is written badly is refused as a whole; new labels are always welcome.
    web.serve("[label.s1]\nqeue = \"q\"\n", "three");
    wait_until("it is refused", || kept.troubles().1.contains("unknown key 'qeue'; did you mean 'queue'?")).await;
    web.serve(&labels(1..9), "four");
    kept.wait_for(&["l", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"]).await;
    wait_until("nothing is wrong any more", || kept.troubles().1.is_empty()).await;
    kept.end().await;
}

#[tokio::test]
async fn a_source_that_hangs_never_holds_a_cycle_up() {
    let site = Site::new(WAITS);
    let web = Web::start().await;
    web.serve(&label("s"), "one");
    let text = site.text(4, 0.05, &source(&web.url, "interval_s = 0.05\ntimeout_s = 0.2"));
    let kept = start(&site, text.clone()).await;
    kept.wait_for(&["l", "s"]).await;
    web.hang();
    wait_until("the time-out is told", || kept.troubles().1.contains("no answer in time")).await;
    let decisions = site.server.lock().decisions.len();
    wait_until("cycles go on", || site.server.lock().decisions.len() > decisions + 6).await;
    kept.end().await;

    // The next start uses the last good copy.
    let kept = start(&site, text).await;
    kept.wait_for(&["l", "s"]).await;
    kept.end().await;
}

#[tokio::test]
async fn unchanged_documents_are_not_sent_again() {
    let site = Site::new(WAITS);
    let web = Web::start().await;
    web.serve(&label("s"), "one");
    let kept = start(&site, site.text(4, 0.05, &source(&web.url, "interval_s = 0.05"))).await;
    wait_until("it was asked several times", || web.asked() >= 4).await;
    assert_eq!(web.sent(), 1);
    assert_eq!(kept.labels(), ["l", "s"]);
    kept.end().await;
}

#[tokio::test]
async fn the_server_s_queues_make_labels() {
    let site = Site::new(WAITS);
    let queue =
        |name: &str, region: &str| QueueRecord { region: region.into(), max_cores: 8, ..QueueRecord::named(name) };
    site.server.lock().queues.extend([queue("a", "de"), queue("b", "uk")]);
    let template = "[source.queues]\nformat = \"server\"\ninterval_s = 0.05\ntemplate = \"t\"\nonly.region = [\"DE\"]\n\
         [template.t]\nqueue = \"{name}\"\nbatch = \"here\"\ncores = \"{max_cores}\"\n";
    let kept = start(&site, site.text(4, 0.05, template)).await;
    kept.wait_for(&["a", "l"]).await;
    site.server.lock().queues.push(queue("c", "de"));
    kept.wait_for(&["a", "c", "l"]).await;
    kept.end().await;
}

#[tokio::test]
async fn what_is_no_file_is_refused_and_a_directory_is_read_in_order() {
    let site = Site::new(WAITS);
    let dir = site.dir.path().join("labels.d");
    std::fs::create_dir(&dir).unwrap();
    for (name, cores) in [("b.toml", 2), ("a.toml", 1), ("c.txt", 3)] {
        std::fs::write(dir.join(name), format!("{}cores = {cores}\n", label(&format!("s{cores}")))).unwrap();
    }
    let kept = start(&site, site.text(4, 0.05, &source(dir.to_str().unwrap(), "interval_s = 0.05"))).await;
    kept.wait_for(&["l", "s1", "s2"]).await;
    // The same label twice: the first file of the directory counts, and a person must decide.
    std::fs::write(dir.join("z.toml"), label("s1")).unwrap();
    wait_until("it is refused", || kept.troubles().1.contains("another one makes the label 's1' already")).await;
    std::fs::remove_file(dir.join("z.toml")).unwrap();
    wait_until("nothing is wrong any more", || kept.troubles().1.is_empty()).await;
    kept.write(site.text(4, 0.05, &source("/dev/null", "interval_s = 0.05")));
    let (_, note) = kept.reload(&[]).await;
    assert!(note.contains("source web stays as it was: failed to read /dev/null: it is neither"), "{note}");
    assert_eq!(kept.labels(), ["l", "s1", "s2"]);
    kept.end().await;
}
