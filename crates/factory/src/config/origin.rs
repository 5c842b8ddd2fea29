//! Where each value of a configuration comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody wrote it.
    Default,
    /// A line of a file.
    Line {
        /// The file as it was named.
        path: Arc<Path>,
        /// Line from 1.
        line: usize,
    },
    /// What a queue source knows, put in place by a line of a file.
    Source {
        /// The source and where it read, such as `source cric, https://cric.example/`.
        what: Arc<str>,
        /// The file with the template.
        path: Arc<Path>,
        /// Line from 1.
        line: usize,
    },
}

/// Origins by dotted key, such as `label.long.cores`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// Notes where a key comes from.
    pub fn note(&mut self, key: impl Into<String>, origin: Origin) {
        self.0.insert(key.into(), origin);
    }

    /// Whether nothing is noted, as when no file was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Of exactly this key; `None` when nobody wrote it.
    pub fn exactly(&self, key: &str) -> Option<&Origin> {
        self.0.get(key)
    }

    /// Of this key or the section that it belongs to.
    pub fn nearest(&self, key: &str) -> &Origin {
        let mut key = key;
        loop {
            if let Some(origin) = self.0.get(key) {
                return origin;
            }
            match key.rfind(['.', '[']) {
                Some(end) => key = &key[..end],
                None => return &Origin::Default,
            }
        }
    }

    /// What is noted for a key and all below it, as (rest of the key, origin). The rest begins with a dot or is empty.
    pub fn below<'a>(&'a self, key: &'a str) -> impl Iterator<Item = (&'a str, &'a Origin)> {
        let within = self.0.range(key.to_owned()..).take_while(move |(name, _)| name.starts_with(key));
        within
            .map(move |(name, origin)| (&name[key.len()..], origin))
            .filter(|(rest, _)| rest.is_empty() || rest.starts_with('.'))
    }

    /// Takes over all of another's.
    pub fn extend(&mut self, other: Origins) {
        self.0.extend(other.0);
    }
}

impl Origin {
    /// The file and line that a person has to look at; line 0 when there is none.
    pub fn place(&self) -> (Option<&Path>, usize) {
        match self {
            Origin::Default => (None, 0),
            Origin::Line { path, line } | Origin::Source { path, line, .. } => (Some(path), *line),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::Line { path, line } => write!(f, "{}:{line}", path.display()),
            Origin::Source { what, path, line } => write!(f, "{what}, by {}:{line}", path.display()),
        }
    }
}
