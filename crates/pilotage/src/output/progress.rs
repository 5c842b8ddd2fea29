//! The progress of a set of jobs on standard error.

use super::{Style, Tone, count};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::JobState;
use std::io::{IsTerminal, Write};
use wire::api::JobCounts;

/// A bar when standard error is a terminal, nothing otherwise.
pub struct JobsProgress {
    bar: ProgressBar,
    style: Style,
}

impl JobsProgress {
    /// A bar for `total` jobs.
    pub fn new(total: u64) -> JobsProgress {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
        let style = ProgressStyle::with_template("  {bar:30.green/8} {pos:>6}/{len}  {msg}  {elapsed:.8}");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("━╸━"));
        }
        JobsProgress { bar, style: Style::for_stderr() }
    }

    /// Whether anybody sees it.
    pub fn is_seen(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// Shows the counts.
    pub fn show(&self, counts: &JobCounts) {
        self.bar.set_length(counts.total());
        self.bar.set_position(counts.total() - counts.open());
        self.bar.set_message(in_words(counts, self.style));
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Several bars, one below the other; lines of text when standard error is no terminal.
pub struct JobsBars {
    all: MultiProgress,
}

/// One of several bars.
pub struct TitledBar {
    bar: ProgressBar,
    title: &'static str,
    style: Style,
}

impl JobsBars {
    /// No bar yet.
    pub fn new() -> JobsBars {
        JobsBars { all: MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)) }
    }

    /// A bar for `total` jobs.
    pub fn add(&self, title: &'static str, total: u64) -> TitledBar {
        let bar = self.all.add(ProgressBar::new(total));
        if let Ok(style) = ProgressStyle::with_template("  {prefix:<30} {bar:24.green/8} {pos:>3}/{len:<3} {msg}") {
            bar.set_style(style.progress_chars("━╸━"));
        }
        bar.set_prefix(title);
        bar.tick();
        TitledBar { bar, title, style: Style::for_stderr() }
    }
}

impl TitledBar {
    /// Shows the counts; `wanted` is the state in which the jobs should end.
    pub fn show(&self, counts: &JobCounts, wanted: JobState, is_over: bool) {
        self.bar.set_position(counts.total() - counts.open());
        let as_wanted = is_over && counts.of(wanted) == counts.total();
        let words = if as_wanted { self.as_wanted(wanted) } else { in_words(counts, self.style) };
        if is_over && !std::io::stderr().is_terminal() {
            // Progress is only a help; nobody may be there to read it.
            let _ = writeln!(std::io::stderr(), "  {:<30} {words}", self.title);
        }
        if is_over { self.bar.finish_with_message(words) } else { self.bar.set_message(words) }
    }

    fn as_wanted(&self, wanted: JobState) -> String {
        let words = if wanted == JobState::Finished { "finished".to_owned() } else { format!("{wanted}, as it must") };
        self.style.toned(Tone::Done, &words)
    }
}

fn in_words(counts: &JobCounts, style: Style) -> String {
    let waiting = counts.of(JobState::Defined) + counts.of(JobState::Activated);
    let with_pilot =
        JobState::ALL.into_iter().filter(|state| state.is_with_pilot()).map(|state| counts.of(state)).sum();
    let failed = counts.of(JobState::Failed) + counts.of(JobState::Cancelled) + counts.of(JobState::Closed);
    let parts: [(u64, &str, Tone); 4] = [
        (waiting, "waiting", Tone::Waiting),
        (with_pilot, "running", Tone::Running),
        (counts.of(JobState::Finished), "finished", Tone::Done),
        (failed, "not finished", Tone::Fault),
    ];
    let said = parts.into_iter().filter(|(number, ..)| *number > 0);
    said.map(|(number, word, tone)| style.toned(tone, &format!("{} {word}", count(number))))
        .collect::<Vec<_>>()
        .join(", ")
}
