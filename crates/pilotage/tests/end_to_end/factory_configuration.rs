//! A factory whose labels come from files and a directory, and change while it runs.

use crate::support::{Role, Up, eventually};
use serde_json::Value;
use std::fs;

struct Factory {
    up: Up,
    role: Role,
    config: String,
}

impl Factory {
    fn start() -> Factory {
        let up = Up::with(&["--slots", "0"]);
        up.out(&["queues", "define", "own", "--site", "here"]);
        fs::create_dir(up.place.path("labels.d")).unwrap();
        for (name, label) in [("1.toml", "a"), ("2.toml", "b"), ("3.txt", "no")] {
            up.place.write(&format!("labels.d/{name}"), format!("[label.{label}]\nqueue = \"own\"\n"));
        }
        let text = format!(
            "[factory]\nname = \"apart\"\nservers = [\"{}\"]\ntoken_file = \"{}\"\ndir = \"kept\"\ncycle_s = 1\n\n\
             [batch.machine]\nsystem = \"local\"\n\n[template.all]\nbatch = \"machine\"\ncores = 2\n\n\
             [source.files]\nformat = \"toml\"\nfrom = [\"labels.d\"]\ntemplate = \"all\"\n",
            up.url,
            up.place.dir().join("factory.token").display(),
        );
        let config = up.place.write("factory.toml", text).to_str().unwrap().to_owned();
        let role = Role::start(&up.place, &["factory", "run", "--config", &config], false);
        let factory = Factory { up, role, config };
        factory.tells(&["a", "b"]);
        factory
    }

    fn tells(&self, labels: &[&str]) {
        eventually(&format!("the labels {labels:?}"), || (self.labels() == labels).then_some(()));
    }

    fn said(&self) -> Value {
        let all = self.up.json(&["factories", "--json"]);
        let factories = all["factories"].as_array().unwrap().clone();
        factories.into_iter().find(|one| one["name"] == "apart").unwrap_or_default()
    }

