//! What messages about errors have in common, so that a thousand of them are one line with a count.

/// The most characters of a template.
pub const TEMPLATE_MAX_CHARS: usize = 160;

/// The message without what differs from pilot to pilot: words with digits, paths and addresses become `*`, blanks one.
/// Words that say which (quoted) text is meant stay, unless they have digits.
///
/// Two messages are alike when their templates are the same; a template is its own template.
pub fn template(message: &str) -> String {
    let mut out = String::new();
    for word in message.split_whitespace() {
        let word = of_word(word);
        if word == "*" && (out.ends_with(" *") || out == "*") {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&word);
    }
    match out.char_indices().nth(TEMPLATE_MAX_CHARS) {
        Some((end, _)) => out[..end].trim_end().to_owned(),
        None => out,
    }
}

/// The word with its punctuation, `*` in place of what changes.
fn of_word(word: &str) -> String {
    let begin = word.find(|c| !is_edge(c)).unwrap_or(word.len());
    let end = word.rfind(|c| !is_edge(c)).map_or(begin, |at| at + word[at..].chars().next().map_or(1, char::len_utf8));
    let (before, core, after) = (&word[..begin], &word[begin..end], &word[end..]);
    match core {
        "" => word.to_owned(),
        core if changes(core) => format!("{before}*{after}"),
        _ => word.to_owned(),
    }
}

fn is_edge(c: char) -> bool {
    "\"'`()[]{}<>,;:.!?".contains(c)
}

fn changes(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit()) || word.contains('/') || word.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_differs_becomes_a_star() {
        let cases = [
            ("node wn-042 failed its check: 3 GiB of scratch", "node * failed its check: * GiB of scratch"),
            ("node wn-117 failed its check: 12 GiB of scratch", "node * failed its check: * GiB of scratch"),
            ("cannot open '/tmp/x y': no such file", "cannot open '* y': no such file"),
            ("removed by  alice@ce01.example.org\n(reason 4)", "removed by * (reason *)"),
            ("exit 1 2 3", "exit *"),
            ("1 2", "*"),
            ("... !", "... !"),
            ("", ""),
        ];
        for (message, expected) in cases {
            assert_eq!(template(message), expected, "{message}");
        }
    }

    proptest! {
        #[test]
        fn a_template_is_its_own_and_bounded(message in "\\PC{0,300}") {
            let once = template(&message);
            prop_assert!(once.chars().count() <= TEMPLATE_MAX_CHARS);
            prop_assert_eq!(template(&once), once);
        }
    }
}
