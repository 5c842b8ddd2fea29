//! `system = "command"`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A batch system of the site's own, by programs that speak JSON lines. Each is a list of words: the program, as an
/// absolute path or a name in `PATH`, and its arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CommandConfig {
    /// Directory for scripts, pilots' files and output; below the factory's when not set.
    pub dir: PathBuf,
    /// Submits pilots.
    pub submit: Vec<String>,
    /// Tells the state of all pilots.
    pub status: Vec<String>,
    /// Takes pilots away.
    pub remove: Vec<String>,
    /// Tells whether everything needed is there; none when empty.
    pub doctor: Vec<String>,
    /// Seconds between two calls of `status`.
    pub poll_s: f64,
    /// Seconds after which a program is given up.
    pub timeout_s: f64,
}

impl Default for CommandConfig {
    fn default() -> CommandConfig {
        CommandConfig {
            dir: PathBuf::new(),
            submit: Vec::new(),
            status: Vec::new(),
            remove: Vec::new(),
            doctor: Vec::new(),
            poll_s: 30.0,
            timeout_s: 60.0,
        }
    }
}

impl CommandConfig {
    /// What is wrong with it.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (key, value) in [("poll_s", self.poll_s), ("timeout_s", self.timeout_s)] {
            if !(0.01..=3600.0).contains(&value) {
                found.push((key.to_owned(), format!("{value} is not between 0.01 and 3600 seconds")));
            }
        }
        for (key, words) in self.needed() {
            if words.is_empty() {
                found.push((key.to_owned(), format!("is missing: the program that is called for {key}")));
            }
        }
        for (key, words) in self.programs() {
            found.extend(words.first().and_then(|program| problem_of(program)).map(|what| (key.to_owned(), what)));
        }
        found
    }

    /// The programs that there are, by their keys.
    pub(super) fn programs(&self) -> impl Iterator<Item = (&'static str, &Vec<String>)> {
        self.needed().into_iter().chain([("doctor", &self.doctor)]).filter(|(_, words)| !words.is_empty())
    }

    fn needed(&self) -> [(&'static str, &Vec<String>); 3] {
        [("submit", &self.submit), ("status", &self.status), ("remove", &self.remove)]
    }
}

/// What is wrong with the name of a program.
pub fn problem_of(program: &str) -> Option<String> {
    if program.is_empty() {
        return Some("the name of the program is empty".to_owned());
    }
    let relative = program.contains('/') && !Path::new(program).is_absolute();
    relative.then(|| format!("'{program}' is neither an absolute path nor a name in PATH"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        let words = |text: &str| vec![text.to_owned()];
        let config = CommandConfig {
            submit: words("./submit"),
            status: words("qstat-for-pilotage"),
            timeout_s: 0.0,
            doctor: words(""),
            ..CommandConfig::default()
        };
        let said: Vec<String> = config.problems().iter().map(|(key, what)| format!("{key}: {what}")).collect();
        assert_eq!(
            said,
            [
                "timeout_s: 0 is not between 0.01 and 3600 seconds",
                "remove: is missing: the program that is called for remove",
                "submit: './submit' is neither an absolute path nor a name in PATH",
                "doctor: the name of the program is empty",
            ]
        );
    }
}
