//! Every option that a file may have is in an example of the documentation, and every example is a valid file.

// Functions beside the tests may panic as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::Value as Schema;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Sections of a server's file and of `up`; all others are a factory's.
const OF_SERVER: [&str; 2] = ["server", "queue"];
/// Keys that tell which of several forms a table has.
const TAGS: [&str; 3] = ["system", "kind", "type"];
/// What is documented elsewhere: settings of steps run in `scheduler.md` (see `documentation.rs`), templates are labels,
/// `job` is `condor` of a label, and a login node is the same for all.
const ELSEWHERE: [&str; 6] =
    ["factory.sched", "label.*.sched", "template", "batch.*[condor].job", "batch.*[condor].ssh", "batch.*[local].ssh"];
/// Pages whose examples go on from another page's first one.
const GOES_ON: [(&str, &str); 1] = [("scheduler.md", "factories.md")];

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Sections that a file has once: a block that has one again begins another file.
const ONCE: [&str; 3] = ["factory", "tls", "apfmon"];

/// The examples of a page: files that its blocks make together.
fn files(page: &str) -> Vec<Table> {
    let text = fs::read_to_string(docs().join(page)).unwrap();
    let before = GOES_ON.iter().find(|(name, _)| *name == page).map(|(_, other)| files(other).remove(0));
    let mut files: Vec<Table> = before.into_iter().collect();
    for block in text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
        let table: Table = toml::from_str(block).unwrap_or_else(|error| panic!("{page}: {error}\n{block}"));
        let is_other = |file: &Table| ONCE.iter().any(|key| file.contains_key(*key) && table.contains_key(*key));
        match files.last_mut().filter(|file| !is_other(file)) {
            Some(file) => merge(file, table),
            None => files.push(table),
        }
    }
    files
}

fn merge(into: &mut Table, from: Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(into)), Value::Table(from)) => merge(into, from),
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

fn pages() -> Vec<String> {
    let entries = fs::read_dir(docs()).unwrap().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".md"));
    names.sort();
    names
}

fn schema(name: &str) -> Schema {
    serde_json::from_str(&fs::read_to_string(docs().join(name)).unwrap()).unwrap()
}

/// The part of a file that is a factory's, and the rest as a file of `up` has it: a server's keys, at the top of a file of
/// its own, are in a section there.
fn sections(file: &Table) -> (Table, Table) {
    let factory = schema("factory.schema.json");
    let is_factory = |key: &str| factory["properties"].get(key).is_some();
    let mut of_factory = file.clone();
    of_factory.retain(|key, _| is_factory(key));
    let mut of_server = file.clone();
    of_server.retain(|key, _| !is_factory(key) && !OF_SERVER.contains(&key));
    let mut rest = file.clone();
    rest.retain(|key, _| OF_SERVER.contains(&key));
    if !of_server.is_empty() {
        merge(&mut rest, Table::from_iter([("server".to_owned(), Value::Table(of_server))]));
    }
    (of_factory, rest)
}

/// Some pages show a few keys of a label alone: the rest of it is put beside them.
fn complete(file: &mut Table) {
    let needed = ["queue", "batch", "template"];
    let labels = file.get_mut("label").and_then(Value::as_table_mut).into_iter().flat_map(Table::iter_mut);
    let tables = labels.filter_map(|(_, label)| label.as_table_mut());
    let mut is_part = false;
    for part in tables.filter(|label| needed.iter().all(|key| !label.contains_key(*key))) {
        part.extend(["queue", "batch"].map(|key| (key.to_owned(), Value::from("example"))));
        is_part = true;
    }
    if is_part {
        merge(file, toml::from_str("batch.example.system = \"local\"").unwrap());
    }
}

#[test]
fn every_example_is_a_valid_file() {
    for page in pages() {
        for file in files(&page) {
            let (mut of_factory, rest) = sections(&file);
            complete(&mut of_factory);
            let text = toml::to_string(&of_factory).unwrap();
            if !of_factory.is_empty()
                && let Err(error) = factory::config::Main::parse(&text, page.as_ref(), "example")
            {
                panic!("{page}: {error}\n{text}");
            }
            let mut walk = Walk { root: schema("up.schema.json"), ..Walk::default() };
            let root = walk.root.clone();
            walk.look("", &root, &[&Value::Table(rest)]);
            assert!(walk.unknown.is_empty(), "{page}: {:?}", walk.unknown);
        }
    }
}

