//! What schedulers of other factories say, as steps of a decision.

use model::Step;

/// The most steps that are told apart.
const STEPS_MAX: usize = 50;

/// The steps of a message such as `Ready:in=3,ret=3;MaxPending:in=3,max=2,ret=2`. In some versions `;` also stands within a
/// step, and the first step has no name. A message that tells no number is one step that says it.
pub(super) fn steps(message: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for chunk in message.split(';').map(str::trim).filter(|chunk| !chunk.is_empty()) {
        match chunk.split_once(':').filter(|(name, _)| is_name(name)) {
            Some(_) if steps.len() == STEPS_MAX => break,
            Some((name, _)) => steps.push(step(name, chunk)),
            None => match steps.last_mut() {
                Some(last) => last.message = format!("{};{chunk}", last.message),
                None => steps.push(step("Ready", chunk)),
            },
        }
    }
    let mut before = 0;
    let mut is_told = false;
    for step in &mut steps {
        let number = |names: &[&str]| names.iter().find_map(|name| value(&step.message, name));
        (step.input, step.output) = (number(&["in"]).unwrap_or(before), before);
        if let Some(output) = number(&["ret", "out"]) {
            (step.output, is_told) = (output, true);
        }
        before = step.output;
    }
    if is_told { steps } else { vec![Step { message: message.to_owned(), ..step("Status", "") }] }
}

fn step(plugin: &str, message: &str) -> Step {
    Step { plugin: plugin.to_owned(), input: 0, output: 0, message: message.to_owned() }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The number after `key=`.
fn value(message: &str, key: &str) -> Option<i64> {
    let parts = message.split([',', ';', ':']).map(str::trim);
    parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim() == key)?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(message: &str) -> Vec<(String, i64, i64)> {
        steps(message).into_iter().map(|step| (step.plugin, step.input, step.output)).collect()
    }

    #[test]
    fn messages_of_all_versions_become_steps() {
        let step = |name: &str, input, output| (name.to_owned(), input, output);
        let chain = "Ready:in=None,activated=40,ret=40;Scale:in=40,factor=0.5,ret=20;MaxPending:in=20,max=12,ret=12";
        assert_eq!(seen(chain), [step("Ready", 0, 40), step("Scale", 40, 20), step("MaxPending", 20, 12)]);
        let older = "ready=5,offset=0,pend=2,ret=3;MaxPending:in=3,pend=2,max=4,ret=2";
        assert_eq!(seen(older), [step("Ready", 0, 3), step("MaxPending", 3, 2)]);
        let between = "Ready:ready=5;offset=0;ret=5;MaxPerCycle:in=5;ret=4";
        assert_eq!(seen(between), [step("Ready", 0, 5), step("MaxPerCycle", 5, 4)]);
        let offline = "StatusOffline:comment=site is offline,in=7,out=0";
        assert_eq!(seen(offline), [step("StatusOffline", 7, 0)]);
        assert_eq!(seen("queue is not in the configuration"), [step("Status", 0, 0)]);
        assert_eq!(seen(""), [step("Status", 0, 0)]);
    }
}
