//! Every step against rows that were computed by hand from AutoPyFactory's formulae, or from those in docs/scheduler.md.

mod bounds;
mod broken;
mod classic;
mod further;
mod reference;

use super::*;
use crate::facts::Question;
use std::path::Path;

/// One row: step, facts as in a file for `pilotage factory decide`, number, message.
type Row = (&'static str, &'static str, i64, &'static str);

fn ask(text: &str) -> Question {
    Question::read(text, Path::new("facts.json")).unwrap()
}

fn answer(chain: &str, facts: &str) -> (i64, Vec<Step>) {
    let chain: Vec<StepName> = chain.split(',').map(|name| name.parse().unwrap()).collect();
    let question = ask(facts);
    decide(&chain, question.input, &question.sched, &question.situation)
}

fn check(rows: &[Row]) {
    for (step, facts, number, message) in rows {
        let (got, steps) = answer(step, facts);
        assert_eq!((got, steps[0].message.as_str()), (*number, *message), "{step} of {facts}");
    }
}
