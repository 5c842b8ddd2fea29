//! Decisions in plain sentences. The exact messages of the steps stay beside them, shown on demand.

use super::number::{capitalised, counted, grouped};
use model::decision::{Decision, Step};

/// What a decision came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Pilots were submitted or removed.
    Acted,
    /// Nothing was to be done.
    Quiet,
    /// Something went wrong.
    Trouble,
}

impl Tone {
    /// The class of the style sheet.
    pub fn class(&self) -> &'static str {
        match self {
            Tone::Acted => "d-acted",
            Tone::Quiet => "d-quiet",
            Tone::Trouble => "d-trouble",
        }
    }
}

/// A decision as a sentence such as `2 jobs wait, no pilot is on its way: 2 pilots submitted`, without its error.
pub fn sentence(decision: &Decision) -> String {
    let mut said: Vec<String> = Vec::new();
    for (i, step) in decision.steps.iter().enumerate() {
        if let Some(clause) = clause(decision, step, i == 0).filter(|clause| !said.contains(clause)) {
            said.push(clause);
        }
    }
    let situation = capitalised(said.join("; "));
    let outcome = outcome(decision);
    if situation.is_empty() { capitalised(&outcome) } else { format!("{situation}: {outcome}") }
}

/// What the decision came to.
pub fn tone(decision: &Decision) -> Tone {
    if !decision.error.is_empty() {
        Tone::Trouble
    } else if decision.number != 0 || decision.announced > 0 {
        Tone::Acted
    } else {
        Tone::Quiet
    }
}

fn outcome(decision: &Decision) -> String {
    let asked = decision.number.max(0).unsigned_abs();
    match (decision.number, decision.accepted) {
        (0, 0) if decision.steps.iter().any(|step| step.output > 0) => "no pilot submitted".to_owned(),
        (0, 0) => "nothing to do".to_owned(),
        (number, 0) if number < 0 => format!("{} too many", counted(number.unsigned_abs(), "pilot")),
        (_, 0) => format!("{} wanted, none submitted", counted(asked, "pilot")),
        (_, accepted) if accepted < asked => {
            format!("{} of {} submitted", grouped(accepted), counted(asked, "pilot"))
        }
        (_, accepted) => format!("{} submitted", counted(accepted, "pilot")),
    }
}

/// What one step adds to the sentence: the source of the number always, a limit only where it changed the number.
fn clause(decision: &Decision, step: &Step, is_first: bool) -> Option<String> {
    let said = Said::in_message(&step.message);
    if step.plugin == "AvoidNodes" {
        return avoided(&said);
    }
    if step.plugin == "Orders" {
        return step.message.split_once(",why=").map(|(_, why)| why.to_owned());
    }
    if let Some(comment) = said.text("comment").filter(|_| is_first || step.input != step.output) {
        return commented(step, comment);
    }
    source(decision, step, &said).or_else(|| (step.input != step.output).then(|| limit(step, &said)).flatten())
}

/// Steps that make a number of their own.
fn source(decision: &Decision, step: &Step, said: &Said<'_>) -> Option<String> {
    match step.plugin.as_str() {
        "Ready" | "ReadyFit" | "Fillactivated" | "WeightedActivated" => Some(ready(decision, said)),
        "Classic" => Some(uncapitalised(step.message.trim_end_matches('.'))),
        "KeepNQueueLife" => Some(kept_for_life(said)),
        "Fixed" => Some(format!("{} every cycle", counted(number(step.output), "pilot"))),
        "KeepNRunning" => Some(kept(said)),
        "Null" => Some("this label never submits".to_owned()),
        "Stale" => Some("old values were used".to_owned()),
        _ => None,
    }
}

/// Steps count jobs that no slot is free for; the facts know all that wait and the slots.
fn ready(decision: &Decision, said: &Said<'_>) -> String {
    let unfit = said.number("unfit");
    let waiting = fact(decision, "wms.ready").map_or_else(|| said.number("activated"), |ready| ready + unfit);
    let pending = said.number("pending");
    let idle = fact(decision, "wms.idle_slots").unwrap_or(0);
    let coming = fact(decision, "wms.coming_slots").unwrap_or(0);
    let mut words = match waiting {
        0 => "no job waits".to_owned(),
        1 => "1 job waits".to_owned(),
        n => format!("{} jobs wait", grouped(n)),
    };
    if unfit > 0 {
        words +=
            &format!(", {} of them {} no pilot of this label", grouped(unfit), if unfit == 1 { "fits" } else { "fit" });
        words += &said.text("why").map(|why| format!(" (one {why})")).unwrap_or_default();
    }
    if waiting > 0 && idle > 0 {
        words += &format!(", {} idle", of_slots(idle));
    }
    if waiting > 0 && coming > 0 {
        words += &format!(", {} about to come", of_slots(coming));
    }
    words
        + &match pending {
            0 if waiting > 0 => ", no pilot is on its way".to_owned(),
            0 => String::new(),
            1 => ", 1 pilot is on its way".to_owned(),
            n => format!(", {} pilots are on their way", grouped(n)),
        }
}

