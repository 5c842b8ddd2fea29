//! The step Command, with real programs: the one of docs/scheduler.md, and some that misbehave.

use crate::site::{Site, WAITS};
use factory::{Config, Cycler};
use model::Decision;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

/// A label that asks a program after a fixed number.
struct Asking {
    site: Site,
}

impl Asking {
    fn new(program: &str) -> Asking {
        let asking = Asking { site: Site::new(WAITS) };
        asking.say(program);
        asking
    }

    fn say(&self, program: &str) {
        let path = self.site.dir.path().join("program");
        fs::write(&path, program).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }

    fn config(&self) -> Config {
        self.patient(1)
    }

    fn patient(&self, timeout_s: u32) -> Config {
        let program = self.site.dir.path().join("program").display().to_string();
        let more = format!(
            "chain = [\"Fixed\", \"Command\", \"MaxPerCycle\"]\nsched.fixed.pilotspercycle = 1\n\
             sched.maxpercycle.maximum = 9\nsched.command.program = {program:?}\nsched.command.timeout = {timeout_s}\n"
        );
        self.site.config(100, 30.0, &more)
    }

    fn cycler(&self) -> Cycler {
        self.cycler_of(self.config())
    }

    fn cycler_of(&self, config: Config) -> Cycler {
        Cycler::new(config, Arc::new(self.site.server.clone()), self.site.launch()).unwrap()
    }

    fn decision(&self) -> Decision {
        self.site.server.lock().decisions.last().unwrap().clone()
    }
}

/// A shell script that answers with this line about the label, after having read the question.
fn answers(line: &str) -> String {
    format!("#!/bin/sh\ncat >>\"$0.told\"\necho '{{\"pilotage\":1}}'\n{line}\necho '{{\"end\":\"complete\"}}'\n")
}

#[tokio::test]
async fn the_example_of_the_page_decides_and_its_answer_is_kept() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scheduler.md");
    let text = fs::read_to_string(page).unwrap();
    let asking = Asking::new(text.split("```python\n").nth(1).unwrap().split("```").next().unwrap());
    asking.cycler().cycle().await;
    let decision = asking.decision();
    let said = decision.message();
    assert!(said.contains("Command:in=1,ret=1,said=day") || said.contains("Command:in=1,ret=2,said=night"), "{said}");
    assert_eq!(decision.accepted, decision.number as u64);
    asking.say("#!/bin/sh\nexit 1\n");
    let replayed = factory::replay(&decision).unwrap();
    assert_eq!(replayed.0, decision.number, "nobody is asked for a replay");
}

#[tokio::test]
async fn the_number_is_the_program_s_and_later_steps_bound_it() {
    let asking = Asking::new(&answers("echo '{\"label\":\"l\",\"number\":3,\"message\":\"three\"}'"));
    let mut cycler = asking.cycler();
    cycler.cycle().await;
    assert_eq!(asking.site.server.states().len(), 3);
    let told = fs::read_to_string(asking.site.dir.path().join("program.told")).unwrap();
    assert!(told.starts_with("{\"pilotage\":1,\"call\":\"decide\",\"factory\":\"f1\""), "{told}");
    assert!(told.contains("\"input\":1") && told.ends_with("{\"end\":\"complete\"}\n"), "{told}");
    asking.say(&answers("echo '{\"label\":\"l\",\"number\":1000}'"));
    let decision = cycler.explain("l").await.unwrap();
    assert_eq!((decision.number, decision.message().contains("Command:in=1,ret=1000;")), (9, true), "{decision:?}");
}

#[tokio::test]
async fn without_an_answer_nothing_is_done_and_the_reason_is_told() {
    let bad = [
        ("#!/bin/sh\necho oh dear >&2; exit 3\n".to_owned(), "exit code 3: oh dear"),
        (answers("echo '{\"label\":\"x\",\"number\":1}'"), "line 2: nobody asked about label 'x'"),
        (answers("echo '{\"label\":\"l\",\"number\":\"many\"}'"), "line 2: invalid type"),
        (answers("true"), "the program said nothing of this label"),
        ("#!/bin/sh\necho '{\"pilotage\":1}'; printf '{\"label'\n".to_owned(), "line 2: is cut off"),
        ("#!/bin/sh\nexec sleep 1000\n".to_owned(), "within 1 s"),
    ];
    for (program, why) in bad {
        let asking = Asking::new(&program);
        asking.cycler().cycle().await;
        let said = asking.decision().message();
        assert!(said.contains("Command:comment=no answer,in=1,ret=0,why=") && said.contains(why), "{said}");
        assert!(asking.site.server.states().is_empty());
    }
}

#[tokio::test]
async fn an_endless_answer_and_an_endless_message_are_cut() {
    let asking = Asking::new("#!/bin/sh\nexec yes\n");
    asking.cycler_of(asking.patient(60)).cycle().await;
    let said = asking.decision().message();
    assert!(
        said.contains("Command:comment=no answer,in=1,ret=0,why=failed to ")
            && said.contains("more than 67108864 bytes"),
        "{said}"
    );
    let long = format!("echo '{{\"label\":\"l\",\"number\":1,\"message\":\"{}\"}}'", "long ".repeat(9000));
    asking.say(&answers(&long));
    asking.cycler().cycle().await;
    let said = asking.decision().message();
    assert!(said.contains("Command:in=1,ret=1,said=long long") && said.len() < 1000, "{said}");
}

#[tokio::test]
async fn a_program_without_an_answer_is_left_alone_for_a_while() {
    let asking = Asking::new("#!/bin/sh\ncat >>\"$0.told\"\necho garbage\n");
    let mut cycler = asking.cycler();
    for _ in 0..3 {
        cycler.cycle().await;
    }
    let told = fs::read_to_string(asking.site.dir.path().join("program.told")).unwrap();
    assert_eq!(told.matches("\"call\"").count(), 1);
    let said = asking.decision().message();
    assert!(said.contains("line 1: is no JSON object at column 1: garbage"), "{said}");
}

#[test]
fn a_step_that_has_no_program_is_refused() {
    let site = Site::new(WAITS);
    let more = "chain = [\"Command\", \"Command\"]\nsched.command.timeout = 0\n";
    let error = Config::parse(&site.text(1, 30.0, more), Path::new("factory.toml")).unwrap_err().to_string();
    for words in [
        "label.l.sched.command.program: is missing, and the chain has Command",
        "label.l.sched.command.timeout: is not between 1 and 60 seconds",
        "label.l.chain: has Command twice",
    ] {
        assert!(error.contains(words), "{error}");
    }
}
