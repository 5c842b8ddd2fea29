//! Tokens, their hashes, and message authentication codes.

use model::{JobId, PilotId};
use ring::{hmac, rand};
use std::fmt;

/// Prefix of every token, so that secret scanners can find leaked ones.
pub const TOKEN_PREFIX: &str = "pilotage_";

/// The system's random source did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the system's random source gave nothing")]
pub struct NoRandomness;

/// A new token: [`TOKEN_PREFIX`] and 32 random bytes in hex.
pub fn new_token() -> Result<String, NoRandomness> {
    Ok(format!("{TOKEN_PREFIX}{}", hex::encode(random_bytes::<32>()?)))
}

/// `N` random bytes.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let bytes: rand::Random<[u8; N]> = rand::generate(&rand::SystemRandom::new()).map_err(|_| NoRandomness)?;
    Ok(bytes.expose())
}

/// The server's key for message authentication codes; all servers of one store share it.
#[derive(Clone)]
pub struct MacKey(hmac::Key);

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey")
    }
}

/// Bytes of a code that are kept: 16, too many to guess and short in every report.
const MAC_BYTES: usize = 16;

impl MacKey {
    /// A key from stored bytes.
    pub fn new(bytes: &[u8]) -> MacKey {
        MacKey(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The token of one attempt of a job.
    pub fn job_token(&self, job: JobId, attempt: u32) -> String {
        self.sign(b"job", &[&job.0.to_be_bytes(), &attempt.to_be_bytes()])
    }

    /// Whether `token` belongs to this attempt.
    pub fn is_job_token(&self, job: JobId, attempt: u32, token: &str) -> bool {
        same(&self.job_token(job, attempt), token)
    }

    /// The session token of one incarnation of a pilot: `pilot.incarnation.code`.
    pub fn pilot_token(&self, pilot: PilotId, incarnation: u32, instance: &str) -> String {
        let code = self.sign(b"pilot", &[&pilot.0.to_be_bytes(), &incarnation.to_be_bytes(), instance.as_bytes()]);
        format!("{pilot}.{incarnation}.{instance}.{code}")
    }

    /// Pilot and incarnation of a session token that this key signed.
    pub fn read_pilot_token(&self, token: &str) -> Option<(PilotId, u32)> {
        let mut parts = token.splitn(4, '.');
        let (pilot, incarnation, instance, _) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let (pilot, incarnation) = (PilotId(pilot.parse().ok()?), incarnation.parse().ok()?);
        same(&self.pilot_token(pilot, incarnation, instance), token).then_some((pilot, incarnation))
    }

    /// A code over `purpose` and `parts`, each with its length, so that no two lists of parts look alike.
    pub fn sign(&self, purpose: &[u8], parts: &[&[u8]]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        for part in std::iter::once(&purpose).chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        hex::encode(&context.sign().as_ref()[..MAC_BYTES])
    }

    /// Whether `code` is the code over `purpose` and `parts`.
    pub fn is_signed(&self, purpose: &[u8], parts: &[&[u8]], code: &str) -> bool {
        same(&self.sign(purpose, parts), code)
    }
}

/// Compares without telling by its duration where two texts differ.
fn same(expected: &str, given: &str) -> bool {
    let differences = expected.bytes().zip(given.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    expected.len() == given.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pilot_token_is_read_back_and_no_other_is() {
        let key = MacKey::new(b"one");
        let token = key.pilot_token(PilotId(7), 2, "abc");
        assert_eq!(key.read_pilot_token(&token), Some((PilotId(7), 2)));
        assert_eq!(MacKey::new(b"two").read_pilot_token(&token), None);
        assert_eq!(key.read_pilot_token(&token.replace("7.2", "7.3")), None);
        assert_eq!(key.read_pilot_token("7.2"), None);
    }

    #[test]
    fn parts_cannot_be_shifted() {
        let key = MacKey::new(b"one");
        assert_ne!(key.sign(b"x", &[b"ab", b"c"]), key.sign(b"x", &[b"a", b"bc"]));
        assert!(key.is_job_token(JobId(1), 1, &key.job_token(JobId(1), 1)));
        assert!(!key.is_job_token(JobId(1), 2, &key.job_token(JobId(1), 1)));
    }

    #[test]
    fn tokens_differ() {
        let token = new_token().unwrap();
        assert_ne!(token, new_token().unwrap());
        assert_eq!(token.len(), TOKEN_PREFIX.len() + 64);
    }
}
