//! Numbers of tickets in what people write, as links.

use askama::filters::HtmlSafe;
use std::fmt;

/// A text whose tickets (`#17`) are links.
pub struct Linked<'a> {
    text: String,
    pattern: Option<&'a str>,
}

/// The text, with the address of a ticket, in which `{id}` stands for its number; none makes no links.
pub fn linked<'a>(text: &str, pattern: &'a Option<String>) -> Linked<'a> {
    Linked { text: super::number::capped(text, wire::api::ALARM_TEXT_MAX), pattern: pattern.as_deref() }
}

impl HtmlSafe for Linked<'_> {}

impl fmt::Display for Linked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.text.as_str();
        while let (Some(start), Some(pattern)) = (rest.find('#'), self.pattern) {
            let (before, after) = rest.split_at(start);
            let digits = after[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len() - 1);
            escape(f, before)?;
            let (ticket, end) = after.split_at(digits + 1);
            match digits {
                0 => escape(f, ticket)?,
                _ => {
                    f.write_str("<a rel=\"external noreferrer\" href=\"")?;
                    escape(f, &pattern.replace("{id}", &ticket[1..]))?;
                    write!(f, "\">{ticket}</a>")?;
                }
            }
            rest = end;
        }
        escape(f, rest)
    }
}

fn escape(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "{}", askama::filters::escape(text, askama::filters::Html).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_of_tickets_are_links_and_nothing_breaks_out() {
        let pattern = Some("https://t.example/{id}?a=1&b=2".to_owned());
        let html = |text: &str, pattern: &Option<String>| linked(text, pattern).to_string();
        let link =
            |id: &str| format!(r#"<a rel="external noreferrer" href="https://t.example/{id}?a=1&#38;b=2">#{id}</a>"#);
        assert_eq!(html("see #17, #4", &pattern), format!("see {}, {}", link("17"), link("4")));
        assert_eq!(html("# and #x <b>", &pattern), "# and #x &#60;b&#62;");
        assert_eq!(html("see #17", &None), "see #17");
    }
}
