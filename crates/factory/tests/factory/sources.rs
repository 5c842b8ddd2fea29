//! What sources make labels of, and what they leave out.

use factory::config::{LabelSection, Main, Origin};
use factory::source::{Document, Fetcher, Made, make};
use model::Time;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const MAIN: &str = r#"
[factory]
name = "f"

[batch.here]
system = "local"

[template.ce]
queue = "{panda_resource}"
batch = "here"
cores = "{cores}"
memory_mib = "{memory_mib}"
wall_time_s = "{wall_time_s|3600}"
environment = { HOST = "{ce_host}", QUEUE = "{ce_queue_name}", SITE = "{name}_{cloud}", CORES = "{cores!s}" }
sched.scale.factor = "{scale_factor}"

[label.mine]
queue = "q"
batch = "here"

[source.cric]
format = "cric"
from = ["cric.json"]
templates = { htcondor-ce = "ce", arc-ce = "ce" }
only.cloud = ["us", "de", "uk"]
factories = 2
jobs_per_pilot = 2.5
"#;

fn main_of(text: &str) -> Main {
    Main::parse(text, Path::new("factory.toml"), "").unwrap()
}

fn made_of(text: &str, body: &str) -> Result<Made, String> {
    let main = main_of(text);
    let (name, section) = main.config.source.first_key_value().unwrap();
    let from = section.from.first().cloned().unwrap_or_default();
    make(name, section, &main, &[Document { from, etag: None, body: body.to_owned() }])
}

const CRIC: &str = include_str!("documents/cric.json");

fn row(name: &str, label: &LabelSection) -> String {
    let environment: Vec<String> = label.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!(
        "{name}: {}, {} cores, {} MiB, {} s, factor {:?}, {}",
        label.queue,
        label.cores,
        label.memory_mib,
        label.wall_time_s,
        label.sched.scale.factor,
        environment.join(" "),
    )
}

#[test]
fn cric_makes_a_label_of_each_computing_element() {
    let made = made_of(MAIN, CRIC).unwrap();
    let labels = made.labels.iter().map(|(name, label)| row(name, label));
    let excluded = made.excluded.iter().map(|one| format!("without {}: {}", one.what, one.reason));
    insta::assert_snapshot!(labels.chain(excluded).collect::<Vec<_>>().join("\n"));
    let origin = made.origins.exactly("label.LRZ-lcg-lrz-ce2.grid.lrz.de-default.cores").unwrap();
    assert_eq!(origin.to_string(), "source cric, cric.json, by factory.toml:11");
    assert!(matches!(origin, Origin::Source { line: 11, .. }));
}

#[test]
fn a_label_for_each_queue_and_names_by_a_pattern() {
    let text = MAIN.replace("from =", "per = \"queue\"\nlabel = \"pq-{name}\"\ntemplate = \"ce\"\nfrom =");
    let text = text.replace(", QUEUE = \"{ce_queue_name}\"", "").replace("HOST = \"{ce_host}\", ", "");
    let text = text.replace("templates = { htcondor-ce = \"ce\", arc-ce = \"ce\" }\n", "");
    let made = made_of(&text, CRIC).unwrap();
    assert_eq!(made.labels.keys().collect::<Vec<_>>(), ["pq-AGLT2_LMEM", "pq-EMPTY", "pq-LRZ"]);
    assert_eq!(made.labels["pq-LRZ"].sched.scale.factor, Some(0.2));
}

#[test]
fn the_usual_filters_can_be_widened() {
    let made =
        made_of(&MAIN.replace("only.cloud", "only.site_state = []\nonly.ce_state = []\nonly.cloud"), CRIC).unwrap();
    assert!(made.labels.contains_key("AGLT2_LMEM-old.aglt2.org-long"));
    assert_eq!(made.labels.values().filter(|label| label.queue == "AGLT2_LMEM").count(), 3);
}

