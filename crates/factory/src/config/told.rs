//! What the server is told of the configuration: sections of settings with their places. What could be a secret never
//! leaves the factory: numbers and switches are told, and of the texts only those that are listed here.

use super::{Config, Effective, Origin, Origins, dotted, effective};
use model::configuration::{CAUSE_MAX, SECTIONS_MAX, cut};
use model::{ConfigSection, Setting};
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use toml::Value;
use wire::api::ConfigurationOutline;

/// What is told in place of a text that is not listed.
const WITHHELD: &str = "set; its text is not told";
/// What is told of where things were written that no file has.
const NO_FILE: &str = "given by the program that started it";

/// Keys of texts that are told, by the kind of section. A last `*` stands for all keys below.
const TEXTS: &[(&str, &[&str])] = &[
    ("factory", &["name", "servers", "token_file", "dir", "pilot", "pilot_url", "pilot_sha256", "chain"]),
    (
        "label",
        &[
            "template",
            "queue",
            "batch",
            "wms.*",
            "chain",
            "scratch",
            "wrapper",
            "submit_arguments",
            "credential",
            "monitors",
            "node.cvmfs",
            "node.network",
            "node.runtimes",
            "sched.classic.fairshare",
            "sched.classic.status",
            "condor.executable",
            "condor.requirements",
        ],
    ),
    (
        "batch",
        &[
            "system",
            "dir",
            "account",
            "bin",
            "cluster",
            "conf",
            "factory_user",
            "partition",
            "pool",
            "qos",
            "schedd",
            "log_url",
            "submit_arguments",
            "ssh.host",
            "ssh.user",
            "ssh.dir",
            "job.executable",
            "job.requirements",
        ],
    ),
    ("wms", &["system", "servers", "schedds", "pool", "queue", "vo", "interface", "constraint"]),
    ("source", &["format", "from", "by", "per", "label", "template", "templates.*", "only.*"]),
    ("monitor", &["url", "log_url"]),
    ("credential", &["kind", "path", "over", "base", "vo", "fqans", "server", "issuer", "audience", "scopes"]),
    ("program", &["sha256", "sources"]),
];
/// The same within `condor` of a label and `job` of an end point.
const GRID_TEXTS: &[&str] =
    &["type", "batch", "gatekeeper", "gridresource", "host", "instance_type", "queue", "schedd", "system", "url"];

/// A configuration as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it consists of.
    pub outline: ConfigurationOutline,
    /// The text of its sections by their names.
    pub sections: BTreeMap<String, ConfigSection>,
}

/// What is told of a configuration that was read for this cause.
pub fn told(config: &Config, origins: &Origins, cause: &str) -> Told {
    let mut settings: BTreeMap<String, Vec<Setting>> = BTreeMap::new();
    for value in effective(config, origins) {
        if let Some((section, setting)) = setting_of(&value, origins.is_empty()) {
            settings.entry(section).or_default().push(setting);
        }
    }
    let left_out = settings.len().saturating_sub(SECTIONS_MAX) as u64;
    let sections: BTreeMap<_, _> = settings
        .into_iter()
        .take(SECTIONS_MAX)
        .map(|(name, settings)| (name.clone(), section(name, settings)))
        .collect();
    let digests: BTreeMap<_, _> = sections.iter().map(|(name, one)| (name.clone(), one.digest.clone())).collect();
    let mut cause = cause.to_owned();
    cut(&mut cause, CAUSE_MAX);
    let outline = ConfigurationOutline { digest: digest(&(&digests, left_out)), cause, sections: digests, left_out };
    Told { outline, sections }
}

fn section(name: String, settings: Vec<Setting>) -> ConfigSection {
    let mut section = ConfigSection { name, settings, ..ConfigSection::default() }.capped();
    let texts: Vec<_> = section.settings.iter().map(|one| (&one.key, &one.value, &one.place)).collect();
    section.digest = digest(&(texts, section.left_out));
    section
}

