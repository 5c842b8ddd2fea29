//! A book on disk, in one file of JSON lines that only grows, until it is written anew without what is over. What was
//! appended outlives the process; nothing is synced for it, as a monitor is not worth a cycle that waits for a disk.

use super::book::{Book, Line};
use super::stage::Event;
use model::PilotId;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Lines beyond twice those that are needed before the file is written anew.
const SLACK: usize = 10_000;

/// What waits for one monitor.
pub struct Spool {
    path: PathBuf,
    file: File,
    book: Book,
    /// The most events that wait.
    max: usize,
    /// Lines in the file.
    lines: usize,
    /// The file lacks what the book has, as the disk did not take it; it must be written anew.
    is_behind: bool,
    /// The file does not end with a line end.
    is_torn: bool,
    /// What was appended since the file is being written anew.
    meanwhile: Option<Vec<u8>>,
    dropped: u64,
}

/// A file that is to be written.
pub struct Rewrite {
    path: PathBuf,
    lines: Vec<Line>,
}

impl Spool {
    /// Opens the file, or makes it. Lines that make no sense are left out.
    pub fn open(path: &Path) -> io::Result<Spool> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        let file = open_file(path, false)?;
        let text = fs::read(path)?;
        let mut book = Book::default();
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let lines = lines.map(|line| serde_json::from_slice(line).map(|line| book.apply(line))).count();
        let is_torn = text.last().is_some_and(|last| *last != b'\n');
        let path = path.to_owned();
        Ok(Spool { path, file, book, max: usize::MAX, lines, is_behind: false, is_torn, meanwhile: None, dropped: 0 })
    }

    /// What is in it.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// How many events were dropped since it was opened, as too many waited.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many events may wait from now on.
    pub fn set_max(&mut self, max: usize) {
        self.max = max;
        self.add(Vec::new());
    }

    /// Adds events. When too many wait then, the oldest go.
    pub fn add(&mut self, events: Vec<Event>) {
        self.append(events.into_iter().map(Line::Event).collect());
        let excess = self.book.excess(self.max);
        if excess > 0 {
            self.append(vec![Line::Taken(excess)]);
            self.dropped += excess;
        }
    }

    /// What to tell of pilots that vanished; see [`Book::settle`].
    pub fn settle(&mut self, live: &BTreeSet<PilotId>) -> Vec<Event> {
        self.book.settle(live)
    }

    /// All events before this number need not wait any more.
    pub fn take(&mut self, before: u64) {
        self.append(self.book.taken(before).into_iter().collect());
    }

    fn append(&mut self, lines: Vec<Line>) {
        let text = text(&lines);
        self.lines += lines.len();
        lines.into_iter().for_each(|line| self.book.apply(line));
        if let Some(meanwhile) = &mut self.meanwhile {
            meanwhile.extend_from_slice(&text);
        }
        if text.is_empty() || self.is_behind {
            return;
        }
        let begin: &[u8] = if self.is_torn { b"\n" } else { b"" };
        match self.file.write_all(&[begin, &text].concat()) {
            Ok(()) => self.is_torn = false,
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "could not write down what a monitor is to be told");
                (self.is_behind, self.is_torn) = (true, true);
            }
        }
    }

    /// What to write when the file should be written anew; then [`Spool::rewritten`] must be told.
    pub fn rewrite(&mut self) -> Option<Rewrite> {
        let is_long = self.lines > 2 * self.book.lines_len() + SLACK;
        if !is_long && !self.is_behind {
            return None;
        }
        self.meanwhile = Some(Vec::new());
        Some(Rewrite { path: self.path.with_extension("new"), lines: self.book.lines() })
    }

    /// Takes the file that was written, with what came meanwhile.
    pub fn rewritten(&mut self, file: io::Result<File>) -> io::Result<()> {
        let meanwhile = self.meanwhile.take().unwrap_or_default();
        let mut file = file?;
        file.write_all(&meanwhile)?;
        fs::rename(self.path.with_extension("new"), &self.path)?;
        self.file = file;
        (self.is_behind, self.is_torn) = (false, false);
        self.lines = self.book.lines_len();
        Ok(())
    }
}

