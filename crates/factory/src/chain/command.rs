//! Command: the number that a program of the site's gives.

use super::Outcome;
use super::settings::settings;
use crate::situation::Situation;

settings!(
    /// `sched.command`.
    Command {
        /// The program that is asked: an absolute path or a name in `PATH`.
        program: String,
        /// Seconds after which it is given up, 1 to 60; 5 when not set.
        timeout: i64,
    }
);

/// What the program answered; without an answer nothing is submitted and nothing removed.
pub(super) fn command(n: i64, _: &Command, situation: &Situation) -> Outcome {
    let Some(advice) = &situation.command else {
        return (0, format!("Command:comment=not asked,in={n},ret=0"));
    };
    let Some(out) = advice.number else {
        return (0, format!("Command:comment=no answer,in={n},ret=0,why={}", advice.message));
    };
    let asked = advice.input.filter(|input| *input != n).map(|input| format!(",asked={input}")).unwrap_or_default();
    let said = if advice.message.is_empty() { String::new() } else { format!(",said={}", advice.message) };
    (out, format!("Command:in={n}{asked},ret={out}{said}"))
}