/// A fact that is a whole number.
fn fact(decision: &Decision, name: &str) -> Option<u64> {
    decision.facts.iter().find(|fact| fact.name == name)?.value.parse().ok()
}

fn of_slots(idle: u64) -> String {
    if idle == 1 { "1 slot is".to_owned() } else { format!("{} slots are", grouped(idle)) }
}

fn kept(said: &Said<'_>) -> String {
    let (keep, running, pending) = (said.number("keep"), said.number("running"), said.number("pending"));
    format!("{} wanted at any time, {running} running and {pending} on the way", counted(keep, "pilot"))
}

fn kept_for_life(said: &Said<'_>) -> String {
    let (keep, ever) = (counted(said.number("keep"), "pilot"), grouped(said.number("jobsinqueue")));
    format!("{keep} wanted over the life of the label, {ever} were there")
}

/// Steps that change the number of the steps before them.
fn limit(step: &Step, said: &Said<'_>) -> Option<String> {
    let at = |key: &str| grouped(said.number(key));
    let words = match step.plugin.as_str() {
        "Scale" => format!("scaled by {} to {}", said.text("factor").unwrap_or("?"), step.output),
        "MaxPerCycle" => format!("at most {} a cycle", at("maxpercycle")),
        "MinPerCycle" => format!("at least {} a cycle", at("minpercycle")),
        "MaxPending" => format!("at most {} may be on their way, {} are", at("maxpending"), at("pending")),
        "MinPending" => format!("at least {} shall be on their way, {} are", at("minpending"), at("pending")),
        "MaxToRun" => {
            format!("at most {} at once, {} running and {} on the way", at("maxtorun"), at("running"), at("pending"))
        }
        "MaxPerFactory" => format!("the factory may have {} pilots and has {}", at("maxperfactory"), at("total")),
        "MaxPerSite" => format!("the factory may have {} pilots at the site and has {}", at("maxpersite"), at("total")),
        "MaxPerEndpoint" => {
            format!("the factory may have {} pilots on the end point and has {}", at("maxperendpoint"), at("total"))
        }
        "MaxToSubmit" => {
            format!("at most {} over the life of the label, {} were there", at("maxtosubmit"), at("submitted"))
        }
        "MinToSubmit" => {
            format!("at least {} over the life of the label, {} were there", at("mintosubmit"), at("submitted"))
        }
        "Throttle" => format!("{} of the last {} ended at once", at("short"), counted(said.number("total"), "pilot")),
        "ThrottleEmpty" => {
            format!("{} of the last {} found no job", at("empty"), counted(said.number("total"), "pilot"))
        }
        "StatusTest" => format!("the queue is in test, {} a cycle", counted(number(step.output), "test pilot")),
        "StatusOffline" => "the queue is offline".to_owned(),
        "Capacity" if said.text("comment").is_some() => "the batch system does not answer".to_owned(),
        "Capacity" if said.number("free") == 0 => "the batch system is full".to_owned(),
        "Capacity" => format!("the batch system has room for {}", at("free")),
        "BackOff" => {
            let by = if said.text("by") == Some("endpoint") { "the end point" } else { "the label" };
            format!("{by} failed {} times in a row", at("failures"))
        }
        other => format!("{other} made it {}", step.output),
    };
    Some(words)
}

/// Nodes on which pilots failed.
fn avoided(said: &Said<'_>) -> Option<String> {
    let nodes: Vec<&str> = said.text("nodes")?.split(' ').collect();
    let (noun, verb) = if nodes.len() == 1 { ("node", "is") } else { ("nodes", "are") };
    let how = if said.text("comment").is_some() { "cannot be avoided" } else { "avoided" };
    Some(format!("{noun} {} {verb} bad and {how}", nodes.join(", ")))
}

