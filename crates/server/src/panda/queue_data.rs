//! Queue data, storage endpoints: the documents that a PanDA pilot fetches before it asks for a job.

use model::QueueRecord;
use serde_json::{Map, Value, json};

/// The one storage endpoint that pilots are told of: a directory of the node, moved to with `mv`.
const ENDPOINT: &str = "LOCAL_DISK";
/// Work directory in MB that pilots check for when a queue says nothing; pilot3's own default.
const MAX_WORK_DIR_MB: u32 = 14_336;

/// The record of one queue as `/cache/schedconfig/QUEUE.all.json` shows it.
///
/// A limit that the queue does not set is 0, which pilots take as none. No copy tool but `mv` is named: inputs and
/// outputs of our jobs are moved by the script that the job record points to.
pub(super) fn queue_record(queue: &QueueRecord) -> Value {
    json!({
        "nickname": queue.name,
        "name": queue.name,
        "siteid": queue.name,
        "panda_resource": queue.name,
        "atlas_site": queue.site,
        "gstat": queue.site,
        "cloud": queue.region,
        "state": "ACTIVE",
        "status": queue.status.as_str(),
        "type": "unified",
        "resource_type": "GRID",
        "catchall": "mv_final_destination",
        "environ": "",
        "cmtconfig": "",
        "appdir": "",
        "container_type": "",
        "container_options": "",
        "corecount": queue.max_cores.max(1),
        "maxrss": queue.max_memory_mib,
        "maxwdir": MAX_WORK_DIR_MB,
        "maxinputsize": MAX_WORK_DIR_MB,
        "maxtime": queue.max_wall_time_s,
        "timefloor": 0,
        "pledgedcpu": 0,
        "zip_time_gap": 0,
        "is_cvmfs": false,
        "use_pcache": false,
        "copytools": {"mv": {"setup": ""}},
        "acopytools": {"default": ["mv"], "read_lan": ["mv"], "write_lan": ["mv"], "pl": ["mv"]},
        "acopytools_schemas": {},
        "astorages": {
            "pr": [ENDPOINT], "pw": [ENDPOINT], "pl": [ENDPOINT], "read_lan": [ENDPOINT], "write_lan": [ENDPOINT],
        },
        "aprotocols": {},
        "allow_lan": true,
        "allow_wan": false,
        "direct_access_lan": false,
        "direct_access_wan": false,
        "params": {},
    })
}

/// All queues by name, as CRIC's `pandaqueues` document shows them.
pub(super) fn all_queues<'a>(queues: impl IntoIterator<Item = &'a QueueRecord>) -> Value {
    let records: Map<String, Value> =
        queues.into_iter().map(|queue| (queue.name.clone(), queue_record(queue))).collect();
    Value::Object(records)
}

/// The storage endpoints, as `/cache/ddmendpoints.json` shows them.
pub(super) fn endpoints() -> Value {
    json!({
        ENDPOINT: {
            "name": ENDPOINT,
            "id": 1,
            "type": "DATADISK",
            "token": "",
            "state": "ACTIVE",
            "site": "",
            "is_deterministic": true,
            "arprotocols": {},
            "rprotocols": {},
            "resource": {},
        }
    })
}

/// The queue that a document's file name asks for: `NAME.all.json` and its shorter relatives.
pub(super) fn queue_of_file(file: &str) -> Option<&str> {
    let suffixes = [".all.json", ".pilot.json", ".json"];
    suffixes.into_iter().find_map(|suffix| file.strip_suffix(suffix)).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The record that the real pilot was seen to accept, of the same queue.
    const ACCEPTED: &str = r#"{"nickname": "TEST_QUEUE", "name": "TEST_QUEUE", "siteid": "TEST_QUEUE", "panda_resource": "TEST_QUEUE", "atlas_site": "TEST_SITE", "gstat": "TEST_SITE", "state": "ACTIVE", "status": "online", "type": "unified", "resource_type": "GRID", "catchall": "mv_final_destination", "environ": "", "cmtconfig": "", "appdir": "", "container_type": "", "container_options": "", "corecount": 1, "maxrss": 2000, "maxwdir": 14336, "maxinputsize": 14336, "maxtime": 172800, "timefloor": 0, "pledgedcpu": 0, "zip_time_gap": 0, "is_cvmfs": false, "use_pcache": false, "copytools": {"mv": {"setup": ""}}, "acopytools": {"default": ["mv"], "read_lan": ["mv"], "write_lan": ["mv"], "pl": ["mv"]}, "acopytools_schemas": {}, "astorages": {"pr": ["LOCAL_DISK"], "pw": ["LOCAL_DISK"], "pl": ["LOCAL_DISK"], "read_lan": ["LOCAL_DISK"], "write_lan": ["LOCAL_DISK"]}, "aprotocols": {}, "allow_lan": true, "allow_wan": false, "direct_access_lan": false, "direct_access_wan": false, "params": {}}"#;

    #[test]
    fn the_record_has_every_field_that_the_real_pilot_accepted() {
        let mut queue = QueueRecord::named("TEST_QUEUE");
        queue.site = "TEST_SITE".to_owned();
        queue.max_memory_mib = 2000;
        queue.max_wall_time_s = 172_800;
        let ours = queue_record(&queue);
        let accepted: Map<String, Value> = serde_json::from_str(ACCEPTED).unwrap();
        for (key, value) in accepted {
            assert_eq!(ours[&key], value, "{key}");
        }
    }

    #[test]
    fn file_names_lead_to_queues() {
        assert_eq!(queue_of_file("a.b.all.json"), Some("a.b"));
        assert_eq!(queue_of_file("a.json"), Some("a"));
        assert_eq!(queue_of_file(".all.json"), None);
        assert_eq!(queue_of_file("a.txt"), None);
    }

    #[test]
    fn all_queues_are_keyed_by_name() {
        let document = all_queues([&QueueRecord::named("a"), &QueueRecord::named("b")]);
        assert_eq!(document["b"]["nickname"], "b");
        assert_eq!(document.as_object().map(Map::len), Some(2));
    }
}
