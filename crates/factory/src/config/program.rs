//! `[program.NAME]`: where nodes find a version of the pilot program, or a VO's own wrapper.

use super::{Config, LabelSection};
use model::program::is_sha256;
use model::spelling::hint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wire::client::program_path;

/// How a source names a program of the server.
const OF_SERVER: &str = "server:";
/// The most that the shares of a label's versions are together.
const SHARES_MAX: u64 = 1_000_000;

/// A version of the pilot program, or a wrapper.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgramSection {
    /// Where it is, the first one that works counts: URLs, absolute paths on the nodes, `server:NAME/VERSION` for what the
    /// server delivers.
    pub sources: Vec<String>,
    /// SHA-256 of it in hexadecimal digits; nothing else is run.
    pub sha256: String,
}

impl ProgramSection {
    /// What is wrong with it: keys and words.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.sources.is_empty() {
            found.push(("sources", "is empty: there is no place to find it at".to_owned()));
        }
        for source in self.sources.iter().filter(|source| !is_source(source)) {
            let what = "is no http:// or https:// URL, no absolute path and no server:NAME/VERSION";
            found.push(("sources", format!("'{source}' {what}")));
        }
        if !is_sha256(&self.sha256) {
            found.push(("sha256", "is not 64 hexadecimal digits".to_owned()));
        }
        found
    }

    /// Checksum and sources in the words of the wrapper.
    pub fn words(&self, servers: &[String]) -> String {
        let sources = self.sources.iter().flat_map(|source| match of_server(source) {
            Some((name, version)) => {
                let path = program_path(name, version);
                servers.iter().map(|server| format!("{}{path}", server.trim_end_matches('/'))).collect()
            }
            None => vec![source.clone()],
        });
        let words: Vec<String> = [self.sha256.to_lowercase()].into_iter().chain(sources).collect();
        words.join(" ")
    }
}

fn of_server(source: &str) -> Option<(&str, &str)> {
    source.strip_prefix(OF_SERVER)?.split_once('/')
}

fn is_source(source: &str) -> bool {
    // The wrapper reads them as words.
    let is_word = !source.contains(char::is_whitespace) && !source.contains(';');
    let is_url = source.starts_with("http://") || source.starts_with("https://");
    let is_name = |name: &str| model::queue::check_name(name).is_ok();
    is_word
        && match of_server(source) {
            Some((name, version)) => is_name(name) && is_name(version),
            None => is_url || source.starts_with('/'),
        }
}

/// What is wrong with the programs that a label names: keys and words.
pub(super) fn problems_of(config: &Config, label: &LabelSection) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let unknown = |name: &str| {
        let near = hint(name, config.program.keys().map(String::as_str));
        (!config.program.contains_key(name)).then(|| format!("there is no [program.{name}]{near}"))
    };
    found.extend(label.pilots.keys().filter_map(|name| Some((".pilots", unknown(name)?))));
    let shares: u64 = label.pilots.values().map(|share| u64::from(*share)).sum();
    if !label.pilots.is_empty() && !(1..=SHARES_MAX).contains(&shares) {
        found.push((".pilots", format!("the shares are {shares} together, not between 1 and {SHARES_MAX}")));
    }
    if !label.wrapper.is_empty() {
        found.extend(unknown(&label.wrapper).map(|what| (".wrapper", what)));
    }
    found
}

/// The versions that a label's pilots draw from, in the words of the wrapper.
pub(crate) fn versions(config: &Config, shares: &BTreeMap<String, u32>, servers: &[String]) -> String {
    let known = shares.iter().filter_map(|(name, share)| Some((name, share, config.program.get(name)?)));
    let words = known.map(|(name, share, program)| format!("{name} {share} {} ;", program.words(servers)));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_the_server_are_asked_of_every_server() {
        let program = ProgramSection {
            sources: ["/cvmfs/x/pilot", "server:pilot/1.2", "https://else.where/p"].map(str::to_owned).to_vec(),
            sha256: "AB".repeat(32),
        };
        assert_eq!(program.problems(), []);
        let words = program.words(&["https://one:1/".to_owned(), "https://two:2".to_owned()]);
        let expected = "/cvmfs/x/pilot https://one:1/pilotage/v1/programs/pilot/1.2 \
                        https://two:2/pilotage/v1/programs/pilot/1.2 https://else.where/p";
        assert_eq!(words, format!("{} {expected}", "ab".repeat(32)));
    }

    #[test]
    fn what_no_wrapper_could_read_is_refused() {
        let sources = ["a b", "/x;y", "ftp://x", "x", "server:pilot", "server:pi lot/1", "server:pilot/../1"];
        let program = ProgramSection { sources: sources.map(str::to_owned).to_vec(), sha256: "12".to_owned() };
        let found = program.problems();
        assert_eq!(found.iter().filter(|(key, _)| *key == "sources").count(), sources.len(), "{found:?}");
        assert_eq!(found.last().unwrap().1, "is not 64 hexadecimal digits");
        assert_eq!(ProgramSection { sources: vec![], ..program }.problems()[0].0, "sources");
    }
}
