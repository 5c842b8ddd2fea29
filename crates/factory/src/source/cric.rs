//! What is particular to CRIC and AGIS: computing elements, and the numbers that templates need.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a queue must be unless the source says otherwise: the field and the values that are accepted. A queue without
/// the field passes.
pub const USUAL: [(&str, &[&str]); 5] = [
    ("resource_type", &["grid"]),
    ("site_state", &["active"]),
    ("ce_state", &["active"]),
    ("ce_status", &["production"]),
    ("ce_queue_status", &["production", ""]),
];

/// The computing elements of a queue.
pub fn computing_elements(queue: &Map<String, Value>) -> Vec<Map<String, Value>> {
    let list = queue.get("queues").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object).cloned().collect()
}

/// Adds what follows from the fields: `cores`, `memory_mib`, `memory_per_core_mib`, `virtual_mib`, `wall_time_s`,
/// `wall_time_min`, `cpu_time_s`, `cpu_time_min`, `ce_host`, `ce_port`. What cannot be told is null.
pub fn derive(fields: &mut BTreeMap<String, Value>) {
    let number = |name: &str| fields.get(name).and_then(whole).filter(|number| *number > 0);
    let cores = number("corecount").unwrap_or(1);
    let memory = number("maxrss").or_else(|| number("maxmemory"));
    let wall_time = number("maxtime");
    let swap = number("maxswap").and_then(|swap| Some(swap + number("maxrss")?));
    let minutes = wall_time.map(|seconds| seconds / 60);
    let (host, port) = end_point(fields);
    let numbers = [
        ("cores", Some(cores)),
        ("memory_mib", memory),
        ("memory_per_core_mib", memory.map(|memory| memory / cores)),
        ("virtual_mib", swap),
        ("wall_time_s", wall_time),
        ("wall_time_min", minutes),
        ("cpu_time_s", wall_time.map(|seconds| seconds * cores)),
        ("cpu_time_min", minutes.map(|minutes| minutes * cores)),
        ("ce_port", port),
    ];
    fields.extend(numbers.map(|(name, number)| (name.to_owned(), number.map_or(Value::Null, Value::from))));
    fields.insert("ce_host".to_owned(), host.map_or(Value::Null, Value::String));
    let flavour = fields.get("ce_flavour").and_then(Value::as_str).map(str::to_lowercase);
    fields.extend(flavour.map(|flavour| ("ce_flavour".to_owned(), Value::String(flavour))));
}

/// A whole number, also one that is written as text.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    }
}

fn end_point(fields: &BTreeMap<String, Value>) -> (Option<String>, Option<i64>) {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let Some(whole) = text("ce_endpoint").or_else(|| text("ce_name")) else { return (None, None) };
    let whole = whole.split_once("://").map_or(whole, |(_, rest)| rest);
    let whole = whole.split('/').next().unwrap_or(whole);
    match whole.split_once(':') {
        Some((host, port)) => (Some(host.to_owned()), port.parse().ok()),
        None => (Some(whole.to_owned()), None),
    }
}
