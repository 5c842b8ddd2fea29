//! `%(other)s` in values: other keys of the same section, `%%` for a percent sign.

use super::Section;
use std::collections::BTreeSet;

/// So deep may values refer to values.
const DEPTH_MAX: usize = 10;

/// A value with everything filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interpolated {
    /// The text.
    pub text: String,
    /// The keys it was made from, directly or not.
    pub used: BTreeSet<String>,
}

/// The value of a key that the section has. The error says what is wrong, in words that follow the key's name.
pub fn interpolate(section: &Section, key: &str) -> Result<Interpolated, String> {
    let mut made = Interpolated::default();
    let written = section.get(key).map(|written| written.text.as_str()).unwrap_or_default();
    fill_in(section, written, 1, &mut made)?;
    Ok(made)
}

fn fill_in(section: &Section, text: &str, depth: usize, made: &mut Interpolated) -> Result<(), String> {
    if depth > DEPTH_MAX {
        return Err(format!("refers to itself, or through more than {DEPTH_MAX} other keys"));
    }
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        made.text.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix('%') {
            made.text.push('%');
            rest = after;
        } else {
            let (name, after) = reference(after)?;
            let value = section.get(name).ok_or_else(|| missing(section, name))?;
            made.used.insert(name.to_owned());
            fill_in(section, &value.text, depth + 1, made)?;
            rest = after;
        }
    }
    made.text.push_str(rest);
    Ok(())
}

/// `(name)s` and what follows it.
fn reference(after: &str) -> Result<(&str, &str), String> {
    let bad = || "has a single '%'; write %% for a percent sign, or %(key)s for the value of a key".to_owned();
    let (name, rest) = after.strip_prefix('(').and_then(|rest| rest.split_once(')')).ok_or_else(bad)?;
    let rest = rest.strip_prefix('s').ok_or_else(bad)?;
    if name.is_empty() { Err(bad()) } else { Ok((name, rest)) }
}

fn missing(section: &Section, name: &str) -> String {
    let known = section.keys().map(String::as_str);
    match model::spelling::nearest(name, known) {
        Some(near) => format!("refers to '{name}', which is not set here; did you mean '{near}'?"),
        None => format!("refers to '{name}', which is not set here"),
    }
}
