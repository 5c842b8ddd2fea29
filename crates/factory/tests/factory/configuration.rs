//! Configuration files: what is accepted, and what a mistake gets.

use factory::Config;
use factory::config::{DEFAULT_CHAIN, StepName};
use std::path::Path;

const GOOD: &str = r#"
[factory]
name = "desy-1"
servers = ["https://panda.example:25443"]
token_file = "factory.token"
sched.maxpending.maximum = 50

[batch.maxwell]
system = "slurm"
partition = "all"

[label.desy-long]
queue = "DESY"
batch = "maxwell"
cores = 8
chain = ["Ready", "Scale", "MaxPerCycle", "MaxPending"]
sched.ready.offset = 3
sched.scale.factor = 0.5
sched.maxpercycle.maximum = 20
"#;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("factory.toml")).map_err(|error| error.to_string())
}

#[test]
fn autopyfactory_s_spelling_is_read_and_the_factory_s_settings_are_inherited() {
    let config = parse(GOOD).unwrap();
    let label = &config.label["desy-long"];
    let sched = config.sched_of(label);
    assert_eq!((sched.ready.offset, sched.scale.factor), (Some(3), Some(0.5)));
    assert_eq!((sched.maxpending.maximum, sched.maxperfactory.maximum), (Some(50), Some(10_000)));
    assert_eq!(sched.maxtorun.maximum, None, "bounds of the default chain are not those of another one");
    assert_eq!(label.chain(&config.factory).first(), Some(&StepName::Ready));
    assert_eq!(label.slots(), 8);
    let plain = parse(&GOOD.replace("chain = ", "# chain = ")).unwrap();
    let label = &plain.label["desy-long"];
    assert_eq!(label.chain(&plain.factory), DEFAULT_CHAIN);
    assert_eq!(plain.sched_of(label).maxtorun.maximum, Some(1000));
}

#[test]
fn relative_paths_are_those_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("factory.toml");
    std::fs::write(&path, GOOD).unwrap();
    assert_eq!(Config::load(&path).unwrap().factory.token_file, dir.path().join("factory.token"));
    let missing = Config::load(&dir.path().join("no.toml")).unwrap_err().to_string();
    assert!(missing.starts_with("read ") && missing.contains("no.toml"), "{missing}");
}

#[test]
fn a_mistake_is_told_with_its_place_and_the_nearest_known_word() {
    let wrong = |from: &str, to: &str| parse(&GOOD.replace(from, to)).unwrap_err();
    let told = [
        wrong("token_file", "tokenfile"),
        wrong("partition", "partitions"),
        wrong("\"Scale\"", "\"Scael\""),
        wrong("sched.ready.offset", "sched.ready.ofset"),
        wrong("sched.maxpercycle", "sched.maxpercyle"),
        wrong("cores = 8", "cores = \"many\""),
        wrong("cores = 8", "cores = 0"),
        wrong("cores = 8", "cores = 2000"),
        wrong("cores = 8", "slots = 1025"),
        wrong("cores = 8", "submit_arguments = [\"--array=0-3\", \"-pshort\", \"-Jx\"]"),
        wrong("system = \"slurm\"", "system = \"slrum\""),
        wrong("batch = \"maxwell\"", "batch = \"maxwel\""),
        wrong("queue = \"DESY\"", "queue = \"D E S Y\""),
        wrong("name = \"desy-1\"", ""),
        wrong("factor = 0.5", "factor = -0.5"),
        wrong("maximum = 20", "maximum = -20"),
        wrong("chain = [\"Ready\", \"Scale\",", "chain = ["),
        wrong("https://panda.example:25443", "panda.example:25443"),
        wrong("[label.desy-long]", "[label.desy-long"),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let text = GOOD.replace("cores = 8", "cores = 0").replace("name = \"desy-1\"", "name = \"-\"");
    let told = parse(&text).unwrap_err();
    assert_eq!(told.lines().count(), 2, "{told}");
}

const WITH_SOURCE: &str = r#"
[factory]
name = "f"
[batch.maxwell]
system = "slurm"
[template.ce]
batch = "maxwell"
queue = "{panda_resource}"
cores = "{cores}"
[source.cric]
format = "cric"
from = ["https://cric.example/queues.json"]
templates = { arc-ce = "ce" }
[label.l]
template = "ce"
queue = "q"
cores = 8
"#;

#[test]
fn labels_have_the_keys_of_their_template() {
    let config = parse(WITH_SOURCE).unwrap();
    assert_eq!((config.label["l"].batch.as_str(), config.label["l"].cores), ("maxwell", 8));
    assert_eq!(config.source["cric"].drop_max_percent, 25.0);
}

#[test]
fn mistakes_in_templates_and_sources_are_told() {
    let wrong = |from: &str, to: &str| parse(&WITH_SOURCE.replace(from, to)).unwrap_err();
    let told = [
        wrong("template = \"ce\"", "template = \"cee\""),
        wrong("cores = \"{cores}\"", "corse = \"{cores}\""),
        wrong("cores = \"{cores}\"", "cores = \"many\""),
        wrong("arc-ce = \"ce\"", "arc-ce = \"arc\""),
        wrong("templates = { arc-ce = \"ce\" }", ""),
        wrong("format = \"cric\"", "format = \"crick\""),
        wrong("format = \"cric\"", "format = \"cric\"\nintervall_s = 5"),
        wrong("format = \"cric\"", "format = \"cric\"\ninterval_s = 0\ndrop_max_percent = -1\nfactories = 0"),
        wrong("https://cric", "ftp://cric"),
        wrong("https://cric", "https://user:secret@cric"),
        wrong("from = [\"https://cric.example/queues.json\"]", ""),
        wrong("format = \"cric\"", "format = \"server\""),
        wrong("[source.cric]", "[source.\"a/b\"]"),
        wrong("name = \"f\"", "name = \"f\"\nreload_s = -1"),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn every_value_has_its_origin() {
    let text = GOOD.replace("chain = ", "# chain = ");
    let main = factory::config::Main::parse(&text, Path::new("factory.toml"), "").unwrap();
    let values = factory::config::effective(&main.config, main.origins());
    let lines: Vec<String> =
        values.iter().map(|value| format!("{} = {} # {}", value.key, value.value, value.origin)).collect();
    insta::assert_snapshot!(lines.join("\n"));
    let again: String = values.iter().map(|value| format!("{} = {}\n", value.key, value.value)).collect();
    let config = parse(&again).unwrap();
    assert_eq!(config.sched_of(&config.label["desy-long"]), main.config.sched_of(&main.config.label["desy-long"]));
}

#[test]
fn two_end_points_cannot_share_the_directory_of_their_login_nodes() {
    let far = |name: &str, dir: &str| {
        format!(
            "[batch.{name}]\nsystem = \"slurm\"\ndir = \"/there\"\nssh = {{ host = \"{name}.x\", user = \"u\", dir = \"{dir}\" }}\n"
        )
    };
    let told = parse(&format!("{GOOD}{}{}", far("one", "/here"), far("two", "/here"))).unwrap_err();
    assert!(told.contains("batch.two.ssh.dir: /here is that of [batch.one] too"), "{told}");
    parse(&format!("{GOOD}{}{}", far("one", "/here/1"), far("two", "/here/2"))).unwrap();
}
