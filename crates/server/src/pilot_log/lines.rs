//! Lines of a log as its bytes go by: those that hold some words, or those from a number on. What is kept is bounded,
//! however long the log and its lines are.

use wire::api::{LogLine, LogLines, LogLinesQuery};

/// The most lines that are kept.
pub const LINES_MAX: usize = 200;
/// The most bytes that are kept of one line; further ones are looked into no more.
pub const LINE_MAX: usize = 1000;

/// Takes the bytes of a log from its begin on.
pub struct Lines {
    /// What a line has to hold.
    find: Option<Vec<u8>>,
    from: u64,
    /// The begin of the line that has not ended.
    open: Vec<u8>,
    /// Something of that line came.
    is_open: bool,
    told: LogLines,
}

impl Lines {
    /// Nothing came yet.
    pub fn new(query: &LogLinesQuery) -> Lines {
        let find = query.find.as_ref().map(|find| find.clone().into_bytes());
        Lines { find, from: query.line.unwrap_or(1), open: Vec::new(), is_open: false, told: LogLines::default() }
    }

    /// Takes the next bytes. False when it needs no more: all lines that it may keep are there, and nothing is counted.
    pub fn take(&mut self, bytes: &[u8]) -> bool {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
            let room = LINE_MAX.saturating_sub(self.open.len()).min(text.len());
            self.open.extend_from_slice(&text[..room]);
            self.is_open = true;
            if ends {
                self.end_line();
            }
            if self.is_full() {
                return false;
            }
        }
        true
    }

    /// The lines, after the last bytes of the log or of the time that there is for it.
    pub fn told(mut self, complete: bool) -> LogLines {
        if self.is_open && complete && !self.is_full() {
            self.end_line();
        }
        LogLines { complete, ..self.told }
    }

    fn is_full(&self) -> bool {
        self.find.is_none() && self.told.lines.len() >= LINES_MAX
    }

    fn end_line(&mut self) {
        self.told.read += 1;
        if self.told.read >= self.from && self.holds() {
            self.told.found += 1;
            if self.told.lines.len() < LINES_MAX {
                let text = String::from_utf8_lossy(&self.open).into_owned();
                self.told.lines.push(LogLine { number: self.told.read, text });
            }
        }
        self.open.clear();
        self.is_open = false;
    }

    fn holds(&self) -> bool {
        let Some(find) = &self.find else { return true };
        find.is_empty() || self.open.windows(find.len()).any(|window| window.eq_ignore_ascii_case(find))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(query: LogLinesQuery, log: &[u8], piece: usize) -> LogLines {
        let mut lines = Lines::new(&query);
        let complete = log.chunks(piece).all(|bytes| lines.take(bytes));
        lines.told(complete)
    }

    fn find(text: &str) -> LogLinesQuery {
        LogLinesQuery { find: Some(text.into()), line: None }
    }

    fn from(line: u64) -> LogLinesQuery {
        LogLinesQuery { find: None, line: Some(line) }
    }

    #[test]
    fn lines_are_found_wherever_the_bytes_are_cut() {
        let log = "start\nno Space left\n\nquota: NO SPACE\nend".as_bytes();
        for piece in 1..=log.len() {
            let told = told(find("no space"), log, piece);
            let numbers: Vec<u64> = told.lines.iter().map(|line| line.number).collect();
            assert_eq!((numbers, told.found, told.read, told.complete), (vec![2, 4], 2, 5, true), "{piece}");
            assert_eq!(told.lines[1].text, "quota: NO SPACE");
        }
        assert_eq!(told(find("END"), log, 3).lines[0].number, 5, "the last line needs no end");
        assert_eq!(told(find("start\nno"), log, 3).found, 0, "a line ends at its end");
    }

    #[test]
    fn lines_from_a_number_on_are_read_no_further_than_needed() {
        let log: String = (1..=1000).map(|line| format!("line {line}\n")).collect();
        let part = told(from(400), log.as_bytes(), 64);
        assert_eq!((part.lines.len(), part.lines[0].number, part.complete), (LINES_MAX, 400, false));
        assert_eq!(part.lines[0].text, "line 400");
        assert!(part.read < 610, "{} lines were read", part.read);
        let end = told(from(990), log.as_bytes(), 64);
        assert_eq!((end.lines.len(), end.read, end.complete), (11, 1000, true));
        assert_eq!(told(from(5000), log.as_bytes(), 64).lines, []);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let long = "x".repeat(10 * LINE_MAX);
        let log: String = (0..3 * LINES_MAX).map(|_| format!("{long}\n")).collect();
        let told = told(find("xx"), log.as_bytes(), 4096);
        assert_eq!((told.lines.len(), told.found), (LINES_MAX, 3 * LINES_MAX as u64));
        assert!(told.lines.iter().all(|line| line.text.len() == LINE_MAX));
    }

    #[test]
    fn nothing_has_no_lines() {
        assert_eq!(told(find("x"), b"", 1), LogLines { complete: true, ..LogLines::default() });
        assert_eq!(told(from(1), b"\n", 1).lines, [LogLine { number: 1, text: String::new() }]);
    }
}
