//! `condor_submit`: one for all pilots of a label.

use super::contract::Contract;
use super::description::{Description, ITEMS, SPOOL, WRAPPER};
use super::queue::Owner;
use super::{Condor, CondorConfig, owner_of};
use crate::command::Answer;
use crate::parts::Sent;
use crate::submission::{self, Submission};
use crate::{BatchError, SubmitRequest, crash_point};
use model::PilotId;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

const PROGRAM: &str = "condor_submit";
/// Name of the submit description.
const DESCRIPTION: &str = "submit";

/// The command, and the submit description.
pub(crate) fn describe(config: &CondorConfig, factory: &str, request: &SubmitRequest) -> Result<String, BatchError> {
    check_environment(request)?;
    let submission = Submission::at(&submission::root(&config.dir, factory), request.first);
    let words = arguments(config, request, &submission).join(" ");
    Ok(format!("# {PROGRAM} {words}\n{}", description(config, &owner_of(config, factory)?, request, &submission.dir)))
}

/// The submit description of a request.
fn description(config: &CondorConfig, owner: &Owner, request: &SubmitRequest, dir: &Path) -> String {
    let configured = config.log_url.trim_end_matches('/');
    let job = request.condor.or(&config.job);
    let description = Description {
        contract: Contract {
            factory: &owner.factory,
            user: if config.factory_user.is_empty() { &owner.user } else { &config.factory_user },
            label: &request.label,
            date: &jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
            logs: if configured.is_empty() { &request.log_url } else { configured },
            monitor: &request.monitor_url,
        },
        account: &owner.user,
        job: &job,
        request,
        dir,
        mail: &config.mail,
        is_spooled: config.is_remote(),
    };
    description.text()
}

fn arguments(config: &CondorConfig, request: &SubmitRequest, submission: &Submission) -> Vec<String> {
    let mut words = vec!["-terse".to_owned()];
    // -remote is -name and -spool in one.
    let schedd = config.schedd_arguments();
    words.extend(schedd.into_iter().map(|word| if word == "-name" { "-remote".to_owned() } else { word }));
    words.extend(request.needs.arguments.iter().cloned());
    words.push(submission.file(DESCRIPTION).display().to_string());
    words
}

impl Condor {
    /// Submits one part.
    pub(super) async fn submit_part(
        &self,
        request: &SubmitRequest,
        first: PilotId,
        secrets: &[Vec<u8>],
    ) -> Result<Sent, BatchError> {
        check_environment(request)?;
        let add = |submission: &Submission| self.write(submission, request, secrets.len());
        let submission = Submission::create(&self.place.here, first, secrets, add)?;
        self.place.send(&self.commands, &submission).await?;
        let there = Submission { dir: self.place.there(first), first };
        crash_point("written");
        let answer = self.commands.run(PROGRAM, &arguments(&self.config, request, &there)).await;
        crash_point("sent");
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                if !error.is_uncertain() {
                    self.place.delete(&self.commands, &submission).await;
                }
                return Err(error);
            }
        };
        match parse_cluster(&answer) {
            Some(cluster) if answer.code == 0 => Ok(accepted(&submission, &cluster, secrets.len())),
            _ if answer.code == 0 => Err(BatchError::Garbled { program: PROGRAM.to_owned(), what: answer.out }),
            _ => self.judge(&submission, secrets.len(), &answer).await,
        }
    }

    fn write(&self, submission: &Submission, request: &SubmitRequest, count: usize) -> Result<(), BatchError> {
        let ids: String = (submission.first.0..).take(count).map(|id| format!("{id}\n")).collect();
        submission.write(ITEMS, ids.as_bytes())?;
        let spool = submission.file(SPOOL);
        let made = fs::DirBuilder::new().mode(0o700).create(&spool);
        made.map_err(|source| BatchError::File { action: "make", path: spool, source })?;
        submission.write(WRAPPER, request.wrapper.as_bytes())?;
        let path = submission.file(WRAPPER);
        let executable = fs::set_permissions(&path, fs::Permissions::from_mode(0o700));
        executable.map_err(|source| BatchError::File { action: "make executable", path, source })?;
        let text = description(&self.config, &self.owner, request, &self.place.there(submission.first));
        submission.write(DESCRIPTION, text.as_bytes())
    }

    /// What a failed submission means. A transaction whose end the command did not hear of may have been done; then only
    /// the queue knows.
    async fn judge(&self, submission: &Submission, count: usize, answer: &Answer) -> Result<Sent, BatchError> {
        let said = in_words(&answer.err);
        if is_full(&said) {
            self.place.delete(&self.commands, submission).await;
            return Ok(Sent::Full(said));
        }
        if said.contains("commit") {
            let pilots: Vec<PilotId> = (submission.first.0..).take(count).map(PilotId).collect();
            let there = self.ask_queue(&self.owner.constraint_on(&pilots)).await.map_err(|error| {
                BatchError::Garbled { program: PROGRAM.to_owned(), what: format!("{said}; then: failed to {error}") }
            })?;
            if let Some((cluster, _)) = there.first().and_then(|pilot| pilot.batch_id.split_once('.')) {
                return Ok(accepted(submission, cluster, count));
            }
        }
        self.place.delete(&self.commands, submission).await;
        Ok(Sent::Refused(said))
    }
}

