//! A pilot's first words.

use crate::store::not_yet;
use crate::{Result, Store};
use model::{PilotId, Shape, Time};
use std::collections::BTreeMap;

/// What a pilot says when it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloCall {
    /// Who it claims to be.
    pub pilot: PilotId,
    /// Hash of the secret it was given.
    pub secret_hash: [u8; 32],
    /// Made by the pilot process at start.
    pub instance: String,
    /// The pilot's version.
    pub version: String,
    /// The worker node.
    pub node: String,
    /// Jobs it can run at once.
    pub slots: u32,
    /// All it offers together.
    pub shape: Shape,
    /// The batch system's own id; empty when unknown.
    pub batch_id: String,
    /// The time.
    pub now: Time,
}

/// What the server needs to answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// 1 for the first start; another instance with the same secret gets the next number.
    pub incarnation: u32,
    /// The queue it serves.
    pub queue: String,
    /// The queue's site.
    pub site: String,
}

impl Store {
    /// Marks the pilot as running. Idempotent per instance. A new instance opens the next incarnation and the attempts
    /// of the one before are lost. Refused with [`crate::Error::NotFound`] when pilot or secret are wrong, with
    /// [`crate::Error::Conflict`] when the pilot has ended.
    pub async fn hello(&self, _call: HelloCall) -> Result<Greeting> {
        not_yet()
    }

    /// Writes down when pilots were heard last.
    pub async fn flush_heard(&self, _heard: BTreeMap<PilotId, Time>) -> Result<()> {
        not_yet()
    }
}
