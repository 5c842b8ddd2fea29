//! Everything about one alarm, for people.

use crate::output::{print, print_json, utc_time};
use model::AlarmId;
use model::alarm::Held;
use std::fmt::Write as _;
use std::process::ExitCode;
use wire::Client;
use wire::api::AlarmDetail;

/// Prints an alarm.
pub async fn run(id: AlarmId, json: bool, client: &Client) -> anyhow::Result<ExitCode> {
    let detail = client.alarm(id).await?;
    if json {
        print_json(&detail)?
    } else {
        print(&text(&detail))?
    }
    Ok(ExitCode::SUCCESS)
}

fn text(detail: &AlarmDetail) -> String {
    let alarm = &detail.view.alarm;
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name:<14} {value}");
        }
    };
    line("alarm", &format!("{} {} {}", alarm.id, alarm.severity, alarm.rule));
    line("about", &alarm.subject.to_string());
    line("queue", &alarm.subject.queue);
    line("site", &alarm.subject.site);
    line("what", &alarm.words);
    line("error", &alarm.error_text);
    let pilots: Vec<String> = alarm.pilots.iter().map(ToString::to_string).collect();
    line("pilots", &pilots.join(", "));
    for (name, value) in &alarm.figures {
        line(name, value);
    }
    line("began", &utc_time(alarm.began));
    line("open since", &alarm.opened.map(utc_time).unwrap_or_default());
    line("over since", &alarm.cleared.map(utc_time).unwrap_or_default());
    if let Some(by) = &alarm.acknowledged {
        line("with", &format!("{} since {}", by.by, utc_time(by.at)));
    }
    if let Some(silence) = &detail.view.silence {
        line("silenced", &format!("by {} until {}: {}", silence.owner, utc_time(silence.until), silence.reason));
    }
    let held = match alarm.held {
        Some(Held::By(order)) => format!("by order {order}, see pilotage factories orders"),
        Some(Held::Not) => "not: as many labels are held back already as may be".to_owned(),
        None => String::new(),
    };
    line("held back", &held);
    line("part of", &detail.view.explained_by.map(|id| format!("alarm {id}")).unwrap_or_default());
    line("to do", &detail.view.action);
    for event in &detail.events {
        let who = if event.who.is_empty() { String::new() } else { format!(" by {}", event.who) };
        let _ = writeln!(text, "{}  {}{who}: {}", utc_time(event.at), event.kind.as_str(), event.text);
    }
    text
}
