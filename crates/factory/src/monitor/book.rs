//! What one monitor was told of which pilot, and what still waits for it. Made of lines, so that the same lines on disk make
//! the same book again.

use super::stage::{Event, Seen, Stage};
use model::PilotId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The most pilots of one `PUT /jobs`.
const CREATED_MAX: usize = 100;
/// The most states that are told at once, each of another pilot.
const STATES_MAX: usize = 8;

/// One change of a book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    /// Something is to be told.
    Event(Event),
    /// So many of what waited longest wait no more.
    Taken(u64),
    /// What a pilot has come to, for the monitor or for what waits.
    Told(Told),
}

/// What a pilot has come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The pilot.
    pub pilot: PilotId,
    /// The batch system's id of it.
    pub cid: String,
    /// Its label.
    pub label: String,
    /// What it had come to.
    pub stage: Stage,
}

/// The book of one monitor.
#[derive(Debug, Default)]
pub struct Book {
    told: BTreeMap<PilotId, Told>,
    waiting: VecDeque<Event>,
    /// How many events went before the first that waits; counts up in one process.
    gone: u64,
}

/// What can be told by one call, or by several at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The number of its first event.
    pub first: u64,
    /// All created, or none; no pilot twice.
    pub events: Vec<Event>,
}

impl Book {
    /// Applies a line.
    pub fn apply(&mut self, line: Line) {
        match line {
            Line::Event(event) => {
                self.note(Told::of(&event));
                self.waiting.push_back(event);
            }
            Line::Taken(events) => {
                let events = self.waiting.len().min(usize::try_from(events).unwrap_or(usize::MAX));
                self.waiting.drain(..events);
                self.gone += events as u64;
            }
            Line::Told(told) => self.note(told),
        }
    }

    fn note(&mut self, told: Told) {
        self.told.insert(told.pilot, told);
    }

    /// Whether it knows a pilot.
    pub fn knows(&self, pilot: PilotId) -> bool {
        self.told.contains_key(&pilot)
    }

    /// What a monitor must still be told of a pilot.
    pub fn missing<'a>(&'a self, seen: Seen<'a>, foreign: bool) -> impl Iterator<Item = Event> + 'a {
        let told = self.told.get(&seen.pilot);
        // A batch system may give another id when it begins again; the monitor knows the first one.
        let known = Seen { cid: told.map_or(seen.cid, |told| &told.cid), ..seen };
        known.missing(told.map(|told| told.stage), foreign)
    }

    /// What to tell of pilots that are not live any more though nobody said how they ended, as after a crash at the wrong
    /// moment. Those whose end was told are forgotten.
    pub fn settle(&mut self, live: &BTreeSet<PilotId>) -> Vec<Event> {
        self.told.retain(|pilot, told| !told.stage.is_final() || live.contains(pilot));
        let lost = self.told.values().filter(|told| !live.contains(&told.pilot));
        lost.map(Told::end).collect()
    }

    /// How many events wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many events must go so that at most `max` wait.
    pub fn excess(&self, max: usize) -> u64 {
        self.waiting.len().saturating_sub(max) as u64
    }

    /// The next events that can be told together, at most `most` of them: what is told of one pilot stays in order, as no
    /// window has two events of one.
    pub fn window(&self, most: usize) -> Window {
        let is_created = |event: &Event| event.stage == Stage::Created;
        let created = self.waiting.front().is_some_and(is_created);
        let most = most.min(if created { CREATED_MAX } else { STATES_MAX });
        let mut pilots = BTreeSet::new();
        let fits = |event: &&Event| is_created(event) == created && pilots.insert(event.pilot);
        Window { first: self.gone, events: self.waiting.iter().take(most).take_while(fits).cloned().collect() }
    }

    /// The line that takes all events before this number out.
    pub fn taken(&self, before: u64) -> Option<Line> {
        let events = before.saturating_sub(self.gone).min(self.waiting.len() as u64);
        (events > 0).then_some(Line::Taken(events))
    }

    /// How many lines make the same book.
    pub fn lines_len(&self) -> usize {
        self.waiting.len() + self.told.len()
    }

    /// Lines that make the same book.
    pub fn lines(&self) -> Vec<Line> {
        let waiting = self.waiting.iter().cloned().map(Line::Event);
        waiting.chain(self.told.values().cloned().map(Line::Told)).collect()
    }
}

impl Told {
    fn of(event: &Event) -> Told {
        let (cid, label) = (event.cid.clone(), event.label.clone());
        Told { pilot: event.pilot, cid, label, stage: event.stage }
    }

