//! The event log of one job: how it ended, when the queue no longer shows it.

use super::hold::Hold;
use super::state::End;

/// What the events so far come to.
#[derive(Default)]
struct Life {
    has_run: bool,
    held: Option<Hold>,
    end: Option<End>,
}

/// How the job ended; `None` while the log knows of no end.
pub fn end(log: &str) -> Option<End> {
    let mut life = Life::default();
    // A log ends each event by a line of three dots; an event that is being written has none yet.
    for event in log.split_inclusive("\n...\n").filter_map(|event| event.strip_suffix("...\n")) {
        life.learn(event.trim_start());
    }
    life.end
}

impl Life {
    fn learn(&mut self, event: &str) {
        let Some((number, _)) = event.split_once(' ') else { return };
        let body = event.split_once('\n').map_or("", |(_, body)| body);
        match number {
            "001" => (self.has_run, self.held) = (true, None),
            "012" => (self.has_run, self.held) = (false, Some(hold(body))),
            "013" => self.held = None,
            "005" => self.end = terminated(body),
            "009" => {
                let (reason, held) = (first_line(body), self.held.take());
                self.end = Some(End::Removed { reason, has_run: self.has_run, held });
            }
            _ => {}
        }
    }
}

/// `(1) Normal termination (return value 3)` or `(0) Abnormal termination (signal 9)`.
fn terminated(body: &str) -> Option<End> {
    let number = |word: &str| body.split_once(word)?.1.split(')').next()?.trim().parse().ok();
    number("(return value ").map(End::Exited).or_else(|| number("(signal ").map(End::Signalled))
}

/// The reason, then `Code 1 Subcode 0`.
fn hold(body: &str) -> Hold {
    let code = body.lines().find_map(|line| line.trim().strip_prefix("Code ")?.split(' ').next()?.parse().ok());
    Hold { code, reason: first_line(body) }
}

fn first_line(body: &str) -> String {
    body.lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recorded from HTCondor 23.9.6.
    const TERMINATED: &str = include_str!("recorded/terminated.log");
    const SIGNALLED: &str = include_str!("recorded/signalled.log");
    const REQUEUED_AND_REMOVED: &str = include_str!("recorded/requeued-and-removed.log");
    const HELD_AND_REMOVED: &str = include_str!("recorded/held-and-removed.log");
    const TOO_LONG: &str = include_str!("recorded/too-long.log");

    #[test]
    fn reads_recorded_ends() {
        assert_eq!(end(TERMINATED), Some(End::Exited(73)));
        assert_eq!(end(SIGNALLED), Some(End::Signalled(9)));
        insta::assert_debug_snapshot!([REQUEUED_AND_REMOVED, HELD_AND_REMOVED, TOO_LONG].map(end));
    }

    #[test]
    fn no_part_of_a_log_is_read_wrong() {
        for log in [TERMINATED, SIGNALLED, REQUEUED_AND_REMOVED, HELD_AND_REMOVED, TOO_LONG] {
            let whole = end(log);
            for length in (0..log.len()).filter(|length| log.is_char_boundary(*length)) {
                let part = end(&log[..length]);
                assert!(part.is_none() || part == whole, "{length}: {part:?}");
            }
        }
        assert_eq!(end("...\n...\n005\n...\n"), None);
    }
}