impl Rewrite {
    /// Writes the file beside the old one.
    pub fn write(&self) -> io::Result<File> {
        let mut file = open_file(&self.path, true)?;
        file.write_all(&text(&self.lines))?;
        file.sync_data()?;
        Ok(file)
    }
}

fn open_file(path: &Path, truncate: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    if truncate {
        options.write(true).truncate(true)
    } else {
        options.append(true)
    };
    options.create(true).mode(0o600).open(path)
}

fn text(lines: &[Line]) -> Vec<u8> {
    let mut text = Vec::new();
    for line in lines {
        // Such a line has nothing in it that JSON could not hold, and memory takes all that is written.
        if serde_json::to_writer(&mut text, line).is_ok() {
            text.push(b'\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::stage::Stage;
    use super::*;

    fn created(pilots: std::ops::Range<i64>) -> Vec<Event> {
        let event = |pilot: i64| Event {
            pilot: PilotId(pilot),
            cid: pilot.to_string(),
            label: "l".into(),
            stage: Stage::Created,
            rc: None,
        };
        pilots.map(event).collect()
    }

    fn waiting(spool: &Spool) -> Vec<i64> {
        spool.book().window(usize::MAX).events.iter().map(|event| event.pilot.0).collect()
    }

    #[test]
    fn what_was_added_and_not_taken_is_there_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m/a.spool");
        let mut spool = Spool::open(&path).unwrap();
        spool.add(created(0..4));
        spool.take(2);
        drop(spool);
        assert_eq!(waiting(&Spool::open(&path).unwrap()), [2, 3]);
    }

    #[test]
    fn a_line_that_was_cut_off_costs_that_line_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.spool");
        let mut spool = Spool::open(&path).unwrap();
        spool.add(created(0..2));
        spool.file.write_all(br#"{"event":{"pil"#).unwrap();
        let mut spool = Spool::open(&path).unwrap();
        spool.add(created(2..3));
        drop(spool);
        assert_eq!(waiting(&Spool::open(&path).unwrap()), [0, 1, 2]);
    }

    #[test]
    fn beyond_the_bound_the_oldest_go_and_it_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.spool");
        let mut spool = Spool::open(&path).unwrap();
        spool.set_max(3);
        spool.add(created(0..3));
        assert_eq!(spool.dropped(), 0);
        spool.add(created(3..5));
        assert_eq!(spool.dropped(), 2);
        assert_eq!(waiting(&spool), [2, 3, 4]);
        assert_eq!(waiting(&Spool::open(&path).unwrap()), [2, 3, 4]);
    }

    #[test]
    fn the_file_is_written_anew_with_what_came_meanwhile() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.spool");
        let mut spool = Spool::open(&path).unwrap();
        spool.add(created(0..8000));
        spool.take(8000);
        let ends = spool.settle(&BTreeSet::new());
        spool.add(ends);
        spool.take(16_000);
        assert_eq!(spool.settle(&BTreeSet::new()), [], "all are forgotten");
        let long = fs::metadata(&path).unwrap().len();
        let rewrite = spool.rewrite().expect("it is long");
        let file = rewrite.write();
        spool.add(created(9000..9002));
        spool.rewritten(file).unwrap();
        spool.add(created(9002..9003));
        assert!(fs::metadata(&path).unwrap().len() < long / 100);
        assert!(spool.rewrite().is_none());
        assert_eq!(waiting(&Spool::open(&path).unwrap()), [9000, 9001, 9002]);
    }

    #[test]
    fn a_disk_that_takes_nothing_costs_nothing_while_the_process_lives() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.spool");
        let mut spool = Spool::open(&path).unwrap();
        spool.add(created(0..1));
        spool.file = OpenOptions::new().write(true).open("/dev/full").unwrap();
        spool.add(created(1..3));
        spool.take(1);
        assert_eq!(waiting(&spool), [1, 2]);
        assert_eq!(waiting(&Spool::open(&path).unwrap()), [0], "a whole beginning");
        let rewrite = spool.rewrite().expect("it is behind");
        spool.rewritten(rewrite.write()).unwrap();
        assert_eq!(waiting(&Spool::open(&path).unwrap()), [1, 2]);
    }
}
