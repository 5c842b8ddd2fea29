//! `[credential.NAME]`: the kinds there are, and what each of them answers.

use super::life::{Policy, Seen};
use super::renewal::Renewal;
use super::{File, MyProxy, Ssh, Token, Voms};
use async_trait::async_trait;
use model::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// With less left in seconds, nothing that is submitted now can be hoped to start in time.
pub(super) const MIN_LIFE_S: u32 = 600;

/// A credential of labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum CredentialSection {
    /// A grid proxy with attributes of a VO, made by the site's `voms-proxy-init`.
    Voms(Box<Voms>),
    /// A grid proxy from a MyProxy server.
    MyProxy(Box<MyProxy>),
    /// A grid proxy that somebody else renews.
    File(File),
    /// A token: of somebody else, of a program, or of an OpenID provider.
    Token(Box<Token>),
    /// A key for `ssh`.
    Ssh(Ssh),
}

/// How pilots get a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// As a grid proxy.
    Proxy,
    /// As a token.
    Token,
    /// Not at all: it is the factory's own.
    Not,
}

/// What every kind answers.
#[async_trait]
pub(super) trait Kind: Send + Sync {
    /// The kind as written in configurations.
    fn name(&self) -> &'static str;

    /// How pilots get it.
    fn carried(&self) -> Carried;

    /// Where it lies when somebody else puts it there.
    fn lies_at(&self) -> Option<&Path>;

    /// How it is renewed; `None` when somebody else does it.
    fn renewal(&self) -> Option<&Renewal>;

    /// With less life left, in seconds, the labels wait.
    fn min_life_s(&self) -> u32;

    /// Its paths, for making them absolute.
    fn paths_mut(&mut self) -> Vec<&mut PathBuf>;

    /// What is wrong with it: keys below `credential.NAME` and words.
    fn problems(&self) -> Vec<(&'static str, String)>;

    /// Key and name of another credential that it is made with.
    fn needs(&self) -> Option<(&'static str, &str)> {
        None
    }

    /// Reads a file that lies there since a time; the error says what is wrong with it, after its path.
    fn read(&self, content: &[u8], since: Time) -> Result<Seen, String>;

    /// Makes a new one in an empty directory and gives its file; `with` is the file of the one that it needs. The error
    /// reads well after "failed to".
    async fn make(&self, dir: &Path, with: Option<&Path>) -> Result<PathBuf, String>;

    /// Whether a new one is what was asked for.
    fn accept(&self, _new: &Seen) -> Result<(), String> {
        Ok(())
    }
}

impl CredentialSection {
    pub(super) fn asked(&self) -> &dyn Kind {
        match self {
            CredentialSection::Voms(voms) => &**voms,
            CredentialSection::MyProxy(myproxy) => &**myproxy,
            CredentialSection::File(file) => file,
            CredentialSection::Token(token) => &**token,
            CredentialSection::Ssh(ssh) => ssh,
        }
    }

    /// The kind as written in configurations.
    pub fn kind(&self) -> &'static str {
        self.asked().name()
    }

    /// How pilots get it.
    pub fn carried(&self) -> Carried {
        self.asked().carried()
    }

    /// Where it lies when somebody else puts it there.
    pub fn lies_at(&self) -> Option<&Path> {
        self.asked().lies_at()
    }

    /// How it is renewed; `None` when somebody else does it.
    pub fn renewal(&self) -> Option<&Renewal> {
        self.asked().renewal()
    }

    /// Key and name of another credential that it is made with.
    pub fn needs(&self) -> Option<(&'static str, &str)> {
        self.asked().needs()
    }

    /// How its file is called behind its name.
    pub fn ending(&self) -> &'static str {
        if self.carried() == Carried::Token { "token" } else { "pem" }
    }

    /// The rules of its life.
    pub fn policy(&self) -> Policy {
        let Renewal { at_percent, retry_s, .. } = self.renewal().cloned().unwrap_or_default();
        let retry = Duration::try_from_secs_f64(retry_s).unwrap_or(Duration::from_secs(60));
        let min_life = Duration::from_secs(self.asked().min_life_s().into());
        Policy { renew_at_percent: at_percent, min_life, retry }
    }

    /// Its paths, for making them absolute.
    pub fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        match self {
            CredentialSection::Voms(voms) => voms.paths_mut(),
            CredentialSection::MyProxy(myproxy) => myproxy.paths_mut(),
            CredentialSection::File(file) => file.paths_mut(),
            CredentialSection::Token(token) => token.paths_mut(),
            CredentialSection::Ssh(ssh) => ssh.paths_mut(),
        }
    }

    /// What is wrong with it: keys below `credential.NAME` and words.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = self.asked().problems();
        found.extend(self.renewal().into_iter().flat_map(Renewal::problems));
        found
    }
}

/// What is wrong with a path that must be set.
pub(super) fn missing(key: &'static str, path: &Path) -> Option<(&'static str, String)> {
    path.as_os_str().is_empty().then(|| (key, "is missing".to_owned()))
}