#[test]
fn every_option_has_an_example() {
    let files: Vec<(Table, Table)> = pages().iter().flat_map(|page| files(page)).map(|file| sections(&file)).collect();
    let of = |name: &str, tables: Vec<Value>| {
        let mut walk = Walk { root: schema(name), ..Walk::default() };
        let root = walk.root.clone();
        walk.look("", &root, &tables.iter().collect::<Vec<_>>());
        assert!(walk.seen > 20, "{name} has {} options", walk.seen);
        walk.lacking
    };
    let mut lacking = of("factory.schema.json", files.iter().map(|(file, _)| Value::Table(file.clone())).collect());
    lacking.extend(of("up.schema.json", files.iter().map(|(_, file)| Value::Table(file.clone())).collect()));
    assert!(lacking.is_empty(), "no page has an example with {lacking:#?}");
}

/// A schema beside all examples of what it describes.
#[derive(Default)]
struct Walk {
    root: Schema,
    seen: usize,
    lacking: BTreeSet<String>,
    unknown: BTreeSet<String>,
}

impl Walk {
    /// The schema behind references, and the forms that it is one of.
    fn resolved(&self, node: &Schema) -> Schema {
        match node["$ref"].as_str() {
            Some(name) => {
                let mut resolved = self.resolved(&self.root["$defs"][name.rsplit('/').next().unwrap()]);
                // A form of an enum that holds a struct has the tag beside the reference.
                if let (Some(into), Some(own)) =
                    (resolved["properties"].as_object_mut(), node["properties"].as_object())
                {
                    into.extend(own.clone());
                }
                resolved
            }
            None => node.clone(),
        }
    }

    fn look(&mut self, path: &str, node: &Schema, values: &[&Value]) {
        let node = self.resolved(node);
        self.forms(path, &node, values);
        let tables: Vec<&Table> = values.iter().filter_map(|value| value.as_table()).collect();
        let properties = node["properties"].as_object().cloned().unwrap_or_default();
        for (key, below) in &properties {
            self.key(&join(path, key), below, tables.iter().filter_map(|table| table.get(key)).collect());
        }
        if node["additionalProperties"].is_object() {
            let all: Vec<&Value> = tables.iter().flat_map(|table| table.values()).collect();
            self.key(&join(path, "*"), &node["additionalProperties"], all);
        } else if node["additionalProperties"] == Schema::Bool(false) || path.is_empty() {
            let found = tables.iter().flat_map(|table| table.keys()).filter(|key| !properties.contains_key(*key));
            self.unknown.extend(found.map(|key| join(path, key)));
        }
    }

    fn key(&mut self, path: &str, node: &Schema, values: Vec<&Value>) {
        self.seen += 1;
        if ELSEWHERE.contains(&path) {
            return;
        }
        if values.is_empty() {
            self.lacking.insert(path.to_owned());
            return;
        }
        self.look(path, node, &values);
    }

    /// Of several forms each has its examples: tables with its tag, or its word.
    fn forms(&mut self, path: &str, node: &Schema, values: &[&Value]) {
        let listed = ["oneOf", "anyOf", "allOf"].iter().filter_map(|key| node[*key].as_array());
        for form in listed.flatten() {
            let form = self.resolved(form);
            let tag = TAGS.iter().find_map(|tag| Some((*tag, form["properties"][*tag]["const"].as_str()?.to_owned())));
            match (tag, form["const"].as_str()) {
                (Some((tag, word)), _) => {
                    let of_form = values.iter().filter(|value| value.get(tag).and_then(Value::as_str) == Some(&word));
                    self.key(&format!("{path}[{word}]"), &form, of_form.copied().collect());
                }
                (None, Some(word)) => self.word(path, word, values),
                (None, None) => self.look(path, &form, values),
            }
        }
        for word in node["enum"].as_array().into_iter().flatten().filter_map(Schema::as_str) {
            self.word(path, word, values);
        }
    }

    /// Names of steps stand in lists.
    fn word(&mut self, path: &str, word: &str, values: &[&Value]) {
        let says = |value: &Value| value.as_str() == Some(word);
        if !values.iter().any(|value| says(value) || value.as_array().is_some_and(|list| list.iter().any(says))) {
            self.lacking.insert(format!("{path} = \"{word}\""));
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
