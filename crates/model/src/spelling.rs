//! What is said of words that nobody knows: the nearest known one, and a reader's complaints in words for people.

/// The most known words that are listed when none is near.
const LISTED_MAX: usize = 10;

/// What serde calls things, and what people call them.
const KINDS: [(&[&str], &str); 5] = [
    (&["u8", "u16", "u32", "u64", "usize"], "a whole number, 0 or more"),
    (&["i8", "i16", "i32", "i64", "isize"], "a whole number"),
    (&["f32", "f64"], "a number"),
    (&["a sequence"], "a list"),
    (&["a string"], "a text"),
];

/// The known word that was most likely meant.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = given.to_lowercase();
    let scored = known.into_iter().map(|word| (strsim::damerau_levenshtein(&lower, &word.to_lowercase()), word));
    let (mistakes, word) = scored.min()?;
    // One mistake in a short word, and one more for every four letters.
    (mistakes <= 1 + word.len() / 4 && mistakes < word.len().max(given.len())).then_some(word)
}

/// The end of a complaint about an unknown word: the nearest known one, else some of those that are known.
pub fn hint<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(given, known.iter().copied()) {
        Some(near) => format!("; did you mean '{near}'?"),
        None if known.is_empty() => "; there is none yet".to_owned(),
        None if known.len() > LISTED_MAX => format!("; known are {}, ...", known[..LISTED_MAX].join(", ")),
        None => format!("; known are {}", known.join(", ")),
    }
}

/// What serde says of a value, without the names of types and with the nearest known key or word.
pub fn in_words(said: &str) -> String {
    if let Some(complaint) = about_unknown(said) {
        return complaint;
    }
    let Some((found, expected)) = said.split_once("expected ") else { return said.replace('\n', "; ") };
    let named = KINDS.iter().find(|(types, _)| types.contains(&expected)).map_or(expected, |(_, words)| *words);
    format!("{found}expected {named}").replace('\n', "; ")
}

/// "unknown field `x`, expected one of `a`, `b`" as a sentence.
fn about_unknown(said: &str) -> Option<String> {
    let (kind, rest) = match said.strip_prefix("unknown field `") {
        Some(rest) => ("key", rest),
        None => ("value", said.strip_prefix("unknown variant `")?),
    };
    let (given, expected) = rest.split_once('`')?;
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let hint = if known.is_empty() { "; there is nothing to set here".to_owned() } else { hint(given, known) };
    Some(format!("unknown {kind} '{given}'{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_named_else_those_that_are_known() {
        assert_eq!(nearest("lcoal", ["far", "local"]), Some("local"));
        assert_eq!(nearest("colour", ["listen", "lease"]), None);
        assert_eq!((nearest("qq", ["q"]), nearest("x", ["q"])), (Some("q"), None));
        assert_eq!(hint("x", ["listen", "lease"]), "; known are listen, lease");
        assert_eq!(hint("x", []), "; there is none yet");
    }

    #[test]
    fn complaints_of_a_reader_have_no_names_of_types() {
        let said = [
            "unknown field `qeue`, expected one of `queue`, `batch`",
            "unknown variant `slrum`, expected `local` or `slurm`",
            "unknown field `x`, there are no fields",
            "invalid type: floating point `1.5`, expected i64",
            "invalid value: integer `-1`, expected u32",
            "invalid type: string \"two\", expected a sequence",
        ];
        let words = [
            "unknown key 'qeue'; did you mean 'queue'?",
            "unknown value 'slrum'; did you mean 'slurm'?",
            "unknown key 'x'; there is nothing to set here",
            "invalid type: floating point `1.5`, expected a whole number",
            "invalid value: integer `-1`, expected a whole number, 0 or more",
            "invalid type: string \"two\", expected a list",
        ];
        assert_eq!(said.map(in_words), words);
    }
}
