//! Lines into sections, keys and values.

use super::{DEFAULT, Ini, Place, Section, Written};
use crate::config::Problem;
use std::path::Path;
use std::sync::Arc;

/// Reads a whole text, or tells all bad lines.
pub(super) fn read(text: &str, path: &Path) -> Result<Ini, Vec<Problem>> {
    let mut reader = Reader { file: path.into(), ini: Ini::default(), at: None, key: None, problems: Vec::new() };
    for (index, line) in text.split('\n').enumerate() {
        reader.line(line, index + 1);
    }
    if reader.problems.is_empty() { Ok(reader.ini) } else { Err(reader.problems) }
}

/// Which section the next key belongs to.
#[derive(Clone, Copy)]
enum At {
    Defaults,
    Section(usize),
}

struct Reader {
    file: Arc<Path>,
    ini: Ini,
    at: Option<At>,
    /// The key that a continuation line would continue.
    key: Option<String>,
    problems: Vec<Problem>,
}

impl Reader {
    fn line(&mut self, line: &str, number: usize) {
        if is_comment(line) {
            return;
        }
        if let (true, Some(key)) = (begins_blank(line), self.key.clone()) {
            return self.go_on(&key, strip(line));
        }
        if let Some(name) = header(line) {
            self.open(name);
        } else if self.at.is_none() {
            self.wrong(number, "stands before the first [section]");
        } else if let Some((key, value)) = option(line) {
            self.set(key, value, number);
        } else {
            self.wrong(number, "is no [section], no 'key = value' and continues no value");
        }
    }

    fn open(&mut self, name: &str) {
        self.key = None;
        if name == DEFAULT {
            self.at = Some(At::Defaults);
            return;
        }
        let known = self.ini.sections.iter().position(|(there, _)| there == name);
        self.at = Some(At::Section(known.unwrap_or_else(|| {
            self.ini.sections.push((name.to_owned(), Section::new()));
            self.ini.sections.len() - 1
        })));
    }

    fn set(&mut self, key: &str, text: String, line: usize) {
        let place = Place { file: Arc::clone(&self.file), line };
        self.key = Some(key.to_owned());
        if let Some(section) = self.section() {
            section.insert(key.to_owned(), Written { text, place });
        }
    }

    fn go_on(&mut self, key: &str, more: &str) {
        if let Some(written) = self.section().and_then(|section| section.get_mut(key)) {
            written.text.push('\n');
            written.text.push_str(more);
        }
    }

    fn section(&mut self) -> Option<&mut Section> {
        match self.at? {
            At::Defaults => Some(&mut self.ini.defaults),
            At::Section(at) => self.ini.sections.get_mut(at).map(|(_, keys)| keys),
        }
    }

    fn wrong(&mut self, line: usize, what: &str) {
        let path = self.file.to_path_buf();
        self.problems.push(Problem { path, line, key: String::new(), what: what.to_owned() });
    }
}

/// What Python takes for white space in a line.
const BLANK: [char; 5] = [' ', '\t', '\r', '\x0b', '\x0c'];

fn strip(text: &str) -> &str {
    text.trim_matches(BLANK)
}

fn begins_blank(line: &str) -> bool {
    line.starts_with(BLANK)
}

/// Blank lines count as comments.
fn is_comment(line: &str) -> bool {
    let remark =
        || !begins_blank(line) && line.split(BLANK).next().is_some_and(|word| word.eq_ignore_ascii_case("rem"));
    strip(line).is_empty() || line.starts_with(['#', ';']) || remark()
}

/// What is between the brackets of `[section]`; more may follow them.
fn header(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix('[')?.split_once(']')?;
    (!name.is_empty()).then_some(name)
}

fn option(line: &str) -> Option<(&str, String)> {
    if begins_blank(line) {
        return None;
    }
    let at = line.find(['=', ':'])?;
    let key = line[..at].trim_end_matches(BLANK);
    let value = strip(without_comment(line[at + 1..].trim_start_matches(BLANK)));
    (!key.is_empty()).then(|| (key, if value == "\"\"" { String::new() } else { value.to_owned() }))
}

/// The value before a `;` that follows a blank. Only the first `;` counts; one at the very beginning never does, unless
/// the line ends with a blank: Python 2 looks at the last character then.
fn without_comment(value: &str) -> &str {
    let Some(at) = value.find(';') else { return value };
    let before = if at == 0 { value } else { &value[..at] };
    if before.ends_with(BLANK) { &value[..at] } else { value }
}
