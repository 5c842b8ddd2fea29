//! The file of `up --config`: a factory's configuration plus `[queue.NAME]` sections and a `[server]` section.

use super::server_file::ServerFile;
use super::strict::parse_text;
use crate::output::BadInput;
use factory::Config;
use factory::config::Main;
use model::{QueueRecord, QueueStatus};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Name of a factory that has none in the file.
pub const UNNAMED: &str = "up";

/// What the file says.
#[derive(Debug)]
pub struct UpFile {
    /// The factory's part.
    pub factory: Config,
    /// The queues.
    pub queues: Vec<QueueRecord>,
    /// The server's part.
    pub server: ServerFile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnPart {
    #[serde(default)]
    server: ServerFile,
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
    /// Reads and checks the file. The factory is [`UNNAMED`] unless the file gives a name.
    pub fn read(path: &Path) -> Result<UpFile, BadInput> {
        let text = fs::read_to_string(path)
            .map_err(|error| BadInput::new(format!("{}: cannot be read: {error}", path.display())))?;
        let (own, rest) = split(&text);
        let own: OwnPart = parse_text(&own, path)?;
        let main = Main::load_named(&rest, path, UNNAMED).map_err(|error| BadInput::new(error.to_string()))?;
        let queues =
            own.queue.into_iter().map(|(name, section)| section.record(name, path)).collect::<Result<_, _>>()?;
        Ok(UpFile { factory: main.config, queues, server: own.server })
    }
}

/// The lines of `[queue...]` and `[server...]` sections, and all others; both keep the place of every line for messages.
fn split(text: &str) -> (String, String) {
    let (mut own, mut rest) = (String::new(), String::new());
    let mut is_own = false;
    for line in text.lines() {
        let header = line.trim_start();
        if header.starts_with('[') {
            let name = header.trim_start_matches('[').split(['.', ']']).next().unwrap_or_default().trim();
            is_own = name == "queue" || name == "server";
        }
        let (mine, other) = if is_own { (&mut own, &mut rest) } else { (&mut rest, &mut own) };
        mine.push_str(line);
        mine.push('\n');
        other.push('\n');
    }
    (own, rest)
}

impl QueueSection {
    fn record(self, name: String, path: &Path) -> Result<QueueRecord, BadInput> {
        for checked in [Some(&name), self.site.as_ref()].into_iter().flatten() {
            model::queue::check_name(checked)
                .map_err(|error| BadInput::new(format!("{}: [queue.{name}]: {error}", path.display())))?;
        }
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