#[test]
fn labels_of_the_file_count_before_those_of_sources() {
    let text = MAIN.replace("[label.mine]", "[label.\"LRZ-lcg-lrz-ce2.grid.lrz.de-default\"]");
    let made = made_of(&text, CRIC).unwrap();
    let reasons: Vec<&str> = made.excluded.iter().map(|one| one.reason.as_str()).collect();
    assert!(
        reasons.contains(&"[label.LRZ-lcg-lrz-ce2.grid.lrz.de-default] of factory.toml counts instead"),
        "{reasons:?}"
    );
}

#[test]
fn a_typing_error_never_reads_as_nothing_at_all() {
    let said = |from: &str, to: &str| made_of(&MAIN.replace(from, to), CRIC).unwrap_err();
    assert_eq!(said("{memory_mib}", "{memry_mib}"), "no queue has a field 'memry_mib'; did you mean 'memory_mib'?");
    assert_eq!(said("only.cloud", "only.clod"), "no queue has a field 'clod'; did you mean 'cloud'?");
    assert_eq!(said("from =", "label = \"{nmae}\"\nfrom ="), "no queue has a field 'nmae'; did you mean 'name'?");
    assert_eq!(
        said("from =", "by = \"ce_flavor\"\nfrom ="),
        "no queue has a field 'ce_flavor'; did you mean 'ce_flavour'?"
    );
    assert_eq!(made_of(MAIN, "<html>").unwrap_err(), "cric.json: is no JSON: expected value at line 1 column 1");
    assert_eq!(made_of(MAIN, "[1]").unwrap_err(), "cric.json: a queue in the list has no name");
    assert_eq!(made_of(MAIN, "{\"error\": 1}").unwrap_err(), "cric.json: is neither a queue nor queues by name");
    assert_eq!(made_of(MAIN, "{}").unwrap().labels.len(), 0, "the guard decides about this");
}

#[test]
fn schedconfig_is_one_queue_or_several() {
    let text = MAIN.replace("templates = { htcondor-ce = \"ce\", arc-ce = \"ce\" }\nonly.cloud = [\"us\", \"de\", \"uk\"]", "template = \"old\"")
        .replace("\"cric\"", "\"schedconfig\"")
        .replace("[template.ce]", "[template.old]\nqueue = \"{siteid}\"\nbatch = \"here\"\nsched.statusoffline.pilots = \"{nqueue}\"\n\n[template.ce]");
    let one = r#"{"nickname": "ANALY_X-pbs", "siteid": "ANALY_X", "nqueue": 20, "memory": null, "environ": ""}"#;
    let made = made_of(&text, one).unwrap();
    let label = &made.labels["ANALY_X-pbs"];
    assert_eq!((label.queue.as_str(), label.sched.statusoffline.pilots), ("ANALY_X", Some(20)));
    let several = format!("{{\"a\": {one}, \"b\": {{\"nickname\": \"b\", \"siteid\": null}}}}");
    let made = made_of(&text, &several).unwrap();
    assert_eq!(made.labels.keys().collect::<Vec<_>>(), ["a"]);
    assert!(made.excluded[0].reason.ends_with("missing field `queue`"), "{:?}", made.excluded);
}

