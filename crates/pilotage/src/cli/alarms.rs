//! `pilotage alarms`.

mod show;

use super::args::{AlarmsAction, AlarmsArgs, SilenceArgs};
use super::{now, with_client};
use crate::config::whole_seconds;
use crate::output::{Table, Tone, duration, print, print_json, utc_time};
use model::Time;
use model::alarm::{Matcher, Severity};
use std::process::ExitCode;
use wire::Client;
use wire::api::{AlarmQuery, AlarmState, AlarmView, SilenceList, SilenceRequest};

/// Lists alarms, or does something about one.
pub fn run(args: AlarmsArgs) -> anyhow::Result<ExitCode> {
    let Some(action) = args.action else {
        let state = if args.past { AlarmState::Past } else { AlarmState::Open };
        let query = AlarmQuery { state: Some(state), limit: args.past.then_some(args.limit), cursor: None };
        return with_client(&args.server, async |client| list(&query, args.output.json, &client).await);
    };
    match action {
        AlarmsAction::Show { id, output, server } => {
            with_client(&server, async |client| show::run(id, output.json, &client).await)
        }
        AlarmsAction::Ack { id, text, server } => with_client(&server, async |client| {
            client.acknowledge_alarm(id, &text.join(" ")).await?;
            said(&format!("alarm {id} is acknowledged\n"))
        }),
        AlarmsAction::Comment { id, text, server } => with_client(&server, async |client| {
            client.comment_alarm(id, &text.join(" ")).await?;
            said(&format!("the comment is in the history of alarm {id}\n"))
        }),
        AlarmsAction::Silence(args) => {
            let SilenceArgs { alarm, rule, factory, label, queue, site, time, reason, output, server } = *args;
            let [rule, factory, label, queue, site] =
                [rule, factory, label, queue, site].map(Option::unwrap_or_default);
            let of = alarm.is_none().then_some(Matcher { rule, factory, label, queue, site });
            let for_s = whole_seconds(time).into();
            let request = SilenceRequest { of, alarm, reason: reason.join(" "), for_s };
            with_client(&server, async |client| silence(&request, output.json, &client).await)
        }
        AlarmsAction::Silences { output, server } => {
            with_client(&server, async |client| silences(output.json, &client).await)
        }
        AlarmsAction::Unsilence { id, server } => with_client(&server, async |client| {
            client.end_silence(id).await?;
            said(&format!("silence {id} is ended\n"))
        }),
    }
}

fn said(words: &str) -> anyhow::Result<ExitCode> {
    print(words)?;
    Ok(ExitCode::SUCCESS)
}

async fn list(query: &AlarmQuery, json: bool, client: &Client) -> anyhow::Result<ExitCode> {
    let page = client.alarms(query).await?;
    if json {
        print_json(&page)?
    } else {
        print(&table(&page.alarms, now()))?
    }
    Ok(ExitCode::SUCCESS)
}

async fn silence(request: &SilenceRequest, json: bool, client: &Client) -> anyhow::Result<ExitCode> {
    let silence = client.silence(request).await?;
    if json {
        print_json(&silence)?
    } else {
        print(&format!("silence {}: {} until {}\n", silence.id, silence.of, utc_time(silence.until)))?
    }
    Ok(ExitCode::SUCCESS)
}

async fn silences(json: bool, client: &Client) -> anyhow::Result<ExitCode> {
    let list = client.silences().await?;
    if json {
        print_json(&list)?
    } else {
        print(&silence_table(&list, now()))?
    }
    Ok(ExitCode::SUCCESS)
}

fn table(alarms: &[AlarmView], now: Time) -> String {
    if alarms.is_empty() {
        return "no alarms\n".to_owned();
    }
    let headings = [">id", "severity", "rule", "about", ">for", "state", "~what"];
    let mut table = Table::new(&headings).minor(&["state", "rule", "for"]);
    for view in alarms {
        let alarm = &view.alarm;
        let lasted = duration(alarm.cleared.unwrap_or(now).since(*alarm.since()));
        table.row([
            alarm.id.to_string(),
            table.toned(tone(alarm.severity), alarm.severity.as_str()),
            alarm.rule.to_string(),
            alarm.subject.to_string(),
            lasted,
            state(view),
            alarm.words.clone(),
        ]);
    }
    table.text()
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Info => Tone::Waiting,
        Severity::Warning => Tone::Created,
        Severity::Critical => Tone::Fault,
    }
}

/// What keeps an alarm quiet, or that nothing does.
fn state(view: &AlarmView) -> String {
    let AlarmView { alarm, silence, explained_by, .. } = view;
    match (alarm.cleared, silence, &alarm.acknowledged, explained_by) {
        (Some(_), ..) => "over".to_owned(),
        (_, Some(silence), ..) => format!("silenced by {}", silence.owner),
        (_, _, Some(by), _) => format!("with {}", by.by),
        (.., Some(other)) => format!("part of {other}"),
        _ => "open".to_owned(),
    }
}

fn silence_table(list: &SilenceList, now: Time) -> String {
    if list.silences.is_empty() {
        return "no silences\n".to_owned();
    }
    let mut table = Table::new(&[">id", "~of", "owner", ">left", "until", "~reason"]).minor(&["until", "owner"]);
    for silence in &list.silences {
        table.row([
            silence.id.to_string(),
            silence.of.to_string(),
            silence.owner.clone(),
            duration(silence.until.since(now)),
            utc_time(silence.until),
            silence.reason.clone(),
        ]);
    }
    table.text()
}
