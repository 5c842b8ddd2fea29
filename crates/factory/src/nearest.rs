//! The known word that an unknown one was most likely meant to be.

/// The nearest of the known words, when one is near.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = given.to_lowercase();
    let scored = known.into_iter().map(|word| (strsim::damerau_levenshtein(&lower, &word.to_lowercase()), word));
    let (distance, word) = scored.min()?;
    (distance <= 1 + word.len() / 4).then_some(word)
}

/// The same as words behind a message: `; did you mean 'WORD'?`, or nothing.
pub fn hint<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(given, known).map(|word| format!("; did you mean '{word}'?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_words_are_named() {
        assert_eq!(hint("Scael", ["Ready", "Scale"]), "; did you mean 'Scale'?");
        assert_eq!(hint("ready", ["Ready", "Scale"]), "; did you mean 'Ready'?");
        assert_eq!(hint("whatever", ["Ready", "Scale"]), "");
    }
}