/// Differs when the value does; the same in every process of this program.
fn digest(value: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The section of a value and what is told of it; nothing when it is empty.
fn setting_of(value: &Effective, has_no_file: bool) -> Option<(String, Setting)> {
    let path: Vec<&str> = value.path.iter().map(String::as_str).collect();
    let (kind, section, rest) = match path.as_slice() {
        ["factory", rest @ ..] => ("factory", "factory".to_owned(), rest),
        [kind, name, rest @ ..] => (*kind, format!("{kind}.{name}"), rest),
        _ => return None,
    };
    let text = in_words(&value.value).filter(|text| !text.is_empty())?;
    let is_told = matches!(value.value, Value::Integer(_) | Value::Float(_) | Value::Boolean(_)) || tells(kind, rest);
    let place = match &value.origin {
        Origin::Default if has_no_file => NO_FILE.to_owned(),
        Origin::Default => String::new(),
        origin => without_secrets(&origin.to_string()),
    };
    let text = if is_told { without_secrets(&text) } else { WITHHELD.to_owned() };
    Some((section, Setting { key: dotted(rest), value: text, place }))
}

/// Whether the text of this key is told.
fn tells(kind: &str, key: &[&str]) -> bool {
    if let ("label", ["condor", "grid", last]) | ("batch", ["job", "grid", last]) = (kind, key) {
        return GRID_TEXTS.contains(last);
    }
    let key = key.join(".");
    let is_listed = |listed: &&str| match listed.strip_suffix('*') {
        Some(above) => key.starts_with(above),
        None => *listed == key,
    };
    TEXTS.iter().any(|(of, keys)| *of == kind && keys.iter().any(is_listed))
}

/// As people read it: texts without quotes, lists with commas.
fn in_words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => Some(values.iter().filter_map(in_words).collect::<Vec<_>>().join(", ")),
        Value::Table(_) => Some(value.to_string()),
        other => Some(other.to_string()),
    }
}

/// Without what URLs say of users and passwords, and without their queries, which may hold tokens.
fn without_secrets(text: &str) -> String {
    let mut clean = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, url) = rest.split_at(at + 3);
        clean.push_str(before);
        let end = url.find([' ', ',', '"', '\'']).unwrap_or(url.len());
        let (url, after) = url.split_at(end);
        let host_end = url.find(['/', '?', '#']).unwrap_or(url.len());
        let host_begin = url[..host_end].rfind('@').map_or(0, |at| at + 1);
        let query = url.find(['?', '#']).unwrap_or(url.len());
        clean.push_str(&url[host_begin..query]);
        rest = after;
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Main;
    use std::path::Path;

    const TEXT: &str = r#"
[factory]
name = "f"
servers = ["https://ann:hush-1@server.example:25443/?token=hush-2"]
cycle_s = 20
sched.maxpending.maximum = 7

[batch.cloud]
system = "condor"
job.grid = { type = "ec2", url = "https://ec2.example/", access_key_id = "/hush-3", secret_access_key = "/hush-4", ami_id = "hush-9", instance_type = "m1", user_data = "hush-5" }

[batch.mine]
system = "command"
submit = ["submit", "--token", "hush-6"]
status = ["status"]
remove = ["remove"]

[wms.elsewhere]
system = "command"
program = "/bin/count --token=hush-8"

[label.long]
queue = "q"
batch = "mine"
cores = 4
environment = { https_proxy = "http://hush-7@proxy" }
"#;

    fn told_of(text: &str) -> Told {
        let main = Main::parse(text, Path::new("factory.toml"), "").unwrap();
        told(&main.config, main.origins(), "its start")
    }

    fn in_lines(told: &Told) -> String {
        let line = |one: &Setting| format!("  {} = {}  # {}\n", one.key, one.value, one.place);
        let lines = |section: &ConfigSection| section.settings.iter().map(line).collect::<String>();
        told.sections.iter().map(|(name, section)| format!("{name}\n{}", lines(section))).collect()
    }

    #[test]
    fn what_may_be_a_secret_is_not_told() {
        let lines = in_lines(&told_of(TEXT));
        assert!(!lines.contains("hush"), "{lines}");
        insta::assert_snapshot!(lines);
    }

    #[test]
    fn every_key_of_a_text_that_is_told_exists() {
        let schema = serde_json::to_string(&Config::schema()).unwrap();
        let listed = TEXTS.iter().flat_map(|(_, keys)| keys.iter()).chain(GRID_TEXTS);
        for key in listed {
            let word = key.trim_end_matches(".*").rsplit('.').next().unwrap();
            assert!(schema.contains(&format!("\"{word}\":")), "{key}");
        }
    }

    #[test]
    fn a_section_has_another_digest_when_it_is_written_elsewhere_or_otherwise() {
        let before = told_of(TEXT);
        assert_eq!(before, told_of(TEXT));
        let after = told_of(&TEXT.replace("cores = 4", "cores = 5"));
        let differs = |name: &str| before.outline.sections[name] != after.outline.sections[name];
        assert!(differs("label.long") && !differs("factory") && before.outline.digest != after.outline.digest);
        let moved = told_of(&TEXT.replace("[label.long]", "\n[label.long]"));
        assert_ne!(before.outline.sections["label.long"], moved.outline.sections["label.long"]);
    }

    #[test]
    fn urls_lose_their_secrets_wherever_they_stand() {
        for (text, clean) in [
            ("a, https://u:p@h/x?t=1, http://h2#f", "a, https://h/x, http://h2"),
            ("source cric, https://h/?k=v, by f.toml:3", "source cric, https://h/, by f.toml:3"),
            ("/plain@path?x", "/plain@path?x"),
            ("https://u@p@h", "https://h"),
        ] {
            assert_eq!(without_secrets(text), clean);
        }
    }
}
