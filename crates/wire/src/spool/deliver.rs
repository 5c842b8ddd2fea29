//! Delivers a spool to the server.

use super::{Kept, KeptOutput, read};
use crate::api::{REPORTS_MAX, ReportRequest};
use crate::client::{Client, Error};
use model::{ErrorClass, JobReport, PilotId};
use std::io;
use std::path::Path;

/// Uploads what is in the spool and then removes it; how many reports that were. After an error that is temporary
/// everything is still there. What the server refuses is said in the report that it belongs to, or in the log.
pub async fn deliver(client: &Client, pilot: PilotId, spool: &Path) -> Result<usize, Error> {
    let local =
        |error: io::Error| Error::Call { call: format!("delivery of {}", spool.display()), reason: error.to_string() };
    let kept = read(spool).map_err(local)?;
    let mut reports = Vec::with_capacity(kept.len());
    for one in kept {
        reports.push(upload_files(client, spool, one).await?);
    }
    for chunk in reports.chunks(REPORTS_MAX) {
        let answer = client.report(pilot, &ReportRequest { reports: chunk.to_vec() }).await?;
        for refused in answer.refused {
            let (job, attempt) = (refused.job, refused.attempt);
            tracing::warn!(%pilot, %job, attempt, "a report of the spool was not applied: {}", refused.reason);
        }
    }
    match std::fs::remove_dir_all(spool) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(local(error)),
        _ => Ok(reports.len()),
    }
}

/// Uploads the outputs of one report; what cannot be stored is noted in it.
async fn upload_files(client: &Client, spool: &Path, kept: Kept) -> Result<JobReport, Error> {
    let Kept { mut report, files } = kept;
    for file in files {
        let path = spool.join(&file.file);
        let done = match &file.is {
            KeptOutput::Log { stream, offset } => client.put_log_file(&report, *stream, *offset, &path).await,
            KeptOutput::Output(name) => client.put_output(&report, name, &path).await,
        };
        match (done, &file.is) {
            (Ok(()), _) => {}
            (Err(error), _) if error.is_temporary() || error.is_foreign() => return Err(error),
            (Err(error), KeptOutput::Log { stream, .. }) => {
                report.note(&format!("its {} could not be stored: {error}", stream.as_str()));
            }
            (Err(error), KeptOutput::Output(name)) => {
                report.fail(ErrorClass::StageOut, &format!("output '{name}': {error}"));
            }
        }
    }
    Ok(report)
}
