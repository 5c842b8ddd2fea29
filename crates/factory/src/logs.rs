//! What ended pilots left: reports that they could not deliver, and logs, each cut to its end.

use crate::Server;
use batch::{BatchSystem, LogFiles};
use futures_util::future::join_all;
use model::PilotId;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// The most bytes of one log that are pushed: its end, where the reason stands.
pub const LOG_MAX: u64 = 1 << 20;

/// Pilots whose logs are pushed at once.
const PUSHES: usize = 8;

/// Bytes at the end of standard error in which the last words are looked for.
const LAST_WORDS_WITHIN: u64 = 4096;
/// The most characters of last words.
const LAST_WORDS_MAX: usize = 300;

/// Delivers the reports that ending pilots could not; gives those pilots whose reports still wait for a server.
pub async fn deliver(server: &dyn Server, batch: &dyn BatchSystem, pilots: &[PilotId]) -> BTreeSet<PilotId> {
    let mut waiting = batch.fetch(pilots).await;
    let here: Vec<PilotId> = pilots.iter().filter(|pilot| !waiting.contains(pilot)).copied().collect();
    for pilot in &here {
        match deliver_spool(server, &batch.logs(*pilot), *pilot).await {
            Err(error) if is_passing(&error) => {
                tracing::warn!(%pilot, %error, "could not deliver the reports of a pilot; the next cycle tries again");
                waiting.insert(*pilot);
            }
            Err(error) => tracing::error!(%pilot, %error, "could not deliver the reports of a pilot"),
            Ok(()) => {}
        }
    }
    waiting
}

async fn deliver_spool(server: &dyn Server, files: &LogFiles, pilot: PilotId) -> Result<(), wire::Error> {
    let spool = wire::spool::path(&files.place, pilot);
    if !spool.exists() {
        return Ok(());
    }
    let reports = server.deliver(pilot, &spool).await?;
    tracing::info!(%pilot, reports, "delivered what a pilot could not");
    Ok(())
}

fn is_passing(error: &wire::Error) -> bool {
    error.is_temporary() || error.is_foreign()
}

/// Pushes what pilots left, deletes their traces and gives those that are done. What could not be pushed is left for the
/// next cycle; a log that the server refuses is given up.
pub async fn close(server: &dyn Server, batch: &dyn BatchSystem, pilots: &[PilotId]) -> BTreeSet<PilotId> {
    let mut done = BTreeSet::new();
    let waiting = batch.fetch(pilots).await;
    let here: Vec<PilotId> = pilots.iter().filter(|pilot| !waiting.contains(pilot)).copied().collect();
    for some in here.chunks(PUSHES) {
        let pushed = join_all(some.iter().map(|pilot| push(server, batch, *pilot))).await;
        done.extend(
            some.iter().zip(pushed).filter(|(pilot, pushed)| is_done(**pilot, pushed)).map(|(pilot, _)| *pilot),
        );
        if some.iter().any(|pilot| !done.contains(pilot)) {
            break;
        }
    }
    batch.forget(&done.iter().copied().collect::<Vec<_>>()).await;
    done
}

fn is_done(pilot: PilotId, pushed: &Result<(), wire::Error>) -> bool {
    match pushed {
        Err(error) if is_passing(error) => {
            tracing::warn!(%pilot, %error, "could not push the logs of a pilot; the next cycle tries again");
            return false;
        }
        Err(error) => tracing::warn!(%pilot, %error, "the server refused what a pilot left"),
        Ok(()) => {}
    }
    true
}

async fn push(server: &dyn Server, batch: &dyn BatchSystem, pilot: PilotId) -> Result<(), wire::Error> {
    let files = batch.logs(pilot);
    deliver_spool(server, &files, pilot).await?;
    for (stream, path) in [("out", &files.out), ("err", &files.err), ("log", &files.log)] {
        match tail(path) {
            Ok(content) if content.is_empty() => {}
            Ok(content) => server.push_log(pilot, stream, content).await?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(path = %path.display(), %error, "could not read the log of a pilot"),
        }
    }
    Ok(())
}

/// What a pilot that broke said last on standard error: the last line that tells of an error, else the last line.
pub fn last_words(batch: &dyn BatchSystem, pilot: PilotId) -> Option<String> {
    let mut file = File::open(batch.logs(pilot).err).ok()?;
    let cut = file.metadata().ok()?.len().saturating_sub(LAST_WORDS_WITHIN);
    file.seek(SeekFrom::Start(cut)).ok()?;
    let mut end = Vec::new();
    file.take(LAST_WORDS_WITHIN).read_to_end(&mut end).ok()?;
    telling_line(&String::from_utf8_lossy(&end))
}

fn telling_line(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).rev();
    let last = lines.clone().next()?;
    let telling = lines.find(|line| line.starts_with("error") || line.contains(" ERROR ")).unwrap_or(last);
    Some(telling.chars().take(LAST_WORDS_MAX).collect())
}

fn tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let cut = length.saturating_sub(LOG_MAX);
    file.seek(SeekFrom::Start(cut))?;
    let mut content = Vec::new();
    if cut > 0 {
        content.extend_from_slice(format!("[{cut} bytes left out]\n").as_bytes());
    }
    file.take(LOG_MAX).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_tells_of_an_error_is_found() {
        let clap = "error: invalid value '2000' for '--slots <N>'\n\nFor more information, try '--help'.\n";
        assert_eq!(telling_line(clap).unwrap(), "error: invalid value '2000' for '--slots <N>'");
        let traced = "2026-11-22T00:00:00Z  INFO begins\n2026-11-22T00:00:01Z ERROR no server answers\n";
        assert_eq!(telling_line(traced).unwrap(), "2026-11-22T00:00:01Z ERROR no server answers");
        assert_eq!(telling_line("sh: 1: df: not found\n\n").unwrap(), "sh: 1: df: not found");
        assert_eq!(telling_line(" \n"), None);
        assert_eq!(telling_line(&"x".repeat(999)).unwrap().len(), LAST_WORDS_MAX);
    }

    #[test]
    fn a_long_log_is_cut_to_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let mut text = "x".repeat(LOG_MAX as usize);
        text.push_str("the end");
        std::fs::write(&path, &text).unwrap();
        let kept = String::from_utf8(tail(&path).unwrap()).unwrap();
        assert!(kept.starts_with("[7 bytes left out]\nxxx") && kept.ends_with("the end"));
        assert_eq!(kept.len() as u64, LOG_MAX + "[7 bytes left out]\n".len() as u64);
    }
}
