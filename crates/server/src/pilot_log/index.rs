//! What lies in a folder of logs, a page at a time. However many there are, only the rows of the page are in memory.

use super::{GZ, StoredLog, below_root, present};
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, Result};
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;
use wire::api::{LogEntry, LogIndex};

/// The order of folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By name.
    Up,
    /// By name backwards: of days the newest first.
    Down,
}

/// The name that a part of a path stands for.
pub fn name(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

/// At most `limit` folders in the folder with these names, those that come after `after`.
pub async fn folders(
    store: &dyn ObjectStore,
    names: &[String],
    order: Order,
    after: Option<&str>,
    limit: usize,
) -> Result<LogIndex> {
    let folder = below_root(names.iter().map(String::as_str));
    let found = store.list_with_delimiter(Some(&folder)).await?.common_prefixes;
    let mut folders: Vec<String> = found.iter().filter_map(Path::filename).map(name).collect();
    folders.sort();
    if order == Order::Down {
        folders.reverse();
    }
    folders.retain(|name| after.is_none_or(|after| if order == Order::Up { **name > *after } else { **name < *after }));
    let is_more = folders.len() > limit;
    folders.truncate(limit);
    let next = folders.last().filter(|_| is_more).cloned();
    Ok(LogIndex { folders, logs: Vec::new(), next })
}

/// At most `limit` logs in the folder with these names, those that come after `after`.
pub async fn logs(store: &dyn ObjectStore, names: &[String], after: Option<&str>, limit: usize) -> Result<LogIndex> {
    let folder = below_root(names.iter().map(String::as_str));
    let mut found = store.list(Some(&folder));
    let mut first = BTreeMap::new();
    while let Some(meta) = found.try_next().await? {
        let Some(file) = meta.location.filename().map(name) else { continue };
        let (log, is_compressed) = plain_name(file);
        if after.is_some_and(|after| *log <= *after) {
            continue;
        }
        add(&mut first, log, meta, is_compressed);
        if first.len() > limit + 1 {
            first.pop_last();
        }
    }
    let is_more = first.len() > limit;
    let mut logs = Vec::new();
    for (name, (meta, is_compressed)) in first.into_iter().take(limit) {
        // One that went away since is left out.
        if let Some(log) = present(StoredLog::of(store, meta, is_compressed).await)? {
            logs.push(LogEntry { name, bytes: log.size, stored_bytes: log.meta.size, arrived: log.arrived });
        }
    }
    let next = logs.last().filter(|_| is_more).map(|last| last.name.clone());
    Ok(LogIndex { folders: Vec::new(), logs, next })
}

/// The name of the log that a file holds, and whether it is compressed.
pub fn plain_name(file: String) -> (String, bool) {
    match file.strip_suffix(GZ) {
        Some(log) => (log.to_owned(), true),
        None => (file, false),
    }
}

/// Where a log lies twice, the plain one counts.
fn add(logs: &mut BTreeMap<String, (ObjectMeta, bool)>, name: String, meta: ObjectMeta, is_compressed: bool) {
    if !(is_compressed && logs.contains_key(&name)) {
        logs.insert(name, (meta, is_compressed));
    }
}
