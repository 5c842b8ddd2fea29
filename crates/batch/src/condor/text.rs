//! How values are written in a submit description, and which cannot be.

use std::path::Path;

/// Environment in the syntax that every HTCondor since 6.7 reads: one pair of double quotes around all, single quotes
/// around values with blanks.
pub fn environment(variables: &[(String, String)]) -> String {
    let words: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={}", word(value))).collect();
    format!("\"{}\"", words.join(" ").replace('"', "\"\""))
}

/// Arguments in the same syntax.
pub fn arguments(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|argument| word(&literal(argument))).collect();
    format!("\"{}\"", words.join(" ").replace('"', "\"\""))
}

fn word(value: &str) -> String {
    let plain = !value.is_empty() && !value.contains([' ', '\t', '\'']);
    if plain { value.to_owned() } else { format!("'{}'", value.replace('\'', "''")) }
}

/// A value in which nothing is a macro.
pub fn literal(value: &str) -> String {
    value.replace('$', "$(DOLLAR)")
}

/// A ClassAd string.
pub fn string(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Why a value cannot be a line of a submit description.
pub fn line_problem(value: &str) -> Option<String> {
    // A backslash at the end would join the next line to it.
    (value.contains(['\n', '\r', '\0']) || value.ends_with('\\')).then(|| "has more than one line".to_owned())
}

/// Why a path cannot be used: HTCondor reads it from another directory than we do. An empty one is no problem.
pub fn path_problem(path: &Path) -> Option<String> {
    let is_fine = path.as_os_str().is_empty() || path.is_absolute();
    if is_fine { line_problem(&path.display().to_string()) } else { Some("is no absolute path".to_owned()) }
}

/// Why a value cannot be one word of a line.
pub fn word_problem(value: &str) -> Option<String> {
    let odd = value.chars().find(|letter| letter.is_whitespace() || letter.is_control() || "\"'$".contains(*letter));
    odd.map(|letter| format!("'{}' must not have {letter:?} in it", value.escape_debug()))
}

/// Why a value cannot be the base of URLs; an empty one is no problem.
pub fn url_problem(value: &str) -> Option<String> {
    let is_url = value.is_empty() || value.starts_with("http://") || value.starts_with("https://");
    if is_url { word_problem(value) } else { Some(format!("'{value}' is no http:// or https:// URL")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_so_that_they_are_read_as_they_are() {
        let pairs = [("A", "1"), ("B", "two 'words'"), ("C", ""), ("D", "\"q\""), ("E", "$(Cluster)")];
        let pairs: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        assert_eq!(environment(&pairs), r#""A=1 B='two ''words''' C='' D=""q"" E=$(Cluster)""#);
        assert_eq!(arguments(&["a b".into(), "$(x)".into()]), r#""'a b' $(DOLLAR)(x)""#);
        assert_eq!(string(r#"a\b"c"#), r#""a\\b\"c""#);
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        assert_eq!(line_problem("a\nqueue 100").as_deref(), Some("has more than one line"));
        assert_eq!(word_problem("a b").as_deref(), Some("'a b' must not have ' ' in it"));
        assert_eq!(url_problem("ftp://x").as_deref(), Some("'ftp://x' is no http:// or https:// URL"));
        assert_eq!(url_problem(""), None);
    }
}
