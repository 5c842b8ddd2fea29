//! The alert rules and the dashboard that go with the metrics: read by Prometheus' own tools, and about metrics that there
//! are.

use serde_json::Value;
use server::metrics::Metrics;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn packaging(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging").join(name)
}

fn promtool(arguments: &[&str]) {
    let program = std::env::var("PILOTAGE_PROMTOOL").unwrap_or_else(|_| {
        panic!("PILOTAGE_PROMTOOL is not set: it is Prometheus' promtool; cargo xtask test fetches it and sets it")
    });
    let output = Command::new(program).args(arguments).current_dir(packaging("prometheus")).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
}

/// The names of all series, those of histograms too.
fn known() -> BTreeSet<String> {
    let reference = Metrics::reference().unwrap();
    let rows = reference.lines().map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let series = |row: Vec<&str>| {
        let (name, kind) = (row[1].trim_matches('`').to_owned(), row[2]);
        let of_histogram = ["_bucket", "_sum", "_count"].map(|end| format!("{name}{end}"));
        if kind == "histogram" { of_histogram.to_vec() } else { vec![name] }
    };
    rows.flat_map(series).collect()
}

fn unknown(text: &str) -> Vec<String> {
    let known = known();
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words.filter(|word| word.starts_with("pilotage_"));
    ours.filter(|word| !known.contains(*word)).map(str::to_owned).collect()
}

#[test]
fn the_alert_rules_fire_when_they_should() {
    promtool(&["check", "rules", "rules.yml"]);
    promtool(&["test", "rules", "rules_test.yml"]);
    let rules = std::fs::read_to_string(packaging("prometheus/rules.yml")).unwrap();
    assert_eq!(unknown(&rules), Vec::<String>::new());
}

/// Every query of the dashboard, with the variables that Grafana puts in.
fn queries() -> Vec<String> {
    let text = std::fs::read_to_string(packaging("grafana/pilotage.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let query = |target: &Value| target["expr"].as_str().unwrap().replace("$__rate_interval", "5m");
    targets.map(query).collect()
}

#[test]
fn the_queries_of_the_dashboard_parse_and_name_only_metrics_that_there_are() {
    let queries = queries();
    assert!(queries.len() > 20, "{queries:?}");
    let variables = std::fs::read_to_string(packaging("grafana/pilotage.json")).unwrap();
    assert_eq!(unknown(&variables), Vec::<String>::new());
    // As rules, whose expressions promtool parses.
    let rule = |(i, query): (usize, &String)| serde_json::json!({ "record": format!("query:{i}"), "expr": query });
    let rules: Vec<Value> = queries.iter().enumerate().map(rule).collect();
    let document = serde_json::json!({ "groups": [{ "name": "dashboard", "rules": rules }] });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), document.to_string()).unwrap();
    promtool(&["check", "rules", file.path().to_str().unwrap()]);
}
