//! Lines of a pilot's log on its page: those that hold some words, or those around a line. Each has an address.

use super::link::Link;
use super::number;
use serde::Deserialize;
use wire::api::{LogLines, LogLinesQuery};

/// Lines that are shown before the one that was asked for.
const BEFORE: u64 = 10;

/// What the page of a pilot may be asked about its logs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogView {
    /// The log.
    log: Option<String>,
    /// What its lines have to hold.
    find: Option<String>,
    /// The line to show, with those around it.
    line: Option<u64>,
}

impl LogView {
    /// The lines that are asked for of this log; none when its end is.
    pub fn lines_of(&self, log: &str) -> Option<LogLinesQuery> {
        let is_asked = self.log.as_deref() == Some(log) && (self.find.is_some() || self.line.is_some());
        let line = self.line.map(|line| line.saturating_sub(BEFORE).max(1));
        is_asked.then(|| LogLinesQuery { find: self.find.clone(), line })
    }
}

/// A line with its address.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub number: u64,
    /// Its text.
    pub text: String,
    /// The page with this line among those around it.
    pub href: String,
    /// It is the one that was asked for.
    pub is_asked: bool,
}

/// The lines that were asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Searched {
    /// What they hold; empty when they follow a line.
    pub find: String,
    /// How many there are, and of what.
    pub words: String,
    /// They themselves.
    pub lines: Vec<Line>,
    /// The page with those that follow.
    pub next: Option<String>,
}

impl Searched {
    /// Builds the part of `page`.
    pub fn new(page: &str, view: &LogView, told: LogLines) -> Searched {
        let log = view.log.clone().unwrap_or_default();
        let at = |line: u64| Link::to(page).with("log", &log).with("line", line);
        let find = view.find.clone().unwrap_or_default();
        let last = told.lines.last().map(|line| line.number);
        let next = match (last, view.find.is_some()) {
            (Some(last), false) if !told.complete => Some(at(last + 1 + BEFORE).url()),
            (Some(last), true) if told.found > told.lines.len() as u64 => {
                Some(Link::to(page).with("log", &log).with("find", &find).with("line", last + 1 + BEFORE).url())
            }
            _ => None,
        };
        let words = if view.find.is_some() { found(&find, &told) } else { shown(&told) };
        let lines = told.lines.into_iter().map(|line| Line {
            number: line.number,
            text: number::log_text(line.text.as_bytes()),
            href: at(line.number).url(),
            is_asked: view.line == Some(line.number) && view.find.is_none(),
        });
        Searched { words, next, lines: lines.collect(), find }
    }
}

fn found(find: &str, told: &LogLines) -> String {
    let read = number::grouped(told.read);
    let place =
        if told.complete { format!("of {read}") } else { format!("of the first {read}, all that there was time for,") };
    let shown = told.lines.len() as u64;
    let first = if told.found > shown { format!("; the first {shown} of them") } else { String::new() };
    let verb = if told.found <= 1 { "holds" } else { "hold" };
    format!("{} {place} {verb} “{find}”{first}.", number::capitalised(number::counted(told.found, "line")))
}

fn shown(told: &LogLines) -> String {
    match (told.lines.first(), told.lines.last()) {
        (Some(first), Some(last)) => {
            format!("Lines {} to {}.", number::grouped(first.number), number::grouped(last.number))
        }
        _ if told.complete => format!("The log has only {}.", number::counted(told.read, "line")),
        _ => format!("There was time for the first {} only.", number::counted(told.read, "line")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::api::LogLine;

    fn view(find: Option<&str>, line: Option<u64>) -> LogView {
        LogView { log: Some("out".into()), find: find.map(str::to_owned), line }
    }

    fn told(numbers: &[u64], found: u64, complete: bool) -> LogLines {
        let lines =
            numbers.iter().map(|number| LogLine { number: *number, text: format!("\u{1b}[1mline\u{1b}[0m {number}") });
        LogLines { lines: lines.collect(), found, read: 1000, complete }
    }

    #[test]
    fn a_log_is_searched_only_when_it_is_meant() {
        assert_eq!(view(Some("x"), None).lines_of("err"), None);
        assert_eq!(view(None, None).lines_of("out"), None);
        let around = view(None, Some(400)).lines_of("out").unwrap();
        assert_eq!(around, LogLinesQuery { find: None, line: Some(400 - BEFORE) });
        assert_eq!(view(None, Some(3)).lines_of("out").unwrap().line, Some(1));
    }

    #[test]
    fn what_was_found_is_told_with_the_address_of_each_line() {
        let some = Searched::new("/pilots/7", &view(Some("<b>"), None), told(&[3, 90], 2, true));
        assert_eq!(some.words, "2 lines of 1\u{202f}000 hold “<b>”.");
        assert_eq!(
            (some.lines[1].text.as_str(), some.lines[1].href.as_str()),
            ("line 90", "/pilots/7?log=out&line=90")
        );
        assert_eq!(some.next, None);
        let many = Searched::new("/pilots/7", &view(Some("a b"), None), told(&[3, 90], 12, false));
        assert_eq!(
            many.words,
            "12 lines of the first 1\u{202f}000, all that there was time for, hold “a b”; the first 2 of them."
        );
        assert_eq!(many.next.unwrap(), "/pilots/7?log=out&find=a%20b&line=101");
        let none = Searched::new("/pilots/7", &view(Some("x"), None), told(&[], 0, true));
        assert_eq!(none.words, "No line of 1\u{202f}000 holds “x”.");
    }

    #[test]
    fn lines_around_one_lead_on() {
        let some = Searched::new("/pilots/7", &view(None, Some(40)), told(&[39, 40], 2, false));
        assert_eq!((some.words.as_str(), some.next.as_deref()), ("Lines 39 to 40.", Some("/pilots/7?log=out&line=51")));
        assert_eq!(some.lines.iter().map(|line| line.is_asked).collect::<Vec<_>>(), [false, true]);
        let end = Searched::new("/pilots/7", &view(None, Some(4000)), told(&[], 0, true));
        assert_eq!((end.words.as_str(), end.next), ("The log has only 1\u{202f}000 lines.", None));
    }
}