    fn labels(&self) -> Vec<String> {
        let said = self.said();
        let labels = said["labels"].as_array().cloned().unwrap_or_default();
        labels.iter().map(|label| label["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Exit code and standard output.
    fn run(&self, args: &[&str]) -> (i32, String) {
        let mut command = self.up.place.bare(args);
        let output = command.args(["--config", &self.config]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap(), text.replace(self.up.place.path("").to_str().unwrap(), ""))
    }

    fn reload(&self, args: &[&str]) -> (i32, String) {
        let output = self.up.place.client(&[&["factories", "reload", "apart"], args].concat()).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    }

    fn end(self) {
        self.role.stop();
        self.up.stop();
    }
}

#[test]
fn labels_of_a_directory_change_while_the_factory_runs() {
    let factory = Factory::start();
    factory.up.place.write("labels.d/4.toml", "[label.c]\nqueue = \"own\"\n");
    let (code, said) = factory.reload(&[]);
    // A factory looks at its sources once more right after its start, which may have been faster than the command.
    let answers = ["labels: 1 added, 0 changed, 0 removed", "nothing is different"];
    assert!(code == 0 && answers.iter().any(|words| said == format!("factory apart: done: {words}\n")), "{said}");
    factory.tells(&["a", "b", "c"]);

    // Two of three are gone: refused, told, and accepted by name.
    fs::remove_file(factory.up.place.path("labels.d/2.toml")).unwrap();
    fs::remove_file(factory.up.place.path("labels.d/4.toml")).unwrap();
    let (code, said) = factory.reload(&[]);
    assert!(code == 0 && said.contains("source files stays as it was: 2 of 3 labels are gone at once"), "{said}");
    let refused = || factory.up.out(&["factories"]).contains("3 labels, 0 left out; refused: 2 of 3 labels are gone");
    eventually("the refusal in the list", || refused().then_some(()));
    assert_eq!(factory.reload(&["--accept", "files"]).0, 0);
    factory.tells(&["a"]);

    // A mistake in the main file changes nothing.
    let good = fs::read_to_string(&factory.config).unwrap();
    fs::write(&factory.config, good.replace("cycle_s", "cycel_s")).unwrap();
    let (code, said) = factory.reload(&[]);
    assert!(code == 1 && said.contains("failed") && said.contains("did you mean 'cycle_s'?"), "{said}");
    fs::write(&factory.config, good.replace("cores = 2", "cores = 3")).unwrap();
    factory.role.hang_up();
    eventually("the factory forgets the mistake", || factory.said()["trouble"].is_null().then_some(()));
    let id = factory.up.submit(&["--queue", "own", "--", "echo", "served"]);
    factory.up.wait(&id.to_string(), 0);
    factory.end();
}

#[test]
fn the_server_tells_what_changed_in_a_configuration_and_who_wanted_it() {
    let factory = Factory::start();
    let known = |label: &[&str]| {
        let args = [&["factories", "config", "apart"], label, &["--json"]].concat();
        let output = factory.up.place.client(&args).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default()
    };
    let changes = |label: &[&str]| {
        let changes = known(label)["changes"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let words = |one: &Value| [&one["section"], &one["key"], &one["from"], &one["to"]].map(text).join(" ");
        changes.iter().map(words).collect::<Vec<_>>()
    };
    eventually("the labels are told", || known(&["b"])["sections"][0]["settings"].is_array().then_some(()));
    assert_eq!(changes(&[]), [""; 0], "that it was told first is no change");

    let good = fs::read_to_string(&factory.config).unwrap();
    fs::write(&factory.config, good.replace("cores = 2", "cores = 3")).unwrap();
    assert_eq!(factory.reload(&[]).0, 0);
    let expected = ["label.b cores 2 3", "label.a cores 2 3"];
    eventually("the change", || (changes(&[]) == expected).then_some(()));
    assert_eq!(changes(&["b"]), expected[..1]);
    let change = known(&["b"])["changes"][0].clone();
    let (cause, place) = (change["cause"].as_str().unwrap(), change["place"].as_str().unwrap());
    assert!(cause.starts_with("command ") && place.ends_with("factory.toml:13"), "{change}");
    let said = factory.up.out(&["factories", "config", "apart", "b"]);
    assert!(said.contains("changes") && said.contains("labels.d/2.toml:2"), "{said}");

    // Killed, changed and started anew: the change is found, and nothing is told twice.
    factory.role.crash();
    fs::write(
        &factory.config,
        good.replace("cores = 2", "cores = 3").replace("cycle_s = 1", "cycle_s = 1\nquiet_s = 91"),
    )
    .unwrap();
    let role = Role::start(&factory.up.place, &["factory", "run", "--config", &factory.config], false);
    let expected = [&["factory quiet_s 90.0 91.0"], &expected[..]].concat();
    eventually("the change at the start", || (changes(&[]) == expected).then_some(()));
    assert_eq!(known(&[])["changes"][0]["cause"], "its start");
    Factory { role, ..factory }.end();
}

#[test]
fn every_value_is_shown_with_its_origin() {
    let factory = Factory::start();
    let (code, shown) = factory.run(&["factory", "config", "--label", "b"]);
    let line = |key: &str| {
        let wanted = format!("label.b.{key} = ");
        let line = shown.lines().find(|line| line.starts_with(&wanted)).unwrap_or_default();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(code, 0, "{shown}");
    assert_eq!(line("cores"), "label.b.cores = 2 # factory.toml:13");
    assert_eq!(line("queue"), "label.b.queue = \"own\" # labels.d/2.toml:2");
    assert_eq!(line("memory_mib"), "label.b.memory_mib = 0 # default");
    let (code, said) = factory.run(&["factory", "config", "--label", "x"]);
    assert_eq!((code, said.trim_end()), (2, "error: there is no label 'x'; the labels are a, b"));

    let (code, checked) = factory.run(&["factory", "check"]);
    assert!(code == 0 && checked.contains("2 labels for factory apart"), "{checked}");
    assert!(checked.contains("ok   source files: labels.d: 2 labels, 0 queues left out"), "{checked}");
    factory.up.place.write("labels.d/2.toml", "[label.b]\nqueue = \"own\"\ncoers = 1\n");
    let (code, listed) = factory.run(&["factory", "sources"]);
    assert!(code == 1 && listed.contains("refused: labels.d/2.toml:3:label.b.coers: unknown key"), "{listed}");
    assert_eq!(factory.labels(), ["a", "b"], "a look from outside changes nothing");
    factory.end();
}
