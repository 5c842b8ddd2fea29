//! What ended pilots left: reports that they could not deliver, and logs, each cut to its end.

use crate::Server;
use batch::{BatchSystem, LogFiles};
use model::PilotId;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// The most bytes of one log that are pushed: its end, where the reason stands.
pub const LOG_MAX: u64 = 1 << 20;

/// Delivers the reports that ending pilots could not; gives those pilots whose reports still wait for a server.
pub async fn deliver(server: &dyn Server, batch: &dyn BatchSystem, pilots: &[PilotId]) -> BTreeSet<PilotId> {
    let mut waiting = BTreeSet::new();
    for pilot in pilots {
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

/// Pushes what a pilot left and then deletes its traces. What could not be pushed is left for the next cycle; a log that
/// the server refuses is given up.
pub async fn close(server: &dyn Server, batch: &dyn BatchSystem, pilots: &[PilotId]) {
    let mut done = Vec::new();
    for pilot in pilots {
        match push(server, batch, *pilot).await {
            Err(error) if is_passing(&error) => {
                tracing::warn!(%pilot, %error, "could not push the logs of a pilot; the next cycle tries again");
                break;
            }
            Err(error) => tracing::warn!(%pilot, %error, "the server refused what a pilot left"),
            Ok(()) => {}
        }
        done.push(*pilot);
    }
    batch.forget(&done).await;
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