#[test]
fn toml_documents_have_labels_with_templates_of_the_file() {
    let text = MAIN
        .replace("format = \"cric\"", "format = \"toml\"\ntemplate = \"plain\"")
        .replace("templates =", "# ")
        .replace("[template.ce]", "[template.plain]\nbatch = \"here\"\ncores = 4\n\n[template.ce]");
    let made = made_of(&text, "[label.a]\nqueue = \"q\"\n[label.b]\nqueue = \"q\"\ncores = 2\n").unwrap();
    assert_eq!((made.labels["a"].cores, made.labels["b"].cores), (4, 2));
    assert_eq!(made.origins.exactly("label.a.cores").unwrap().to_string(), "factory.toml:10");
    assert_eq!(made.origins.exactly("label.b.cores").unwrap().to_string(), "cric.json:5");
    let said = |body: &str| made_of(&text, body).unwrap_err();
    assert_eq!(
        said("[label.a]\nqeue = \"q\"\n"),
        "cric.json:2:label.a.qeue: unknown key 'qeue'; did you mean 'queue'?"
    );
    assert_eq!(
        said("[label.a]\nqueue = \"q\"\nbatch = \"hree\"\n"),
        "cric.json:3:label.a.batch: there is no [batch.hree]; did you mean 'here'?"
    );
    assert_eq!(
        said("[factory]\nname = \"x\"\n"),
        "cric.json:1:factory: does not belong in a source, which has [label.NAME] sections only"
    );
    assert_eq!(said("[label.a\n"), "cric.json:1: unclosed table, expected `]`");
}

#[test]
fn autopyfactory_s_files_are_a_source_too() {
    let text = MAIN
        .replace("format = \"cric\"", "format = \"autopyfactory\"\ntemplate = \"plain\"")
        .replace("templates =", "# ")
        .replace("only.cloud", "# ")
        .replace("[template.ce]", "[template.plain]\nbatch = \"here\"\ncores = 4\n\n[template.ce]")
        .replace("\"cric.json\"", "\"queues.conf\", \"queues.d\"");
    let main = main_of(&text);
    let document = |from: &str, body: &str| Document { from: from.into(), etag: None, body: body.into() };
    let documents = [
        document(
            "queues.conf",
            "[DEFAULT]\nbatchsubmitplugin = CondorLocal\nenabled = True\n[a]\nwmsqueue = q\nschedplugin = Ready\n[b]\nwmsqueue = q\nenabeld = True\n",
        ),
        document(
            "queues.d/1.conf",
            "[a]\nwmsqueue = r\nbatchsubmitplugin = CondorLocal\n[c]\nwmsqueue = q\nbatchsubmitplugin = CondorLocal\n",
        ),
    ];
    let made = make("apf", &main.config.source["cric"], &main, &documents).unwrap();
    let label = |name: &str| (made.labels[name].queue.as_str(), made.labels[name].enabled, made.labels[name].cores);
    assert_eq!([label("a"), label("b"), label("c")], [("r", true, 4), ("q", true, 4), ("q", false, 4)]);
    assert_eq!(made.origins.exactly("label.a.queue").unwrap().to_string(), "queues.d/1.conf:2");
    assert_eq!(made.excluded[0].reason, "queues.conf:9: unknown, does nothing");
}

#[tokio::test]
async fn a_program_s_output_is_a_document_when_it_ends_well() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("queues");
    let place = format!("command://{}", program.display());
    let main = main_of(&MAIN.replace("\"cric.json\"]", &format!("{place:?}]\ntimeout_s = 1")));
    let section = &main.config.source["cric"];
    let fetch = async |text: &str| {
        std::fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        Fetcher::new(None).fetch(section, None, Time(0)).await.map_err(|error| error.to_string())
    };
    let read = fetch("echo '{}'").await.unwrap().documents;
    assert_eq!((read[0].from.as_str(), read[0].body.as_str(), read.len()), (place.as_str(), "{}\n", 1));
    let said = fetch("echo '{}'; echo no database >&2; exit 4").await.unwrap_err();
    assert_eq!(said, format!("run {}: exit code 4: no database", program.display()));
    let said = fetch("echo '{}'; exec sleep 1000").await.unwrap_err();
    assert_eq!(said, format!("get an answer of {} within 1 s", program.display()));
}

#[test]
fn a_program_is_named_by_its_absolute_path() {
    let text = MAIN.replace("cric.json", "command://queues.py");
    let said = Main::parse(&text, Path::new("factory.toml"), "").unwrap_err().to_string();
    assert!(said.ends_with("source.cric.from: 'command://queues.py': 'queues.py' is no absolute path"), "{said}");
}
