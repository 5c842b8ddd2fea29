//! Jobs that are counted elsewhere than on our own server.

use crate::site::{DEADLINE, Site, WAITS};
use crate::web::Web;
use factory::{Config, Cycler};
use model::Decision;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// A label whose jobs a program counts.
struct Elsewhere {
    site: Site,
}

impl Elsewhere {
    fn new(program: &str) -> Elsewhere {
        let elsewhere = Elsewhere { site: Site::new(WAITS) };
        elsewhere.say(program);
        elsewhere
    }

    fn say(&self, program: &str) {
        let path = self.site.dir.path().join("program");
        fs::write(&path, program).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }

    /// With times of the place, and more labels.
    fn config(&self, times: &str, cycle_s: f64, more: &str) -> Config {
        let program = self.site.dir.path().join("program").display().to_string();
        let more = format!(
            "wms.source = \"own\"\nwms.queue = \"blue\"\nchain = [\"Ready\", \"StatusOffline\", \"MaxPerCycle\"]\n\
             sched.maxpercycle.maximum = 5\n{more}\n[wms.own]\nsystem = \"command\"\nprogram = {program:?}\n{times}\n"
        );
        self.site.config(100, cycle_s, &more)
    }

    fn cycler(&self) -> Cycler {
        self.cycler_of(self.config("poll_s = 0.01\ntimeout_s = 1", 30.0, ""))
    }

    fn cycler_of(&self, config: Config) -> Cycler {
        Cycler::new(config, Arc::new(self.site.server.clone()), self.site.launch()).unwrap()
    }

    /// The newest decision of a label.
    fn decision(&self, label: &str) -> Decision {
        let state = self.site.server.lock();
        state.decisions.iter().rfind(|decision| decision.label == label).unwrap().clone()
    }

    fn told(&self) -> String {
        fs::read_to_string(self.site.dir.path().join("program.told")).unwrap_or_default()
    }
}

fn fact(decision: &Decision, name: &str) -> Option<String> {
    decision.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.clone())
}

/// A shell script that keeps the question and answers with these lines.
fn answers(lines: &[&str]) -> String {
    let lines = lines.iter().map(|line| format!("echo '{line}'\n")).collect::<String>();
    format!("#!/bin/sh\ncat >>\"$0.told\"\necho '{{\"pilotage\":1}}'\n{lines}echo '{{\"end\":\"complete\"}}'\n")
}

const THREE: &str = r#"{"queue":"blue","ready":3,"notready":1,"running":2,"status":"online"}"#;

#[tokio::test]
async fn what_a_program_counts_decides_and_is_kept() {
    let elsewhere = Elsewhere::new(&answers(&[THREE]));
    elsewhere.cycler().cycle().await;
    let decision = elsewhere.decision("l");
    assert_eq!((decision.number, decision.accepted, decision.error.as_str()), (3, 3, ""));
    let facts = ["wms.from", "wms.ready", "wms.notready", "wms.running", "site.status"];
    let facts = facts.map(|name| fact(&decision, name).unwrap_or_default());
    assert_eq!(facts, ["wms own, queue blue", "3", "1", "2", "online"]);
    let told = elsewhere.told();
    assert!(told.starts_with("{\"pilotage\":1,\"call\":\"jobs\",\"factory\":\"f1\""), "{told}");
    assert!(told.ends_with("}\n{\"queue\":\"blue\"}\n{\"end\":\"complete\"}\n"), "{told}");
    elsewhere.say("#!/bin/sh\nexit 1\n");
    assert_eq!(factory::replay(&decision).unwrap(), (decision.number, decision.steps), "nobody is asked for a replay");
}

