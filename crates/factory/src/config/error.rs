//! What is wrong with a configuration, with the place: file:line:key.

use super::origin::Origins;
use model::spelling::in_words;
use std::path::{Path, PathBuf};

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Something in it is wrong; all that is known to be wrong, one a line.
    #[error("{}", lines(.0))]
    Wrong(Vec<Problem>),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// Line from 1; 0 when it cannot be told.
    pub line: usize,
    /// Dotted key, such as `label.local.cores`; may be empty.
    pub key: String,
    /// What is wrong with it.
    pub what: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.path.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.key.is_empty() {
            write!(f, ":{}", self.key)?;
        }
        write!(f, ": {}", self.what)
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

impl ConfigError {
    /// From what the TOML reader says of a text that is no TOML.
    pub(super) fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(0, |before| before.matches('\n').count() + 1);
        let what = error.message().trim().replace('\n', "; ");
        ConfigError::Wrong(vec![Problem { path: path.to_owned(), line, key: String::new(), what }])
    }

    /// From what serde says of the value of a key; an unknown key gets the nearest known one.
    pub(super) fn value(key: String, said: &str, origins: &Origins, path: &Path) -> ConfigError {
        let said = said.trim();
        // A section with a kind, such as [batch.x], only tells the key in words.
        let key = match unknown_field(said) {
            Some(field) if key.is_empty() => field.to_owned(),
            Some(field) if key != field && !key.ends_with(&format!(".{field}")) => format!("{key}.{field}"),
            _ => key,
        };
        ConfigError::one(key, in_words(said), origins, path)
    }

    /// One thing that is wrong.
    pub(super) fn one(key: String, what: String, origins: &Origins, path: &Path) -> ConfigError {
        ConfigError::Wrong(vec![problem(key, what, origins, path)])
    }

    /// Nothing wrong, or all of it at once: dotted keys and words.
    pub fn of_problems(found: Vec<(String, String)>, origins: &Origins, path: &Path) -> Result<(), ConfigError> {
        if found.is_empty() {
            return Ok(());
        }
        let problems = found.into_iter().map(|(key, what)| problem(key, what, origins, path)).collect();
        Err(ConfigError::Wrong(problems))
    }
}

fn problem(key: String, what: String, origins: &Origins, path: &Path) -> Problem {
    let (file, line) = origins.nearest(&key).place();
    Problem { path: file.unwrap_or(path).to_owned(), line, key, what }
}

fn unknown_field(said: &str) -> Option<&str> {
    said.strip_prefix("unknown field `")?.split_once('`').map(|(field, _)| field)
}
