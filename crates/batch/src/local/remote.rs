//! Processes of a login node: the same directories and the same supervisor as here, looked after by lines of shell.

mod script;

use super::folder::{self, Folder, Life};
use super::{LocalConfig, Shown, status_of};
use crate::command::Commander;
use crate::known::Known;
use crate::place::Place;
use crate::ssh::{Login, SshConfig};
use crate::submission::Submission;
use crate::transcript::Transcript;
use crate::{BatchError, BatchSystem, Check, LogFiles, Status, SubmitOutcome, SubmitRequest};
use async_trait::async_trait;
use model::{PilotEvent, PilotId};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The pilots of one factory on a login node.
pub struct RemoteLocal {
    config: LocalConfig,
    place: Place,
    commands: Commander,
    known: Known,
    // Two submissions at once could both see the last free slot.
    submitting: Mutex<()>,
}

impl RemoteLocal {
    /// Uses `dir/FACTORY` on the login node, and the same below the directory of `ssh` here, which it makes.
    pub fn open(config: LocalConfig, ssh: &SshConfig, factory: &str) -> Result<RemoteLocal, BatchError> {
        let (place, login) = Place::open(&config.dir, Some(ssh), factory)?;
        let timeout = Duration::try_from_secs_f64(config.timeout_s).unwrap_or(Duration::from_secs(60));
        let transcript = Transcript::in_dir(&place.here);
        let (bin, environment) = (PathBuf::new(), Vec::new());
        let commands = Commander { bin, environment, withheld: &[], timeout, transcript, login };
        let known = Known::new(Duration::try_from_secs_f64(config.poll_s).unwrap_or(Duration::from_secs(30)));
        Ok(RemoteLocal { config, place, commands, known, submitting: Mutex::default() })
    }

    fn login(&self) -> Result<&Login, BatchError> {
        let none = || BatchError::Config("there is no login node".to_owned());
        self.commands.login.as_ref().ok_or_else(none)
    }

    async fn run(&self, name: &str, lines: &str) -> Result<String, BatchError> {
        Ok(self.commands.run_lines(self.login()?, name, lines.as_bytes()).await?.out)
    }

    async fn ask_status(&self) -> Result<Status, BatchError> {
        let taken = Instant::now();
        let said = self.run("look at pilots", &script::look(&self.place.there, self.config.grace_s)).await?;
        let garbled = |what: &str| BatchError::Garbled { program: "look at pilots".to_owned(), what: what.to_owned() };
        let mut pilots = Vec::new();
        for line in said.lines() {
            let (pilot, shown, life) = script::parse(line).ok_or_else(|| garbled(line))?;
            pilots.extend(status_of(pilot, &shown, life));
        }
        Ok(Status { taken, complete: true, pilots })
    }

    fn free(&self, status: &Status) -> u64 {
        let alive = |event: Option<PilotEvent>| !matches!(event, Some(PilotEvent::End | PilotEvent::Break));
        let taken = status.pilots.iter().filter(|pilot| alive(pilot.event)).count() as u64;
        self.config.slots.saturating_sub(taken)
    }

    fn folder(&self, pilot: PilotId) -> Submission {
        Submission::at(&self.place.here, pilot)
    }

