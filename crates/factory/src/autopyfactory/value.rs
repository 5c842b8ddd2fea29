//! Texts as AutoPyFactory's typed getters took them.

/// `None` and `none` mean that nothing is set.
pub fn is_none(text: &str) -> bool {
    matches!(text, "None" | "none")
}

/// A boolean as Python's configuration reader takes it.
pub fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "1" | "yes" | "true" | "on" => Some(true),
        "0" | "no" | "false" | "off" => Some(false),
        _ => None,
    }
}

/// The elements of a list with commas.
pub fn list(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|element| !element.is_empty()).collect()
}

/// Submit lines in one text, separated by commas: `\,` is a comma of the line, and of several backslashes before a comma
/// each two are one.
pub fn attribute_lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut backslashes = 0;
    let put = |lines: &mut Vec<String>, c: char| {
        if let Some(last) = lines.last_mut() {
            last.push(c);
        }
    };
    for c in text.chars() {
        if c == '\\' {
            backslashes += 1;
            continue;
        }
        let (kept, is_end) = if c == ',' { (backslashes / 2, backslashes % 2 == 0) } else { (backslashes, false) };
        (0..kept).for_each(|_| put(&mut lines, '\\'));
        backslashes = 0;
        if is_end {
            lines.push(String::new());
        } else {
            put(&mut lines, c);
        }
    }
    (0..backslashes).for_each(|_| put(&mut lines, '\\'));
    lines.into_iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_before_commas() {
        let cases: [(&str, &[&str]); 5] = [
            ("a=1,b=2", &["a=1", "b=2"]),
            (r"a=1\,2,b=3", &["a=1,2", "b=3"]),
            (r"a=1\\,b=2", &[r"a=1\", "b=2"]),
            (r"a=1\\\,2,b", &[r"a=1\,2", "b"]),
            (r"a=\x, ,b=2\", &[r"a=\x", r"b=2\"]),
        ];
        for (text, wanted) in cases {
            assert_eq!(attribute_lines(text), wanted, "{text}");
        }
    }
}
