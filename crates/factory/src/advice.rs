//! What programs of the site's are asked for the step Command, and what is made of their answers.

use crate::chain::{self, StepName};
use crate::config::{Config, guarded};
use crate::plan::facts_of;
use crate::situation::Advice;
use crate::world::World;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Characters of a message that are kept.
const MESSAGE_MAX: usize = 500;
/// Seconds after which a program is given up, unless the label says otherwise.
const TIMEOUT_S: i64 = 5;

/// A program, and the seconds after which it is given up.
pub type Program = (String, u64);

/// What is asked about one label.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Question {
    /// The label.
    pub label: String,
    /// What the step looks at, as `pilotage factory decide` reads it; `input` is the number of the steps before.
    pub facts: Value,
    #[serde(skip)]
    input: i64,
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The label.
    pub label: String,
    /// The number.
    pub number: i64,
    /// Why.
    #[serde(default)]
    pub message: String,
}

/// The questions about enabled labels, or about one of them, in a world whose pilots were counted; all of a program
/// together.
pub fn questions(config: &Config, world: &World, only: Option<&str>) -> BTreeMap<Program, Vec<Question>> {
    let mut all: BTreeMap<Program, Vec<Question>> = BTreeMap::new();
    let wanted = config.label.iter().filter(|(name, label)| match only {
        Some(only) => only == name.as_str(),
        None => label.enabled,
    });
    for (name, _) in wanted {
        if let Some((program, question)) = question(config, world, name) {
            all.entry(program).or_default().push(question);
        }
    }
    all
}

fn question(config: &Config, world: &World, name: &str) -> Option<(Program, Question)> {
    let label = config.label.get(name)?;
    let chain = guarded(label.chain(&config.factory));
    let place = chain.iter().position(|step| *step == StepName::Command)?;
    let sched = config.sched_of(label);
    let settings = &sched.command;
    let timeout_s = settings.timeout.unwrap_or(TIMEOUT_S).unsigned_abs();
    let program = (settings.program.clone()?, timeout_s);
    let situation = world.situation(config, name, &chain, &sched).within(config.factory.stale());
    let (input, _) = chain::decide(&chain[..place], 0, &sched, &situation);
    let Ok(Value::Object(mut facts)) = serde_json::to_value(&situation) else { return None };
    facts.remove("command");
    let set = facts_of(&situation, &chain, &sched).into_iter().filter(|fact| fact.name.starts_with("sched."));
    let options: Map<String, Value> = set.map(|fact| (fact.name, Value::String(fact.value))).collect();
    facts.insert("options".to_owned(), Value::Object(options));
    facts.insert("input".to_owned(), input.into());
    Some((program, Question { label: name.to_owned(), facts: Value::Object(facts), input }))
}

/// What is wrong with a line.
pub fn check(questions: &[Question], row: &Row) -> Result<(), String> {
    let asked = questions.iter().any(|question| question.label == row.label);
    if asked { Ok(()) } else { Err(format!("nobody asked about label '{}'", row.label)) }
}

/// What each label's step is given: the answer, or why there is none. Of two lines for a label the later one counts.
pub fn advice(questions: &[Question], said: Result<Vec<Row>, String>) -> BTreeMap<String, Advice> {
    let (rows, why) = match said {
        Ok(rows) => (rows, "the program said nothing of this label".to_owned()),
        Err(why) => (Vec::new(), format!("failed to {why}")),
    };
    let mut rows: BTreeMap<String, Row> = rows.into_iter().map(|row| (row.label.clone(), row)).collect();
    let mut of = |question: &Question| {
        let row = rows.remove(&question.label);
        let number = row.as_ref().map(|row| row.number);
        let message = row.map_or_else(|| why.clone(), |row| row.message);
        let message = message.chars().take(MESSAGE_MAX).collect::<String>().replace(char::is_control, " ");
        (question.label.clone(), Advice { input: Some(question.input), number, message })
    };
    questions.iter().map(&mut of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts;
    use std::path::Path;

    fn config() -> Config {
        let label = |name: &str, chain: &str, program: &str| {
            format!(
                "[label.{name}]\nqueue = \"q\"\nbatch = \"b\"\nchain = {chain}\nsched.command.program = \"{program}\"\n"
            )
        };
        let text = [
            "[factory]\nname = \"f\"\n[batch.b]\nsystem = \"local\"\n".to_owned(),
            label("a", "[\"Fixed\", \"Scale\", \"Command\"]", "p")
                + "sched.fixed.pilotspercycle = 4\nsched.scale.factor = 2.0\n",
            label("b", "[\"Command\"]", "/opt/p"),
            label("c", "[\"Command\"]", "p") + "sched.command.timeout = 2\n",
            label("d", "[\"Command\"]", "p") + "enabled = false\n",
            label("e", "[\"Command\"]", "p"),
            label("f", "[\"Ready\"]", "p"),
        ];
        Config::parse(&text.concat(), Path::new("factory.toml")).unwrap()
    }

    #[test]
    fn labels_with_the_same_program_are_asked_about_together() {
        let all = questions(&config(), &World::default(), None);
        let labels = |asked: &Vec<Question>| asked.iter().map(|one| one.label.clone()).collect::<Vec<_>>().join(",");
        let seen: Vec<_> = all.iter().map(|((program, limit), asked)| (&**program, *limit, labels(asked))).collect();
        assert_eq!(seen, [("/opt/p", 5, "b".into()), ("p", 2, "c".into()), ("p", 5, "a,e".into())]);
        let one = questions(&config(), &World::default(), Some("d"));
        assert_eq!(one.values().map(labels).collect::<Vec<_>>(), ["d"]);
    }

    #[test]
    fn a_question_is_what_decide_reads_and_has_the_number_of_the_steps_before() {
        let all = questions(&config(), &World::default(), Some("a"));
        let [asked] = &all.values().next().unwrap()[..] else { panic!("{all:?}") };
        assert_eq!(asked.facts["options"]["sched.scale.factor"], "2.0");
        let read = facts::Question::read(&asked.facts.to_string(), Path::new("facts.json")).unwrap();
        assert_eq!((read.input, read.sched.fixed.pilotspercycle), (8, Some(4)));
        assert_eq!(read.situation.wms, None, "what is not known is not called nothing");
    }

    #[test]
    fn a_label_without_a_line_has_no_answer() {
        let asked: Vec<Question> = questions(&config(), &World::default(), None).remove(&("p".into(), 5)).unwrap();
        let row = |label: &str| Row { label: label.into(), number: 7, message: "two\nlines".into() };
        assert_eq!(check(&asked, &row("f")), Err("nobody asked about label 'f'".into()));
        assert_eq!(check(&asked, &row("a")), Ok(()));
        let given = advice(&asked, Ok(vec![row("a")]));
        assert_eq!((given["a"].number, given["a"].message.as_str()), (Some(7), "two lines"));
        assert_eq!((given["e"].number, given["e"].message.as_str()), (None, "the program said nothing of this label"));
        let given = advice(&asked, Err("run p: exit code 1: oh".into()));
        assert_eq!((given["a"].number, given["a"].message.as_str()), (None, "failed to run p: exit code 1: oh"));
    }
}