    /// Makes and sends the directories of these pilots, all or none.
    async fn send(&self, request: &SubmitRequest, pilots: &[(PilotId, &Vec<u8>)]) -> Result<(), BatchError> {
        for (index, (pilot, secret)) in pilots.iter().enumerate() {
            let folder = self.folder(*pilot);
            let made = Folder::create(folder.dir.clone(), &request.wrapper, secret);
            let sent = match made {
                Ok(_) => self.place.send(&self.commands, &folder).await,
                Err(error) => Err(error),
            };
            if let Err(error) = sent {
                for (pilot, _) in &pilots[..index] {
                    self.place.delete(&self.commands, &self.folder(*pilot)).await;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    async fn start(&self, request: &SubmitRequest, pilots: &[PilotId]) -> Result<Vec<(PilotId, String)>, BatchError> {
        let lines = script::start(&self.place.there, request, pilots);
        // When one of them was not started, others may have been.
        let said = self.run("start pilots", &lines).await.map_err(|error| match error {
            BatchError::Failed { program, said, .. } => BatchError::Garbled { program, what: said },
            other => other,
        })?;
        let started = said.lines().filter_map(|line| {
            let (pilot, pid) = line.split_once(' ')?;
            Some((PilotId(pilot.parse().ok()?), pid.to_owned()))
        });
        Ok(started.collect())
    }
}

#[async_trait]
impl BatchSystem for RemoteLocal {
    fn kind(&self) -> &'static str {
        "local"
    }

    async fn submit(&self, request: &SubmitRequest) -> Result<SubmitOutcome, BatchError> {
        let _one_at_a_time = self.submitting.lock().await;
        let free = self.free(&self.ask_status().await?);
        let asked: Vec<(PilotId, &Vec<u8>)> = (request.first.0..).map(PilotId).zip(&request.secrets).collect();
        let (now, refused) = asked.split_at(asked.len().min(free as usize));
        let mut outcome = SubmitOutcome::default();
        if !refused.is_empty() {
            outcome.refused = refused.iter().map(|(pilot, _)| *pilot).collect();
            outcome.reason = format!("all {} slots are taken", self.config.slots);
            outcome.full = true;
        }
        if now.is_empty() {
            return Ok(outcome);
        }
        self.send(request, now).await?;
        let pilots: Vec<PilotId> = now.iter().map(|(pilot, _)| *pilot).collect();
        match self.start(request, &pilots).await {
            Ok(started) => outcome.accepted = started,
            Err(error) => {
                for pilot in pilots.iter().filter(|_| !error.is_uncertain()) {
                    self.place.delete(&self.commands, &self.folder(*pilot)).await;
                }
                return Err(error);
            }
        }
        Ok(outcome)
    }

    async fn status(&self) -> Result<Status, BatchError> {
        self.known.status(self.ask_status()).await
    }

    async fn remove(&self, pilots: &[PilotId]) -> Result<(), BatchError> {
        let fresh = self.known.not_removing(pilots);
        if fresh.is_empty() {
            return Ok(());
        }
        self.known.removing(&fresh);
        self.run("remove pilots", &script::remove(&self.place.there, &fresh)).await.map(drop)
    }

    async fn capacity(&self) -> Result<Option<u64>, BatchError> {
        Ok(Some(self.free(&self.status().await?)))
    }

    async fn doctor(&self) -> Vec<Check> {
        self.place.checks(&self.commands, "").await
    }

    async fn fetch(&self, pilots: &[PilotId]) -> BTreeSet<PilotId> {
        let logs = pilots.iter().map(|pilot| (*pilot, self.logs(*pilot)));
        self.place.fetch(&self.commands, logs.filter(|(_, logs)| logs.place.exists())).await
    }

    fn logs(&self, pilot: PilotId) -> LogFiles {
        let folder = self.folder(pilot);
        LogFiles { out: folder.file("out"), err: folder.file("err"), log: folder.file("log"), place: folder.dir }
    }

    fn kept(&self) -> Vec<PilotId> {
        folder::list(&self.place.here).unwrap_or_default().into_iter().map(|(id, _)| PilotId(id)).collect()
    }

    async fn forget(&self, pilots: &[PilotId]) {
        let runs = |pilot: &PilotId| {
            let shown = self.known.last(*pilot).and_then(|shown| shown.event);
            shown.is_some_and(|event| !matches!(event, PilotEvent::End | PilotEvent::Break))
        };
        let gone = pilots.iter().filter(|pilot| !runs(pilot)).map(|pilot| self.folder(*pilot).dir);
        self.place.forget(&self.commands, &gone.collect::<Vec<_>>()).await;
    }

    fn settles_within(&self) -> Duration {
        // A start of a factory that was killed may still be under way.
        self.commands.settles_within()
    }
}
