//! The file of `up --config`: a factory's configuration plus `[queue.NAME]` sections.

use super::strict::parse_text;
use crate::output::BadInput;
use factory::Config;
use model::{QueueRecord, QueueStatus};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What the file says.
#[derive(Clone, Debug)]
pub struct UpFile {
    /// The factory's part.
    pub factory: Config,
    /// The queues.
    pub queues: Vec<QueueRecord>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Queues {
    #[serde(default)]
    queue: BTreeMap<String, QueueSection>,
}

/// `[queue.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QueueSection {
    site: Option<String>,
    #[serde(default)]
    region: String,
    #[serde(default)]
    tags: BTreeSet<String>,
    #[serde(default)]
    status: QueueStatus,
    #[serde(default)]
    max_cores: u32,
    #[serde(default)]
    max_memory_mib: u32,
    #[serde(default)]
    max_wall_time_s: u32,
}

impl UpFile {
    /// Reads and checks the file. The factory's name is `name` unless the file gives one.
    pub fn read(path: &Path, name: &str) -> Result<UpFile, BadInput> {
        let text = fs::read_to_string(path)
            .map_err(|error| BadInput::new(format!("{}: cannot be read: {error}", path.display())))?;
        let (queues, rest) = split(&text);
        let queues: Queues = parse_text(&queues, path)?;
        let factory = Config::parse_named(&rest, path, name).map_err(|error| BadInput::new(error.to_string()))?;
        let queues =
            queues.queue.into_iter().map(|(name, section)| section.record(name, path)).collect::<Result<_, _>>()?;
        Ok(UpFile { factory, queues })
    }
}

/// The lines of `[queue...]` sections, and all others; both keep the place of every line for messages.
fn split(text: &str) -> (String, String) {
    let (mut queues, mut rest) = (String::new(), String::new());
    let mut in_queue = false;
    for line in text.lines() {
        let header = line.trim_start();
        if header.starts_with('[') {
            in_queue = header.starts_with("[queue.") || header.starts_with("[queue]");
        }
        let (mine, other) = if in_queue { (&mut queues, &mut rest) } else { (&mut rest, &mut queues) };
        mine.push_str(line);
        mine.push('\n');
        other.push('\n');
    }
    (queues, rest)
}

impl QueueSection {
    fn record(self, name: String, path: &Path) -> Result<QueueRecord, BadInput> {
        model::queue::check_name(&name)
            .map_err(|error| BadInput::new(format!("{}: [queue.{name}]: {error}", path.display())))?;
        Ok(QueueRecord {
            site: self.site.unwrap_or_else(|| name.clone()),
            name,
            region: self.region,
            tags: self.tags,
            status: self.status,
            max_cores: self.max_cores,
            max_memory_mib: self.max_memory_mib,
            max_wall_time_s: self.max_wall_time_s,
        })
    }
}