    /// A pilot that was exiting has ended well, as far as anybody knows.
    fn end(&self) -> Event {
        let stage = if self.stage == Stage::Exiting { Stage::Done } else { Stage::Fault };
        Event { pilot: self.pilot, cid: self.cid.clone(), label: self.label.clone(), stage, rc: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(pilot: i64, stage: Stage) -> Event {
        Event { pilot: PilotId(pilot), cid: format!("{pilot}.0"), label: "l".into(), stage, rc: None }
    }

    fn book(events: &[(i64, Stage)]) -> Book {
        let mut book = Book::default();
        events.iter().for_each(|(pilot, stage)| book.apply(Line::Event(event(*pilot, *stage))));
        book
    }

    fn pilots(window: &Window) -> Vec<i64> {
        window.events.iter().map(|event| event.pilot.0).collect()
    }

    #[test]
    fn a_window_has_no_pilot_twice_and_creations_by_themselves() {
        use Stage::*;
        let mut book = book(&[(1, Created), (2, Created), (1, Running), (2, Running), (1, Exiting), (3, Created)]);
        let take = |book: &mut Book| {
            let window = book.window(usize::MAX);
            let line = book.taken(window.first + window.events.len() as u64);
            line.into_iter().for_each(|line| book.apply(line));
            pilots(&window)
        };
        assert_eq!(pilots(&book.window(1)), [1]);
        assert_eq!(take(&mut book), [1, 2]);
        assert_eq!(take(&mut book), [1, 2]);
        assert_eq!(take(&mut book), [1]);
        assert_eq!(take(&mut book), [3]);
        assert_eq!(take(&mut book), [0; 0]);
    }

    #[test]
    fn what_was_dropped_meanwhile_is_not_taken_again() {
        use Stage::*;
        let mut book = book(&[(1, Created), (2, Created), (3, Created)]);
        let window = book.window(2);
        book.apply(Line::Taken(1));
        assert_eq!(book.taken(window.first + 2), Some(Line::Taken(1)));
        book.apply(Line::Taken(2));
        assert_eq!(book.taken(window.first + 2), None);
    }

    #[test]
    fn a_pilot_that_vanished_is_ended_once() {
        use Stage::*;
        let mut book = book(&[(1, Created), (2, Exiting), (3, Done), (4, Running)]);
        let ends = book.settle(&[PilotId(4)].into());
        assert_eq!(ends, [event(1, Fault), event(2, Done)]);
        ends.into_iter().for_each(|event| book.apply(Line::Event(event)));
        assert_eq!(book.settle(&[PilotId(4)].into()), []);
        assert!(book.knows(PilotId(4)) && !book.knows(PilotId(1)));
    }

    fn line() -> impl Strategy<Value = Line> {
        use Stage::*;
        let stage = prop::sample::select(vec![Created, Running, Exiting, Done, Fault]);
        let of_pilot = (0..6_i64, stage).prop_map(|(pilot, stage)| Line::Event(event(pilot, stage)));
        prop_oneof![4 => of_pilot, 1 => (0..4_u64).prop_map(Line::Taken)]
    }

    proptest! {
        #[test]
        fn the_lines_of_a_book_make_the_same_book(lines in prop::collection::vec(line(), 0..40)) {
            let mut book = Book::default();
            lines.into_iter().for_each(|line| book.apply(line));
            let mut again = Book::default();
            book.lines().into_iter().for_each(|line| again.apply(line));
            prop_assert_eq!(&again.told, &book.told);
            prop_assert_eq!(&again.waiting, &book.waiting);
        }

        #[test]
        fn what_is_told_of_a_pilot_stays_in_order(lines in prop::collection::vec(line(), 0..40)) {
            let mut book = Book::default();
            let mut wanted: BTreeMap<PilotId, Vec<Stage>> = BTreeMap::new();
            for line in lines {
                if let Line::Event(event) = &line {
                    wanted.entry(event.pilot).or_default().push(event.stage);
                    book.apply(line);
                }
            }
            let mut told: BTreeMap<PilotId, Vec<Stage>> = BTreeMap::new();
            loop {
                let window = book.window(usize::MAX);
                let Some(line) = book.taken(window.first + window.events.len() as u64) else { break };
                window.events.into_iter().for_each(|event| told.entry(event.pilot).or_default().push(event.stage));
                book.apply(line);
            }
            prop_assert_eq!(told, wanted);
        }
    }
}
