//! Tells one monitor what lies on its desk, beside the cycles: in order for each pilot, again and again while it cannot be
//! reached, and without harm when it is told something twice.

use super::book::Window;
use super::desk::Desk;
use super::stage::{Event, Stage};
use super::verdict::{Patience, Verdict, verdict};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use wire::apfmon::{ApfMonitor, JobEntry, MonitorError, Registration};

/// The first and the longest pause after a failure.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(120));
/// The most labels of one `PUT /labels`.
const LABELS_MAX: usize = 100;
/// The most messages of labels that are told between two windows of events.
const MESSAGES_MAX: usize = 8;

/// Tells one monitor.
pub struct Sender {
    /// Name of the factory.
    pub factory: String,
    /// How it registers.
    pub registration: Registration,
    /// Where to.
    pub monitor: ApfMonitor,
    /// Where from.
    pub desk: Arc<Desk>,
    /// The labels that the monitor knows; `None` before it knows the factory.
    pub known: Option<BTreeSet<String>>,
    /// How long it is borne with.
    pub patience: Patience,
}

impl Sender {
    /// Goes on until it is dropped.
    pub async fn run(mut self) {
        let mut pause = PAUSES.0;
        loop {
            self.desk.tidy().await;
            match self.round().await {
                Ok(worked) => {
                    pause = PAUSES.0;
                    self.desk.set_trouble("");
                    if !worked {
                        self.desk.rung().await;
                    }
                }
                Err(error) => {
                    self.desk.set_trouble(&error.to_string());
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSES.1);
                }
            }
        }
    }

    /// Tells some; false when there was nothing to tell.
    async fn round(&mut self) -> Result<bool, MonitorError> {
        if self.known.is_none() {
            self.introduce().await?;
        }
        let window = self.desk.window(self.patience.most());
        let worked = !window.events.is_empty();
        if worked {
            self.introduce_labels(window.events.iter().map(|event| event.label.as_str())).await?;
            self.tell(window).await?;
        }
        Ok(self.tell_messages().await? || worked)
    }

    /// Whatever answers a registration with success but gives no list of labels is no monitor.
    async fn introduce(&mut self) -> Result<(), MonitorError> {
        self.monitor.put_factory(&self.factory, &self.registration).await?;
        self.known = Some(self.monitor.labels(&self.factory).await?.into_iter().collect());
        Ok(())
    }

    async fn introduce_labels<'a>(&mut self, wanted: impl Iterator<Item = &'a str>) -> Result<(), MonitorError> {
        let Some(known) = &mut self.known else { return Ok(()) };
        for chunk in self.desk.unknown_labels(wanted, known).chunks(LABELS_MAX) {
            self.monitor.put_labels(chunk).await?;
            known.extend(chunk.iter().map(|label| label.name.clone()));
        }
        Ok(())
    }

    /// Tells a window of events. What comes after one that must wait, waits with it.
    async fn tell(&mut self, Window { first, events }: Window) -> Result<(), MonitorError> {
        let is_created = events.first().is_some_and(|event| event.stage == Stage::Created);
        let answers = if is_created { vec![self.tell_created(events).await] } else { self.tell_states(events).await };
        let (mut done, mut refused) = (first, 0);
        for (events, answer) in answers {
            let verdict = verdict(&answer);
            if is_created && verdict == Verdict::Unknown {
                self.known = None;
            }
            match answer {
                Err(error) if verdict == Verdict::Later || self.known.is_none() => {
                    self.desk.taken(done, refused);
                    self.note_failure(done, &error);
                    return Err(error);
                }
                Err(error) => {
                    tracing::debug!(%error, "a monitor does not take an event");
                    refused += events;
                }
                Ok(()) => {}
            }
            done += events;
        }
        self.patience = Patience::default();
        self.desk.taken(done, refused);
        Ok(())
    }

    fn note_failure(&mut self, event: u64, error: &MonitorError) {
        if self.patience.wears_out(error) {
            tracing::warn!(%error, "a monitor breaks on an event, which is given up");
            self.desk.taken(event + 1, 1);
            self.patience = Patience::default();
        }
    }

    /// How many events, and the answer.
    async fn tell_created(&self, events: Vec<Event>) -> (u64, Result<(), MonitorError>) {
        let count = events.len() as u64;
        let entry = |event: Event| JobEntry { cid: event.cid, label: event.label, factory: self.factory.clone() };
        let entries: Vec<JobEntry> = events.into_iter().map(entry).collect();
        (count, self.monitor.put_jobs(&entries).await)
    }

    /// All at once: no two are of the same pilot.
    async fn tell_states(&self, events: Vec<Event>) -> Vec<(u64, Result<(), MonitorError>)> {
        let mut calls = JoinSet::new();
        for (place, event) in events.into_iter().enumerate() {
            let (monitor, factory) = (self.monitor.clone(), self.factory.clone());
            calls.spawn(async move {
                (place, monitor.post_job(&factory, &event.cid, event.stage.as_str(), event.rc).await)
            });
        }
        let mut answers = calls.join_all().await;
        answers.sort_by_key(|(place, _)| *place);
        answers.into_iter().map(|(_, answer)| (1, answer)).collect()
    }

    async fn tell_messages(&mut self) -> Result<bool, MonitorError> {
        let messages = self.desk.messages(MESSAGES_MAX);
        let worked = !messages.is_empty();
        let introduced = self.introduce_labels(messages.iter().map(|(label, _)| label.as_str())).await;
        let mut trouble = introduced.err();
        for (label, message) in messages {
            if trouble.is_some() {
                self.desk.put_back(label, message);
                continue;
            }
            let answer = self.monitor.post_label(&self.factory, &label, &message).await;
            match (verdict(&answer), answer) {
                (Verdict::Later, Err(error)) => {
                    self.desk.put_back(label, message);
                    trouble = Some(error);
                }
                // It forgot the label; with its next message it is introduced again.
                (Verdict::Unknown, _) => drop(self.known.as_mut().map(|known| known.remove(&label))),
                _ => {}
            }
        }
        trouble.map_or(Ok(worked), Err)
    }
}
