//! `pilotage decisions`.

use super::args::{DecisionsArgs, Narrowing};
use super::paging;
use crate::output::{Style, Tone, print, print_json, utc_time};
use model::Decision;
use server::pages::decision_sentence;
use std::fmt::Write as _;
use std::process::ExitCode;
use wire::Client;
use wire::api::{DecisionPage, DecisionQuery};

/// Shows the newest decisions.
pub async fn run(args: DecisionsArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let page = fetch(&args, client).await?;
    if args.output.json {
        print_json(&page)?;
    } else {
        print(&in_words(&page, args.long, Style::for_stdout()))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn fetch(args: &DecisionsArgs, client: &Client) -> anyhow::Result<DecisionPage> {
    let wanted = args.last as usize;
    let (decisions, next) = paging::rows(wanted, None, async |cursor, limit| {
        let Narrowing { queue, factory, label } = args.only.clone();
        let page = client.decisions(&DecisionQuery { factory, label, queue, cursor, limit: Some(limit) }).await?;
        Ok((page.decisions, page.next))
    })
    .await?;
    Ok(DecisionPage { decisions, next })
}

fn in_words(page: &DecisionPage, long: bool, style: Style) -> String {
    if page.decisions.is_empty() {
        return "no decisions yet\n".to_owned();
    }
    page.decisions.iter().map(|decision| describe(decision, long, style)).collect::<Vec<_>>().join("\n")
}

/// One decision in words; with `long` every step of the chain, else those that changed the number.
pub fn describe(decision: &Decision, long: bool, style: Style) -> String {
    let place = format!("{}, label {}, queue {}", decision.factory, decision.label, decision.queue);
    let mut text = format!("{}  {place}{}\n", utc_time(decision.time), repeats(decision));
    let _ = writeln!(text, "  {}", style.heading(&decision_sentence(decision)));
    if !decision.error.is_empty() {
        let _ = writeln!(text, "  {}", style.toned(Tone::Fault, &decision.error));
    }
    let width = decision.steps.iter().map(|step| step.plugin.len()).max().unwrap_or(0);
    for step in decision.steps.iter().filter(|step| long || step.input != step.output) {
        let numbers = format!("{:>4} -> {:<4}", step.input, step.output);
        let message = step.message.strip_prefix(&format!("{}:", step.plugin)).unwrap_or(&step.message);
        let line = format!("    {:<width$} {numbers} {}", step.plugin, style.faint(message));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn repeats(decision: &Decision) -> String {
    if decision.times <= 1 {
        return String::new();
    }
    format!("  (same, {} times until {})", decision.times, utc_time(decision.last_time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{DecisionId, Step, Time};

    #[test]
    fn every_step_is_told() {
        let step = |plugin: &str, input, output, message: &str| Step {
            plugin: plugin.into(),
            input,
            output,
            message: message.into(),
        };
        let decision = Decision {
            id: DecisionId(1),
            time: Time(0),
            last_time: Time(60_000),
            times: 3,
            factory: "here".into(),
            label: "local".into(),
            queue: "local".into(),
            facts: Vec::new(),
            number: 2,
            steps: vec![
                step("Ready", 0, 5, "Ready:ready=5,pending=0,ret=5"),
                step("MaxPerCycle", 5, 2, "MaxPerCycle:in=5,max=2,ret=2"),
            ],
            announced: 2,
            accepted: 1,
            error: "sbatch: no space".into(),
        };
        insta::assert_snapshot!(describe(&decision, true, Style::PLAIN));
    }
}
