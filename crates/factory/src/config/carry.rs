//! Credentials of labels: which, and how the pilots of each batch system get them.

use super::{Config, LabelSection};
use crate::credential::{Carried, Credentials};
use batch::BatchConfig;
use model::spelling::hint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names a proxy's file to programs of the grid.
const PROXY: &str = "X509_USER_PROXY";
/// Names a token's file, as WLCG's bearer token discovery has it.
const TOKEN: &str = "BEARER_TOKEN_FILE";

/// Names of credentials: one as a text, several as a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "OneOrMore", into = "OneOrMore")]
pub struct CredentialNames(pub Vec<String>);

/// As it is written.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected the name of a credential or a list of names")]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl From<OneOrMore> for CredentialNames {
    fn from(written: OneOrMore) -> CredentialNames {
        match written {
            OneOrMore::One(name) => CredentialNames(vec![name]),
            OneOrMore::More(names) => CredentialNames(names),
        }
    }
}

impl From<CredentialNames> for OneOrMore {
    fn from(names: CredentialNames) -> OneOrMore {
        match <[String; 1]>::try_from(names.0) {
            Ok([name]) => OneOrMore::One(name),
            Err(names) => OneOrMore::More(names),
        }
    }
}

impl Config {
    /// A label as its pilots are submitted: with the files of its credentials. HTCondor takes them along, and hands a
    /// renewed one on to pilots that run; elsewhere nodes read them where they lie.
    pub fn armed(&self, label: &LabelSection) -> LabelSection {
        let mut armed = label.clone();
        let credentials = Credentials::of(self);
        let is_condor = matches!(self.batch.get(&label.batch), Some(BatchConfig::Condor(_)));
        for (name, carried) in self.credentials_of(label) {
            let (file, variable) = match carried {
                Carried::Proxy => (&mut armed.condor.proxy, PROXY),
                Carried::Token => (&mut armed.condor.token, TOKEN),
                Carried::Not => continue,
            };
            let path = credentials.path(name);
            if is_condor {
                *file = path;
            } else {
                armed.environment.entry(variable.to_owned()).or_insert_with(|| path.display().to_string());
            }
        }
        armed
    }

    /// Those that there are, and how pilots get them.
    fn credentials_of<'a>(&'a self, label: &'a LabelSection) -> impl Iterator<Item = (&'a str, Carried)> {
        let names = label.credential.0.iter();
        names.filter_map(|name| Some((name.as_str(), self.credential.get(name)?.carried())))
    }

    /// What is wrong with the credentials that a label names.
    pub(super) fn credential_problems(&self, label: &LabelSection) -> Vec<String> {
        let unknown = label.credential.0.iter().filter(|name| !self.credential.contains_key(*name));
        let mut found: Vec<String> = unknown.map(|name| self.unknown_credential(name)).collect();
        let written = [(Carried::Proxy, "proxy", &label.condor.proxy), (Carried::Token, "token", &label.condor.token)];
        for (carried, word, path) in written {
            match self.credentials_of(label).filter(|(_, other)| *other == carried).count() {
                0 => {}
                1 if path.as_os_str().is_empty() => {}
                1 => found.push(format!("is set beside condor.{word}")),
                _ => found.push(format!("more than one of them is a {word}")),
            }
        }
        let is_elsewhere = self.batch.get(&label.batch).is_some_and(BatchConfig::is_elsewhere);
        if is_elsewhere && self.credentials_of(label).any(|(_, carried)| carried != Carried::Not) {
            found.push(format!("lies on this host, and [batch.{}] is behind a login node", label.batch));
        }
        found
    }

    fn unknown_credential(&self, name: &str) -> String {
        let near = hint(name, self.credential.keys().map(String::as_str));
        format!("there is no [credential.{name}]{near}")
    }

    /// What is wrong with the credentials that others are made with: keys below `credential` and words.
    pub(super) fn needed_problems(&self) -> Vec<(String, String)> {
        let needs = self.credential.iter().filter_map(|(name, section)| Some((name, section.needs()?)));
        let problem = |(name, (key, other)): (&String, (&str, &str))| {
            let what = match self.credential.get(other) {
                None => self.unknown_credential(other),
                Some(section) if section.carried() != Carried::Proxy => format!("'{other}' is no proxy"),
                Some(_) if self.is_made_with(other, name) => format!("'{other}' is itself made with '{name}'"),
                Some(_) => return None,
            };
            Some((format!("{name}.{key}"), what))
        };
        needs.filter_map(problem).collect()
    }

    /// Whether `name`, or what it is made with, and so on, is `maker`.
    fn is_made_with(&self, name: &str, maker: &str) -> bool {
        let next = |name: &&str| Some(self.credential.get(*name)?.needs()?.1);
        // No chain is longer than the credentials are many, unless it is a ring.
        std::iter::successors(Some(name), next).take(self.credential.len() + 1).any(|name| name == maker)
    }
}
