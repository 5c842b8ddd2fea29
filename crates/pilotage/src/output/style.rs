//! Colours of states, the same as on the pages; none without a terminal or with `NO_COLOR`.

use model::{JobState, PilotState};
use std::io::IsTerminal;

/// One colour per kind of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Grey.
    Waiting,
    /// Amber.
    Created,
    /// Blue.
    Running,
    /// Violet.
    Exiting,
    /// Green.
    Done,
    /// Red.
    Fault,
}

/// The tone of a job's state.
pub fn job_tone(state: JobState) -> Tone {
    match state {
        JobState::Defined | JobState::Activated => Tone::Waiting,
        JobState::Sent | JobState::Starting => Tone::Created,
        JobState::Running => Tone::Running,
        JobState::Holding | JobState::Transferring => Tone::Exiting,
        JobState::Finished => Tone::Done,
        JobState::Failed | JobState::Cancelled | JobState::Closed => Tone::Fault,
    }
}

/// The tone of a pilot's state.
pub fn pilot_tone(state: PilotState) -> Tone {
    match state {
        PilotState::Announced | PilotState::Submitted | PilotState::Pending => Tone::Created,
        PilotState::Running => Tone::Running,
        PilotState::Exiting => Tone::Exiting,
        PilotState::Done => Tone::Done,
        PilotState::Fault => Tone::Fault,
    }
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Tone::Waiting => "90",
            Tone::Created => "33",
            Tone::Running => "34",
            Tone::Exiting => "35",
            Tone::Done => "32",
            Tone::Fault => "31",
        }
    }
}

/// Whether and how text is coloured.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    coloured: bool,
}

impl Style {
    /// No colour at all.
    #[cfg(test)]
    pub const PLAIN: Style = Style { coloured: false };

    /// For standard output.
    pub fn for_stdout() -> Style {
        Style { coloured: std::io::stdout().is_terminal() && wanted() }
    }

    /// For standard error.
    pub fn for_stderr() -> Style {
        Style { coloured: std::io::stderr().is_terminal() && wanted() }
    }

    /// Text in the colour of a state.
    pub fn toned(self, tone: Tone, text: &str) -> String {
        self.painted(tone.code(), text)
    }

    /// A heading.
    pub fn heading(self, text: &str) -> String {
        self.painted("1", text)
    }

    /// Something less important.
    pub fn faint(self, text: &str) -> String {
        self.painted("90", text)
    }

    /// The word before a failure.
    pub fn fault(self, text: &str) -> String {
        self.painted("1;31", text)
    }

    /// The word before a hint.
    pub fn note(self, text: &str) -> String {
        self.painted("1;36", text)
    }

    fn painted(self, code: &str, text: &str) -> String {
        if self.coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn wanted() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
