//! Submit files as AutoPyFactory's reference demands them, beside ours: what may differ, and nothing else.

use std::collections::BTreeMap;

/// Lines that AutoPyFactory did not have: what Pilotage finds its pilots by, and how they are removed.
const OWN: [&str; 6] =
    ["+PilotageId", "+PilotageFactory", "+PilotageUser", "initialdir", "want_graceful_removal", "job_max_vacate_time"];
/// The last line of those that all flavours have in common. What follows are attributes, which HTCondor knows by name.
const LAST_IN_ORDER: &str = "transfer_executable";
/// The last variable of the contract; those of the operator follow, in any order.
const LAST_VARIABLE: &str = "FACTORYUSER=";

/// The lines of a submit file, in a form in which equal ones are equal.
#[derive(Debug, PartialEq, Eq)]
pub struct SubmitFile {
    in_order: Vec<String>,
    by_name: Vec<String>,
    /// Those of Pilotage alone.
    pub own: BTreeMap<String, String>,
}

impl SubmitFile {
    /// Reads it; comments are left out, and how many pilots there are stands elsewhere in ours.
    pub fn read(text: &str) -> SubmitFile {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("queue "));
        let pairs = lines.map(|line| line.split_once('=').unwrap_or_else(|| panic!("'{line}' is no line of a file")));
        let pairs: Vec<(&str, &str)> = pairs.map(|(key, value)| (key.trim(), value.trim())).collect();
        let in_rsl = pairs.iter().any(|(key, _)| *key == "nordugrid_rsl");
        let (mut in_order, mut by_name, mut own, mut is_base) = (Vec::new(), Vec::new(), BTreeMap::new(), true);
        for (key, value) in pairs {
            let line = format!("{key} = {}", normal(key, value, in_rsl));
            match (OWN.contains(&key), is_base) {
                (true, _) => drop(own.insert(key.to_owned(), value.to_owned())),
                (false, true) => in_order.push(line),
                (false, false) => by_name.push(line),
            }
            is_base &= key != LAST_IN_ORDER;
        }
        by_name.sort();
        SubmitFile { in_order, by_name, own }
    }

    /// Asserts that ours has every line that is demanded, in the order that is, and no further one.
    pub fn assert_is(&self, demanded: &SubmitFile, label: &str) {
        assert_eq!(self.in_order, demanded.in_order, "{label}");
        assert_eq!(self.by_name, demanded.by_name, "{label}");
    }
}

fn normal(key: &str, value: &str, in_rsl: bool) -> String {
    match key {
        // Each submission has a directory of its own, instead of one for each label and day.
        "Dir" => "DIR".to_owned(),
        "environment" => environment(value, in_rsl),
        // Neither the order of its parts nor blanks between them mean anything.
        "globusrsl" | "nordugrid_rsl" => sorted(value.split('(').map(|part| part.trim().to_owned()), "("),
        "ec2_security_groups" => value.replace(", ", ","),
        _ => value.to_owned(),
    }
}

/// The variables of the RSL are all that counts where there is one, and AutoPyFactory kept some of them there alone.
fn environment(value: &str, in_rsl: bool) -> String {
    let words: Vec<&str> = value.trim_matches('"').split(' ').collect();
    let known = words.iter().position(|word| word.starts_with(LAST_VARIABLE)).map_or(0, |last| last + 1);
    let (contract, own) = words.split_at(known);
    let own = sorted(own.iter().filter(|_| !in_rsl).map(|word| (*word).to_owned()), " ");
    format!("{} {own}", contract.join(" "))
}

fn sorted(parts: impl Iterator<Item = String>, between: &str) -> String {
    let mut parts: Vec<String> = parts.collect();
    parts.sort();
    parts.join(between)
}
