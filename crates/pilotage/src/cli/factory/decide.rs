//! `pilotage factory decide`: the scheduler chain on facts from a file, and stored decisions taken again.

use crate::cli::args::DecideArgs;
use crate::output::{BadInput, Table, print, print_json, utc_time};
use factory::chain::{self, StepName};
use factory::facts::Question;
use model::{Decision, DecisionId, Step, Time};
use serde::Serialize;
use serde_json::Value;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

/// The most bytes of a file with facts or decisions.
const FILE_MAX: u64 = 64 << 20;

/// What a chain made of its facts.
#[derive(Serialize)]
struct Answer {
    number: i64,
    steps: Vec<Step>,
}

/// A stored decision, taken again.
#[derive(Serialize)]
struct Replayed {
    id: DecisionId,
    time: Time,
    factory: String,
    label: String,
    #[serde(flatten)]
    answer: Answer,
    /// Whether it came to the same number by the same steps.
    same: bool,
}

/// What `pilotage decisions --json` prints, or one decision.
enum Stored {
    Page(Vec<Decision>),
    One(Box<Decision>),
}

impl Stored {
    fn read(text: &str) -> serde_json::Result<Stored> {
        let mut value: Value = serde_json::from_str(text)?;
        match value.get_mut("decisions").map(Value::take) {
            Some(decisions) => serde_json::from_value(decisions).map(Stored::Page),
            None => serde_json::from_value(value).map(Stored::One),
        }
    }
}

/// Decides, without a factory and without a server.
pub fn run(args: &DecideArgs) -> anyhow::Result<ExitCode> {
    match (&args.chain, &args.facts, &args.replay) {
        (Some(chain), Some(facts), _) => decide(chain, facts, args.output.json),
        (.., Some(stored)) => replay(stored, args.output.json),
        _ => Err(BadInput::new("nothing to decide").hint("use --chain STEPS --facts FILE, or --replay FILE").into()),
    }
}

fn decide(chain: &str, facts: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let chain = steps_of(chain)?;
    let (name, text) = read(facts)?;
    let question = Question::read(&text, Path::new(&name)).map_err(|error| BadInput::new(error.to_string()))?;
    let (number, steps) = chain::decide(&chain, question.input, &question.sched, &question.situation);
    let answer = Answer { number, steps };
    if json {
        print_json(&answer)?
    } else {
        print(&in_words(&answer))?
    }
    Ok(ExitCode::SUCCESS)
}

fn steps_of(chain: &str) -> Result<Vec<StepName>, BadInput> {
    let names = chain.split(',').map(str::trim).filter(|name| !name.is_empty());
    let steps = names.map(str::parse).collect::<Result<Vec<StepName>, String>>();
    let steps = steps.map_err(|what| BadInput::new(format!("--chain: {what}")))?;
    if steps.is_empty() {
        return Err(BadInput::new("--chain: it names no step").hint("such as --chain Ready,MaxPerCycle,MaxPending"));
    }
    Ok(steps)
}

fn in_words(answer: &Answer) -> String {
    let mut table = Table::new(&["step", ">in", ">out", "~message"]);
    for step in &answer.steps {
        let message = step.message.strip_prefix(&format!("{}:", step.plugin)).unwrap_or(&step.message);
        table.row([step.plugin.clone(), step.input.to_string(), step.output.to_string(), message.to_owned()]);
    }
    format!("{}number {}\n", table.text(), answer.number)
}

fn replay(path: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let (name, text) = read(path)?;
    let stored = Stored::read(&text)
        .map_err(|error| BadInput::new(format!("{name}: neither a decision nor a list of decisions: {error}")))?;
    let all_same = match stored {
        Stored::One(decision) => {
            let replayed = again(&name, &decision)?;
            if json {
                print_json(&replayed.answer)?
            } else {
                print(&told(&replayed, &decision))?
            }
            replayed.same
        }
        Stored::Page(decisions) => {
            let all = decisions.iter().map(|decision| again(&name, decision)).collect::<Result<Vec<_>, _>>()?;
            if json {
                print_json(&serde_json::json!({ "decisions": all }))?;
            } else {
                print(&all.iter().zip(&decisions).map(|(new, old)| told(new, old)).collect::<String>())?;
            }
            all.iter().all(|replayed| replayed.same)
        }
    };
    Ok(if all_same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn again(name: &str, decision: &Decision) -> Result<Replayed, BadInput> {
    let (number, steps) = factory::replay(decision)
        .map_err(|what| BadInput::new(format!("{name}: decision {} of {}: {what}", decision.id, decision.label)))?;
    Ok(Replayed {
        id: decision.id,
        time: decision.time,
        factory: decision.factory.clone(),
        label: decision.label.clone(),
        same: number == decision.number && steps == decision.steps,
        answer: Answer { number, steps },
    })
}

fn told(replayed: &Replayed, decision: &Decision) -> String {
    let place = format!("{}  {}, label {}", utc_time(decision.time), decision.factory, decision.label);
    if replayed.same {
        return format!("{place}: {} again\n", decision.number);
    }
    format!("{place}: {} now, {} then\n{}", replayed.answer.number, decision.number, in_words(&replayed.answer))
}

/// The text of a file, or of standard input for `-`, and what messages call it.
fn read(path: &Path) -> Result<(String, String), BadInput> {
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let mut text = String::new();
    let source: io::Result<Box<dyn Read>> = if path == Path::new("-") {
        Ok(Box::new(io::stdin()))
    } else {
        File::open(path).map(|file| Box::new(file) as _)
    };
    let length = source
        .and_then(|source| source.take(FILE_MAX + 1).read_to_string(&mut text))
        .map_err(|error| BadInput::new(format!("{name}: cannot be read: {error}")))?;
    if length as u64 > FILE_MAX {
        return Err(BadInput::new(format!("{name}: is longer than {} MiB", FILE_MAX >> 20)));
    }
    Ok((name, text))
}