/// A comment in words; none when it only says that the step had nothing to do.
fn commented(step: &Step, comment: &str) -> Option<String> {
    let words = match comment {
        "not test" | "not offline" | "Not set" | "not set" => return None,
        "no jobs" => return None,
        "start" => "the first pilot".to_owned(),
        "probe" => format!("{} to look for jobs", counted(number(step.output), "pilot")),
        "mass removal" => "too many would go at once".to_owned(),
        "wanted for long" => "many go at once, as was wanted for long".to_owned(),
        "brokeroff" => "brokerage avoids the queue".to_owned(),
        "nosetup" => "no number of pilots is set".to_owned(),
        "offline" => "the queue is offline".to_owned(),
        "test" => format!("the queue is in test, {} a cycle", counted(number(step.output), "test pilot")),
        "Invalid wmsinfo or batchinfo"
        | "no wms/batch/siteinfo"
        | "no wms/site/batchinfo"
        | "Invalid wmsinfo"
        | "no wmsinfo" => "the WMS or the batch system has not answered".to_owned(),
        "Invalid queueinfo" | "Invalid batchinfo" | "no batchinfo" | "No batchinfo" | "No queueinfo." => {
            "the batch system has not answered".to_owned()
        }
        waits if step.plugin == "Credential" => format!("it {waits}"),
        other => format!("{}: {other}", step.plugin),
    };
    Some(words)
}

