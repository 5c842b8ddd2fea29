//! The dialect of AutoPyFactory's `.conf` files: that of Python 2.7's `SafeConfigParser` with case-sensitive keys.
//!
//! Python 3's `configparser`, set up alike (`=` and `:`, `#` and `;`, inline `;`, not strict), reads the same from all
//! but some odd lines, and a property test holds us to it. Where the two differ, AutoPyFactory's Python counts: a
//! comment begins in the first column, blank lines do not end a value, only the first `;` of a line can begin a comment
//! and continuation lines have none, `rem` begins a comment, and `""` is the empty text.

mod interpolate;
mod read;

use crate::config::Problem;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Name of the section whose keys all sections inherit.
pub const DEFAULT: &str = "DEFAULT";

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file as it was named.
    pub file: Arc<Path>,
    /// Line from 1.
    pub line: usize,
}

/// A value as written, before interpolation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its lines, each without blanks around it.
    pub text: String,
    /// The line of its key.
    pub place: Place,
}

/// Keys of a section.
pub type Section = BTreeMap<String, Written>;

/// What was read from one or several files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ini {
    /// `[DEFAULT]`.
    pub defaults: Section,
    /// All other sections, in the order in which they first appear.
    pub sections: Vec<(String, Section)>,
}

impl Ini {
    /// Reads further text: keys of a section that is already there replace its own, as do those of `[DEFAULT]`. All bad
    /// lines are told at once, and nothing is taken from a text that has some.
    pub fn read(&mut self, text: &str, path: &Path) -> Result<(), Vec<Problem>> {
        let read = read::read(text, path)?;
        self.defaults.extend(read.defaults);
        for (name, keys) in read.sections {
            self.section_mut(&name).extend(keys);
        }
        Ok(())
    }

    /// The keys of a section, its own and those of `[DEFAULT]` that it does not set.
    pub fn section(&self, name: &str) -> Option<Section> {
        let (_, own) = self.sections.iter().find(|(there, _)| there == name)?;
        let mut all = self.defaults.clone();
        all.extend(own.clone());
        Some(all)
    }

    /// All sections with what they inherit; `[DEFAULT]` is gone afterwards.
    pub fn folded(self) -> Ini {
        let fold = |own: Section| {
            let mut all = self.defaults.clone();
            all.extend(own);
            all
        };
        let sections = self.sections.iter().map(|(name, own)| (name.clone(), fold(own.clone()))).collect();
        Ini { defaults: Section::new(), sections }
    }

    /// Takes over another's sections. Of keys in both the other's count. Both must be folded.
    pub fn merge(&mut self, other: Ini) {
        for (name, keys) in other.sections {
            self.section_mut(&name).extend(keys);
        }
    }

    fn section_mut(&mut self, name: &str) -> &mut Section {
        let at = self.sections.iter().position(|(there, _)| there == name).unwrap_or_else(|| {
            self.sections.push((name.to_owned(), Section::new()));
            self.sections.len() - 1
        });
        &mut self.sections[at].1
    }
}

pub use interpolate::{Interpolated, interpolate};

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

#[cfg(test)]
mod tests;