fn accepted(submission: &Submission, cluster: &str, count: usize) -> Sent {
    submission.record_job(cluster);
    Sent::Accepted((0..count).map(|index| format!("{cluster}.{index}")).collect())
}

/// A line cannot hold a line break, and HTCondor knows no way to write one.
fn check_environment(request: &SubmitRequest) -> Result<(), BatchError> {
    let broken = request.environment.iter().find(|(_, value)| value.contains(['\n', '\0']));
    match broken {
        Some((name, _)) => {
            Err(BatchError::Config(format!("HTCondor cannot pass on variable {name}: it has more than one line")))
        }
        None => Ok(()),
    }
}

/// `-terse` prints `FIRST - LAST`, such as `12.0 - 12.9`.
fn parse_cluster(answer: &Answer) -> Option<String> {
    let line = answer.out.lines().rev().find(|line| line.contains(" - "))?;
    let cluster = line.trim().split('.').next()?;
    (!cluster.is_empty() && cluster.bytes().all(|byte| byte.is_ascii_digit())).then(|| cluster.to_owned())
}

/// Limits of the schedd that pass by themselves.
fn is_full(said: &str) -> bool {
    said.contains("would exceed MAX_JOBS_") || said.contains("MAX_JOBS_SUBMITTED exceeded")
}

/// Its messages in one line.
fn in_words(err: &str) -> String {
    let lines = err.lines().map(|line| line.trim().trim_start_matches("ERROR: ").trim_end_matches(['.', ':']));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cluster_is_found() {
        let said = |out: &str| parse_cluster(&Answer { out: out.to_owned(), ..Answer::default() });
        assert_eq!(said("12.0 - 12.9\n").as_deref(), Some("12"));
        assert_eq!(said("WARNING: something\n7.0 - 7.0\n").as_deref(), Some("7"));
        assert_eq!(said("1 job(s) submitted to cluster 3.\n"), None);
    }

    #[test]
    fn full_is_told_from_wrong() {
        // Recorded from HTCondor 23.9.6.
        for limit in ["SUBMISSION", "OWNER"] {
            let said =
                format!("\nERROR: Failed to create proc\nNumber of submitted jobs would exceed MAX_JOBS_PER_{limit}\n");
            assert!(is_full(&in_words(&said)), "{said}");
        }
        let said =
            in_words("\nERROR: Failed to commit job submission into the queue.\nERROR: site wants more memory\n");
        assert_eq!(said, "Failed to commit job submission into the queue; site wants more memory");
        assert!(!is_full(&said));
    }
}