fn uncapitalised(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn number(value: i64) -> u64 {
    value.max(0).unsigned_abs()
}

/// `key=value` pairs of a message `Plugin:key=value,...`.
struct Said<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Said<'a> {
    fn in_message(message: &'a str) -> Said<'a> {
        let pairs = message.split_once(':').map_or("", |(_, pairs)| pairs);
        Said(pairs.split(',').filter_map(|pair| pair.split_once('=')).collect())
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    fn number(&self, key: &str) -> u64 {
        self.text(key).and_then(|value| value.parse::<f64>().ok()).map_or(0, |value| value.max(0.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::decision::Fact;
    use model::{DecisionId, Time};

    fn step(plugin: &str, input: i64, output: i64, message: &str) -> Step {
        Step { plugin: plugin.into(), input, output, message: message.into() }
    }

    fn decision(steps: Vec<Step>, accepted: u64, error: &str) -> Decision {
        Decision {
            id: DecisionId(1),
            time: Time(0),
            last_time: Time(0),
            times: 1,
            factory: "f".into(),
            label: "l".into(),
            queue: "q".into(),
            facts: Vec::new(),
            number: steps.last().map_or(0, |step| step.output),
            steps,
            announced: accepted,
            accepted,
            error: error.into(),
        }
    }

    #[test]
    fn idle_slots_explain_why_no_pilot_is_needed() {
        let mut served = decision(vec![step("Ready", 0, 0, "Ready:in=0,activated=0,offset=0,pending=0,ret=0")], 0, "");
        let fact = |name: &str, value: &str| Fact { name: name.into(), value: value.into(), age_s: 0.1 };
        served.facts = vec![fact("wms.ready", "2"), fact("wms.idle_slots", "3")];
        assert_eq!(sentence(&served), "2 jobs wait, 3 slots are idle, no pilot is on its way: nothing to do");
    }

    #[test]
    fn a_decision_reads_as_a_sentence() {
        let told = [
            decision(vec![step("Ready", 0, 2, "Ready:in=0,activated=2,offset=0,pending=0,ret=2")], 2, ""),
            decision(vec![step("Ready", 0, 0, "Ready:in=0,activated=5,offset=0,pending=8,ret=0")], 0, ""),
            decision(vec![step("Ready", 0, 0, "Ready:in=0,activated=0,offset=0,pending=0,ret=0")], 0, ""),
            decision(
                vec![
                    step("Ready", 0, 998, "Ready:in=0,activated=998,offset=0,pending=0,ret=998"),
                    step("MaxPerCycle", 998, 50, "MaxPerCycle:in=998,maxpercycle=50,ret=50"),
                    step("MaxToRun", 50, 2, "MaxToRun:in=50,maxtorun=4,pending=0,running=2,ret=2"),
                ],
                2,
                "",
            ),
            decision(
                vec![
                    step("Ready", 0, 7, "Ready:in=0,activated=7,offset=0,pending=0,ret=7"),
                    step("Capacity", 7, 0, "Capacity:in=7,free=0,ret=0"),
                ],
                0,
                "",
            ),
            decision(
                vec![
                    step("Ready", 0, 7, "Ready:in=0,activated=7,offset=0,pending=0,ret=7"),
                    step("BackOff", 7, 1, "BackOff:in=7,by=endpoint,failures=4,wait=30,ret=1"),
                ],
                1,
                "",
            ),
            decision(vec![step("Fixed", 0, 3, "Fixed:in=0,ret=3")], 1, "sbatch: Invalid account"),
            decision(vec![step("Ready", 0, 0, "Ready:comment=Invalid wmsinfo or batchinfo")], 0, ""),
        ];
        let sentences = told.each_ref().map(sentence);
        assert_eq!(
            sentences,
            [
                "2 jobs wait, no pilot is on its way: 2 pilots submitted",
                "5 jobs wait, 8 pilots are on their way: nothing to do",
                "No job waits: nothing to do",
                "998 jobs wait, no pilot is on its way; at most 50 a cycle; at most 4 at once, 2 running and 0 on the way: 2 pilots submitted",
                "7 jobs wait, no pilot is on its way; the batch system is full: no pilot submitted",
                "7 jobs wait, no pilot is on its way; the end point failed 4 times in a row: 1 pilot submitted",
                "3 pilots every cycle: 1 of 3 pilots submitted",
                "The WMS or the batch system has not answered: nothing to do",
            ]
        );
        assert_eq!(told.each_ref().map(tone)[6], Tone::Trouble);
    }

    /// One step alone, in words.
    fn told(plugin: &str, input: i64, output: i64, message: &str) -> String {
        sentence(&decision(vec![step(plugin, input, output, &format!("{plugin}:{message}"))], 0, ""))
    }

    #[test]
    fn every_step_that_changes_a_number_has_words() {
        let rows = [
            (
                told(
                    "ReadyFit",
                    0,
                    0,
                    "in=0,activated=3,served=0,unfit=3,why=needs 9 cores and a pilot has 4,offset=0,pending=0,ret=0",
                ),
                "3 jobs wait, 3 of them fit no pilot of this label (one needs 9 cores and a pilot has 4), no pilot is on its way: nothing to do",
            ),
            (
                told("MaxPerSite", 9, 0, "in=9,site=S,total=20,maxpersite=20,ret=0"),
                "The factory may have 20 pilots at the site and has 20: nothing to do",
            ),
            (
                told("MaxPerEndpoint", 9, 0, "in=9,endpoint=e,total=20,maxperendpoint=20,ret=0"),
                "The factory may have 20 pilots on the end point and has 20: nothing to do",
            ),
            (
                told("MaxToSubmit", 9, 0, "in=9,submitted=7,maxtosubmit=5,ret=0"),
                "At most 5 over the life of the label, 7 were there: nothing to do",
            ),
            (
                told("KeepNQueueLife", 9, 0, "in=9,keep=7,jobsinqueue=7,ret=0"),
                "7 pilots wanted over the life of the label, 7 were there: nothing to do",
            ),
            (
                told("ThrottleEmpty", 9, 0, "in=9,total=3,empty=2,ratio=0.5,submit=0,ret=0"),
                "2 of the last 3 pilots found no job: nothing to do",
            ),
            (
                told("SafetyStop", -51, 0, "comment=mass removal,in=-51,pilots=100,limit=50,hold=900,ret=0"),
                "Too many would go at once: nothing to do",
            ),
            (
                told("AvoidNodes", 3, 3, "in=3,nodes=n17,ret=3"),
                "Node n17 is bad and avoided: 3 pilots wanted, none submitted",
            ),
            (
                told("AvoidNodes", 3, 3, "comment=cannot be avoided,in=3,nodes=n17 n18,ret=3"),
                "Nodes n17, n18 are bad and cannot be avoided: 3 pilots wanted, none submitted",
            ),
            (told("Orders", 3, 0, "in=3,ret=0,why=paused by ann: a, b"), "Paused by ann: a, b: nothing to do"),
            (told("StartFromZero", 0, 0, "comment=no jobs,in=0,activated=0,ret=0"), "Nothing to do"),
        ];
        for (told, expected) in rows {
            assert_eq!(told, expected);
        }
        let classic = decision(vec![step("Classic", 0, 0, "Site DESY is offline. Will not submit pilots.")], 0, "");
        assert_eq!(sentence(&classic), "Site DESY is offline. Will not submit pilots: nothing to do");
    }
}