#[tokio::test]
async fn what_is_not_told_is_unknown_and_never_zero() {
    let bad = [
        ("#!/bin/sh\necho oh dear >&2; exit 3\n".to_owned(), "wms 'own': failed to run ", "exit code 3: oh dear"),
        ("#!/bin/sh\necho garbage\n".to_owned(), "wms 'own': failed to understand", "line 1: is no JSON object"),
        ("#!/bin/sh\nexec sleep 1000\n".to_owned(), "wms 'own': failed to get an answer of ", "within 1 s"),
        (answers(&[]), "wms 'own' knows no queue 'blue'", ""),
        (
            answers(&[r#"{"queue":"blu","ready":3}"#]),
            "wms 'own': failed to understand",
            "nobody asked about queue 'blu'",
        ),
        (answers(&[r#"{"queue":"blue","ready":-3}"#]), "wms 'own': failed to understand", "line 2: -3 jobs cannot be"),
        (
            answers(&[r#"{"queue":"blue","ready":3,"status":"ofline"}"#]),
            "wms 'own': failed to understand",
            "line 2: unknown value 'ofline'; did you mean 'offline'?",
        ),
        (answers(&[r#"{"queue":"blue"}"#]), "wms 'own': failed to understand", "line 2: missing field `ready`"),
    ];
    for (program, begins, contains) in bad {
        let elsewhere = Elsewhere::new(&program);
        elsewhere.cycler().cycle().await;
        let decision = elsewhere.decision("l");
        assert!(decision.message().starts_with("Ready:comment=Invalid wmsinfo or batchinfo"), "{decision:?}");
        assert!(decision.error.starts_with(begins) && decision.error.contains(contains), "{}", decision.error);
        assert_eq!((fact(&decision, "wms.ready"), decision.number), (None, 0));
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let elsewhere = Elsewhere::new("#!/bin/sh\nexec yes\n");
    elsewhere.cycler_of(elsewhere.config("timeout_s = 60", 30.0, "")).cycle().await;
    let error = elsewhere.decision("l").error;
    assert!(error.contains("more than 67108864 bytes"), "{error}");
}

#[tokio::test]
async fn the_last_good_answer_is_used_until_it_is_too_old() {
    let elsewhere = Elsewhere::new(&answers(&[THREE]));
    let mut config = elsewhere.config("poll_s = 0.01", 30.0, "");
    config.factory.stale_s = 600.0;
    let mut cycler = elsewhere.cycler_of(config.clone());
    cycler.cycle().await;
    elsewhere.say("#!/bin/sh\nexit 1\n");
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    cycler.cycle().await;
    let decision = elsewhere.decision("l");
    assert_eq!(fact(&decision, "wms.ready").as_deref(), Some("3"));
    assert!(decision.error.starts_with("wms 'own': failed to run "), "{}", decision.error);
    config.factory.stale_s = 0.5;
    cycler.reload(config).unwrap();
    let until = Instant::now() + DEADLINE;
    while !elsewhere.decision("l").message().contains("Invalid wmsinfo") {
        assert!(Instant::now() < until, "an old answer is used for ever");
        cycler.cycle().await;
    }
}

#[tokio::test]
async fn a_place_that_never_answers_holds_up_one_cycle_at_most() {
    let elsewhere = Elsewhere::new("#!/bin/sh\nexec sleep 1000\n");
    let mut cycler = elsewhere.cycler_of(elsewhere.config("poll_s = 0.01\ntimeout_s = 600", 2.0, ""));
    cycler.cycle().await;
    assert_eq!(elsewhere.decision("l").error, "wms 'own': failed to get an answer within 2 s so far");
    let began = Instant::now();
    cycler.cycle().await;
    assert!(began.elapsed().as_secs_f64() < 2.0, "{:?}", began.elapsed());
    assert_eq!(elsewhere.decision("l").error, "wms 'own': failed to get an answer within 2 s so far");
}

#[tokio::test]
async fn a_place_is_asked_once_for_all_its_labels_and_not_too_often() {
    let second =
        "[label.m]\nqueue = \"q\"\nbatch = \"here\"\nwms.source = \"own\"\nwms.queue = \"green\"\nchain = [\"Ready\"]";
    let elsewhere = Elsewhere::new(&answers(&[THREE, r#"{"queue":"green","ready":1}"#]));
    let mut cycler = elsewhere.cycler_of(elsewhere.config("poll_s = 1000", 30.0, second));
    cycler.cycle().await;
    cycler.cycle().await;
    let told = elsewhere.told();
    assert_eq!(told.matches("\"call\"").count(), 1);
    assert!(told.contains("{\"queue\":\"blue\"}\n{\"queue\":\"green\"}\n"), "{told}");
    assert_eq!(fact(&elsewhere.decision("m"), "wms.from").as_deref(), Some("wms own, queue green"));
}

#[tokio::test]
async fn the_status_of_the_place_counts() {
    let elsewhere = Elsewhere::new(&answers(&[r#"{"queue":"blue","ready":3,"status":"offline"}"#]));
    elsewhere.cycler().cycle().await;
    let decision = elsewhere.decision("l");
    assert!(decision.message().contains("StatusOffline:comment=offline,in=3,ret=0"), "{decision:?}");
}

#[tokio::test]
async fn pending_pilots_of_another_label_are_jobs() {
    let site = Site::new(WAITS);
    let machines = "chain = [\"Fixed\"]\nsched.fixed.pilotspercycle = 2\n\
        [label.machines]\nqueue = \"q\"\nbatch = \"here\"\nwms.label = \"l\"\nchain = [\"Ready\"]\n\
        [label.none]\nqueue = \"q\"\nbatch = \"here\"\nwms.label = \"nobody\"\nchain = [\"Ready\"]\n";
    let elsewhere = Elsewhere { site };
    let config = elsewhere.site.config(100, 30.0, machines);
    elsewhere.cycler_of(config).cycle().await;
    let decision = elsewhere.decision("machines");
    assert_eq!((decision.number, fact(&decision, "wms.from").as_deref()), (2, Some("label l")), "{decision:?}");
    assert!(decision.message().starts_with("Ready:in=0,activated=2,"), "{}", decision.message());
    let decision = elsewhere.decision("none");
    assert_eq!(decision.error, "there is no label 'nobody', whose pilots were to be counted");
    assert_eq!((decision.number, fact(&decision, "wms.ready")), (0, None));
}

#[tokio::test]
async fn another_queue_of_our_own_server_can_be_counted() {
    let elsewhere = Elsewhere { site: Site::new(WAITS) };
    elsewhere.site.server.lock().waiting = 2;
    let more = "wms.queue = \"nowhere\"\nchain = [\"Ready\"]\n\
        [label.m]\nqueue = \"other\"\nbatch = \"here\"\nwms.queue = \"q\"\nchain = [\"Ready\"]\n";
    elsewhere.cycler_of(elsewhere.site.config(100, 30.0, more)).cycle().await;
    let decision = elsewhere.decision("m");
    assert_eq!(
        (fact(&decision, "wms.ready").as_deref(), fact(&decision, "wms.from").as_deref()),
        (Some("2"), Some("queue q"))
    );
    let decision = elsewhere.decision("l");
    assert_eq!((decision.error.as_str(), decision.number), ("the server has no queue 'nowhere'", 0));
}

/// One answer for every call, so the sites cannot be read.
#[tokio::test]
async fn an_old_panda_is_asked_as_it_always_was() {
    let web = Web::start().await;
    web.serve(include_str!("../../src/wms/samples/getJobStatisticsWithLabel.0.pickle"), "pickle");
    let server = web.url.strip_suffix("/labels").unwrap();
    let more = format!(
        "wms.source = \"old\"\nwms.queue = \"BNL\"\nchain = [\"Ready\", \"Null\"]\n\
         [wms.old]\nsystem = \"panda\"\ninterface = \"legacy\"\nservers = [{server:?}]\n"
    );
    let elsewhere = Elsewhere { site: Site::new(WAITS) };
    elsewhere.cycler_of(elsewhere.site.config(100, 30.0, &more)).cycle().await;
    let decision = elsewhere.decision("l");
    let facts = ["wms.from", "wms.ready", "wms.notready", "wms.running", "wms.unknown"];
    let facts = facts.map(|name| fact(&decision, name).unwrap_or_default());
    assert_eq!(facts, ["wms old, queue BNL", "5000", "60", "2700", "3"], "{decision:?}");
    assert_eq!(web.asked(), 2);
}

#[test]
fn mistakes_are_named() {
    let site = Site::new(WAITS);
    let more = "wms.source = \"pand\"\nwms.label = \"l\"\nwms.resource_types = [\"MCORE\"]\n\
        [wms.panda]\nsystem = \"panda\"\ntimeout_s = 0\n[wms.other]\nsystem = \"pilotage\"\nservers = [\"host:1\"]\n\
        [wms.pool]\nsystem = \"condor\"\npool = \"cm\"\n[wms.mine]\nsystem = \"command\"\nprogram = \"./count\"\n";
    let error = Config::parse(&site.text(1, 30.0, more), Path::new("factory.toml")).unwrap_err().to_string();
    for words in [
        "label.l.wms.source: there is no [wms.pand]; did you mean 'panda'?",
        "label.l.wms.label: is set beside another place where jobs are counted",
        "label.l.wms.label: is the label itself",
        "label.l.wms.resource_types: is for PanDA's jobs; name a PanDA server by 'source'",
        "wms.panda.timeout_s: 0 is not between 0.01 and 3600 seconds",
        "wms.panda.servers: is missing: the URLs to ask",
        "wms.other.servers: 'host:1' is no http:// or https:// URL without a password",
        "wms.pool.pool: is for remote schedds; name them by 'schedds'",
        "wms.mine.program: './count' is neither an absolute path nor a name in PATH",
    ] {
        assert!(error.contains(words), "{words}: {error}");
    }
}
