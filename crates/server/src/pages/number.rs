//! Numbers, sizes and capped text as pages write them.

/// The longest text of a client that a listing shows, in characters.
pub const LISTED_TEXT_MAX: usize = 300;

/// With a thin space between thousands.
pub fn grouped(number: impl ToString) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A number and its noun: `1 job`, `12 jobs`, `no job`.
pub fn counted(number: impl std::borrow::Borrow<u64>, noun: &str) -> String {
    match *number.borrow() {
        0 => format!("no {noun}"),
        1 => format!("1 {noun}"),
        n => format!("{} {noun}s", grouped(n)),
    }
}

/// With a capital first letter.
pub fn capitalised(text: impl AsRef<str>) -> String {
    let mut chars = text.as_ref().chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A size in bytes with a binary unit.
pub fn bytes(count: &u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if *count < 1024 {
        return format!("{count} B");
    }
    let mut size = *count as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

/// At most [`LISTED_TEXT_MAX`] characters, without control characters.
pub fn listed(text: impl AsRef<str>) -> String {
    capped(text, LISTED_TEXT_MAX)
}

/// At most `most` characters, without control characters.
pub fn capped(text: impl AsRef<str>, most: usize) -> String {
    let text = text.as_ref();
    let visible = |c: char| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c };
    let mut out: String = text.chars().take(most).map(visible).collect();
    if text.chars().nth(most).is_some() {
        out.push('…');
    }
    out
}

/// Output of a program as text: escape sequences of terminals removed, other control characters shown as `�`.
pub fn log_text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' if chars.peek() == Some(&'[') => {
                chars.next();
                while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            }
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\t' | '\r' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_and_units() {
        assert_eq!([7, 999, 1000, 1_234_567].map(grouped), ["7", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]);
        assert_eq!([12, 2048, 5 << 30].map(|n| bytes(&n)), ["12 B", "2.0 KiB", "5.0 GiB"]);
        assert_eq!([0, 1, 2].map(|n| counted(n, "job")), ["no job", "1 job", "2 jobs"]);
    }

    #[test]
    fn terminal_sequences_and_control_characters_do_not_pass() {
        assert_eq!(log_text(b"\x1b[31mred\x1b[0m\r\nbell\x07\xff"), "red\nbell\u{fffd}\u{fffd}");
        assert_eq!(capped("a\0bcd", 3), "a\u{fffd}b…");
    }
}
