//! `kind = "ssh"`: a key for `ssh`. It has no end; what is looked at is whether it can be used without a person.

use super::kind::{Carried, Kind, missing};
use super::life::Seen;
use super::renewal::Renewal;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How the content of a key in OpenSSH's own format begins.
const MAGIC: &[u8] = b"openssh-key-v1\0";

/// `kind = "ssh"`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ssh {
    /// The private key, without a passphrase.
    pub key: PathBuf,
}

#[async_trait]
impl Kind for Ssh {
    fn name(&self) -> &'static str {
        "ssh"
    }

    fn carried(&self) -> Carried {
        Carried::Not
    }

    fn lies_at(&self) -> Option<&Path> {
        Some(&self.key)
    }

    fn renewal(&self) -> Option<&Renewal> {
        None
    }

    fn min_life_s(&self) -> u32 {
        0
    }

    fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        vec![&mut self.key]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        missing("key", &self.key).into_iter().collect()
    }

    fn read(&self, content: &[u8], since: Time) -> Result<Seen, String> {
        let text = std::str::from_utf8(content).map_err(|_| "is no private key")?;
        let who = algorithm(text)?;
        Ok(Seen { who, attributes: Vec::new(), began: since, ends: None, attributes_end: None })
    }

    async fn make(&self, _dir: &Path, _with: Option<&Path>) -> Result<PathBuf, String> {
        Err("renew it: keys have no end".to_owned())
    }
}

/// The algorithm of a private key that can be used without a passphrase.
fn algorithm(text: &str) -> Result<String, String> {
    let mut lines = text.trim().lines();
    let first = lines.next().unwrap_or_default();
    let kind = first.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("PRIVATE KEY-----"));
    match kind.map(str::trim) {
        None => Err("is no private key".to_owned()),
        Some("OPENSSH") => {
            let body: String = lines.take_while(|line| !line.starts_with("-----")).collect();
            let blob = STANDARD.decode(body).map_err(|_| "is a damaged private key")?;
            own_format(&blob).ok_or("is a damaged private key")?
        }
        Some("ENCRYPTED") => Err(with_passphrase()),
        Some(_) if text.contains("\nProc-Type: 4,ENCRYPTED") => Err(with_passphrase()),
        Some("") => Ok("a private key".to_owned()),
        Some(algorithm) => Ok(algorithm.to_lowercase()),
    }
}

fn with_passphrase() -> String {
    "has a passphrase, and nobody is there to type it".to_owned()
}

/// Magic, cipher, derivation, its options, number of keys, first public key; see OpenSSH's PROTOCOL.key.
fn own_format(blob: &[u8]) -> Option<Result<String, String>> {
    let (cipher, rest) = text(blob.strip_prefix(MAGIC)?)?;
    let (_, rest) = text(rest)?;
    let (_, rest) = text(rest)?;
    let (public, _) = text(rest.get(4..)?)?;
    let (algorithm, _) = text(public)?;
    Some(if cipher == b"none" { Ok(String::from_utf8_lossy(algorithm).into_owned()) } else { Err(with_passphrase()) })
}

/// A string with its length before it, and what follows.
fn text(blob: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = blob.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// What is read of a key that `ssh-keygen` makes.
    fn made(words: &[&str], passphrase: &str) -> Result<String, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let mut keygen = Command::new("ssh-keygen");
        assert!(keygen.args(["-q", "-N", passphrase, "-f"]).arg(&path).args(words).status().unwrap().success());
        algorithm(&std::fs::read_to_string(path).unwrap())
    }

    #[test]
    fn keys_of_all_formats_are_told_from_those_with_a_passphrase() {
        for (words, name) in [
            (&["-t", "ed25519"][..], "ssh-ed25519"),
            (&["-t", "rsa", "-b", "2048"], "ssh-rsa"),
            (&["-t", "rsa", "-b", "2048", "-m", "PEM"], "rsa"),
            (&["-t", "ecdsa", "-m", "PKCS8"], "a private key"),
        ] {
            assert_eq!(made(words, "").as_deref(), Ok(name));
            assert_eq!(made(words, "a long secret"), Err(with_passphrase()));
        }
    }

    #[test]
    fn what_is_no_key_is_told() {
        assert_eq!(algorithm("ssh-ed25519 AAAA me@here").unwrap_err(), "is no private key");
        let text = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\n-----END OPENSSH PRIVATE KEY-----\n";
        assert_eq!(algorithm(text).unwrap_err(), "is a damaged private key");
    }
}
