//! Configuration files where nothing is guessed: an unknown key is an error with its place and the nearest known key.

use crate::output::BadInput;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::Path;

/// Reads a TOML file into `T`, whose structs must deny unknown fields.
pub fn read_file<T: DeserializeOwned>(path: &Path) -> Result<T, BadInput> {
    let text = fs::read_to_string(path)
        .map_err(|error| BadInput::new(format!("{}: cannot be read: {error}", path.display())))?;
    parse_text(&text, path)
}

/// Reads TOML text; `path` is only for messages.
pub fn parse_text<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, BadInput> {
    toml::from_str(text).map_err(|error| {
        let (line, column) = place(text, error.span().map_or(0, |span| span.start));
        BadInput::new(format!("{}:{line}:{column}: {}", path.display(), with_nearest(error.message())))
    })
}

/// Line and column, from 1, of a byte offset.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    (line, column)
}

/// Turns serde's "unknown field `x`, expected one of `a`, `b`" into a sentence with the nearest of them.
pub fn with_nearest(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let (kind, Some(given)) = (message.split(" `").next().unwrap_or_default(), quoted.next()) else {
        return message.to_owned();
    };
    let known: Vec<&str> = quoted.collect();
    let what = match kind {
        "unknown field" => "unknown key",
        "unknown variant" => "unknown value",
        _ => return message.to_owned(),
    };
    match nearest(given, known.iter().copied()) {
        Some(near) => format!("{what} '{given}'; did you mean '{near}'?"),
        None if known.is_empty() => format!("{what} '{given}'; there is nothing to set here"),
        None => format!("{what} '{given}'; known are {}", known.join(", ")),
    }
}

/// The known word that `given` was most likely meant to be.
fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.into_iter().map(|word| (strsim::damerau_levenshtein(given, word), word));
    let (distance, word) = scored.min()?;
    (distance <= 1 + word.len() / 4).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_and_the_nearest_key_are_told() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Wanted {
            #[expect(dead_code, reason = "only its name counts")]
            listen: Option<String>,
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("server.toml");
        fs::write(&path, "\n  lisen = \"x\"\n").unwrap();
        let said = read_file::<Wanted>(&path).unwrap_err().to_string();
        assert_eq!(said, format!("{}:2:3: unknown key 'lisen'; did you mean 'listen'?", path.display()));
    }

    #[test]
    fn far_words_are_listed() {
        let said = with_nearest("unknown field `colour`, expected `listen` or `lease`");
        assert_eq!(said, "unknown key 'colour'; known are listen, lease");
    }
}
