//! A stored decision, decided again: from its facts, with the steps and settings that it names.

use crate::chain::{self, StepName};
use crate::facts::Question;
use model::decision::Fact;
use model::{Decision, Step};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Facts that are words; all others are JSON.
const WORDS: [&str; 6] = ["name", "status", "message", "from", "trouble", "why"];
/// Groups of facts that tell their age.
const AGED: [&str; 5] = ["wms", "batch", "site", "cloud", "orders"];

/// The number and the steps that the decision's facts lead to; those of the decision itself when nothing has changed in
/// the program since. The error says which fact or step cannot be read.
pub fn replay(decision: &Decision) -> Result<(i64, Vec<Step>), String> {
    let chain = decision.steps.iter().map(|step| step.plugin.parse()).collect::<Result<Vec<StepName>, String>>()?;
    let question = Question::of_value(document(&decision.facts))?;
    Ok(chain::decide(&chain, question.input, &question.sched, &question.situation))
}

/// The facts as one document.
fn document(facts: &[Fact]) -> Value {
    let mut lists: Map<String, Value> = Map::new();
    let mut groups: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for fact in facts {
        match fact.name.split_once('.') {
            None => drop(lists.insert(fact.name.clone(), json(&fact.value))),
            Some(("sched", _)) => {
                let option = Value::String(fact.value.clone());
                groups.entry("options").or_default().insert(fact.name.clone(), option);
            }
            Some((group, name)) => {
                let value = if WORDS.contains(&name) { word(&fact.value) } else { json(&fact.value) };
                let members = groups.entry(group).or_default();
                members.insert(name.to_owned(), value);
                if AGED.contains(&group) {
                    members.insert("age_s".to_owned(), fact.age_s.into());
                }
            }
        }
    }
    let groups = groups.into_iter().map(|(name, members)| (name.to_owned(), Value::Object(members)));
    Value::Object(groups.chain(lists).collect())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// A site without a status has an empty one.
fn word(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::String(text.to_owned()) }
}
