//! Mails: one for all that a receiver is told at once.

use super::send::{Failure, TIMEOUT, secret};
use super::webhook::page;
use crate::AppState;
use crate::config::MailServer;
use lettre::message::{Mailbox, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor};
use model::alarm::{Alarm, Notice, Occasion, Rule, Severity, minute};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use store::Message;

/// The most alarms of one rule that a mail tells in full; further ones are counted.
const OF_A_RULE_MAX: usize = 20;
/// The most characters of a subject.
const SUBJECT_MAX: usize = 120;

/// Sends a message as mail.
pub(super) async fn send(state: &AppState, to: &[String], message: &Message) -> Result<(), Failure> {
    let Some(server) = &state.config.alarms.mail else {
        return Err(Failure::ForEver("no mail server is configured any more".to_owned()));
    };
    let mail = mail(server, to, message, &state.url).map_err(|error| Failure::ForEver(error.to_string()))?;
    let transport = transport(server).map_err(Failure::ForNow)?;
    // The library's own time is that of connecting: a server that falls silent later would hold up all messages.
    let sent = tokio::time::timeout(TIMEOUT, transport.send(mail)).await;
    match sent.map_err(|_| Failure::ForNow(format!("no answer within {} s", TIMEOUT.as_secs())))? {
        Ok(_) => Ok(()),
        Err(error) if error.is_permanent() && !is_about_login(&error) => Err(Failure::ForEver(error.to_string())),
        Err(error) => Err(Failure::ForNow(error.to_string())),
    }
}

/// Whether it is the password, which somebody may mend, and not the mail.
fn is_about_login(error: &lettre::transport::smtp::Error) -> bool {
    error.status().is_some_and(|code| ["530", "534", "535", "538"].contains(&code.to_string().as_str()))
}

fn transport(server: &MailServer) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&server.url).map_err(|error| error.to_string())?;
    let builder = builder.timeout(Some(TIMEOUT));
    let (Some(user), Some(file)) = (&server.user, &server.password_file) else { return Ok(builder.build()) };
    Ok(builder.credentials(Credentials::new(user.clone(), secret(file)?)).build())
}

fn mail(
    server: &MailServer,
    to: &[String],
    message: &Message,
    url: &str,
) -> Result<Mail, Box<dyn std::error::Error + Send + Sync>> {
    let from: Mailbox = server.from.parse()?;
    // The same for a repetition: mail programs show one of two mails with one id.
    let id = format!("<pilotage-alarms-{}-{}@{}>", message.id, message.made.0, from.email.domain());
    let mut builder = Mail::builder().from(from).subject(subject(&message.notices)).message_id(Some(id));
    for address in to {
        builder = builder.to(Mailbox::new(None, address.parse()?));
    }
    let auto =
        header::HeaderValue::new(header::HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    Ok(builder.raw_header(auto).header(header::ContentType::TEXT_PLAIN).body(text(&message.notices, url))?)
}

/// `[pilotage] critical: queue X: no pilot ...`, or how many alarms there are.
fn subject(notices: &[Notice]) -> String {
    let count = |wanted: Occasion| notices.iter().filter(|notice| notice.occasion == wanted).count();
    let words = match notices {
        [Notice { occasion: Occasion::Cleared, alarm }] => format!("over: {}: {}", alarm.subject, alarm.rule),
        [Notice { alarm, .. }] => format!("{}: {}: {}", alarm.severity, alarm.subject, alarm.words),
        many => {
            let occasions = [Occasion::Opened, Occasion::Worse, Occasion::Again, Occasion::Cleared];
            let parts = occasions.map(|occasion| (count(occasion), occasion.as_str()));
            let parts: Vec<String> =
                parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
            let is_critical =
                |notice: &&Notice| notice.alarm.severity == Severity::Critical && notice.occasion != Occasion::Cleared;
            let critical = many.iter().filter(is_critical).count();
            let critical = if critical > 0 { format!("; {critical} critical") } else { String::new() };
            format!("{} alarms: {}{critical}", many.len(), parts.join(", "))
        }
    };
    let plain: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SUBJECT_MAX).collect();
    format!("[pilotage] {plain}")
}

/// The worst first, those that are over last; of many of one rule the first are told in full.
fn text(notices: &[Notice], url: &str) -> String {
    let mut sorted: Vec<&Notice> = notices.iter().collect();
    sorted.sort_by_key(|notice| {
        (notice.occasion == Occasion::Cleared, std::cmp::Reverse(notice.alarm.severity), notice.alarm.key())
    });
    let mut told: BTreeMap<Rule, usize> = BTreeMap::new();
    let mut text = String::new();
    for Notice { occasion, alarm } in sorted {
        let count = told.entry(alarm.rule).or_default();
        *count += 1;
        if *count <= OF_A_RULE_MAX {
            tell(&mut text, *occasion, alarm, url);
        }
    }
    for (rule, count) in told.into_iter().filter(|(_, count)| *count > OF_A_RULE_MAX) {
        let _ = writeln!(text, "... and {} more of the rule {rule}.\n", count - OF_A_RULE_MAX);
    }
    let _ = writeln!(text, "All alarms: {url}/alarms");
    text
}

fn tell(text: &mut String, occasion: Occasion, alarm: &Alarm, url: &str) {
    let word = if occasion == Occasion::Cleared { "over" } else { alarm.severity.as_str() };
    let _ = writeln!(text, "{}: {} ({}, {})", word.to_uppercase(), alarm.subject, alarm.rule, occasion.as_str());
    let _ = writeln!(text, "  {}", alarm.words);
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "  {name}: {value}");
        }
    };
    line("queue", if alarm.subject.name == alarm.subject.queue { "" } else { &alarm.subject.queue });
    line("site", if alarm.subject.name == alarm.subject.site { "" } else { &alarm.subject.site });
    line("error", &alarm.error_text);
    line("since", &minute(alarm.began));
    if let Some(cleared) = alarm.cleared {
        line("until", &minute(cleared));
    } else {
        line("to do", alarm.rule.action());
    }
    line("more", &page(url, alarm));
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::alarm::{Subject, SubjectKind};
    use model::{AlarmId, Time};

    fn notice(id: i64, occasion: Occasion, rule: Rule, name: &str, severity: Severity) -> Notice {
        let subject = Subject { queue: "Q".into(), ..Subject::of_factory(SubjectKind::Label, name, "fab") };
        let at = Time(1_700_000_000_000);
        let alarm = Alarm {
            id: AlarmId(id),
            rule,
            subject,
            severity,
            worst: severity,
            began: at,
            opened: Some(at),
            seen: at,
            cleared: (occasion == Occasion::Cleared).then_some(Time(at.0 + 3_600_000)),
            words: "it is broken".into(),
            figures: Vec::new(),
            error_class: None,
            error_text: "no\nproxy".replace('\n', " "),
            pilots: Vec::new(),
            acknowledged: None,
            told: None,
            held: None,
        };
        Notice { occasion, alarm }
    }

    #[test]
    fn a_mail_tells_the_worst_first_and_counts_the_rest() {
        let mut notices = vec![
            notice(1, Occasion::Cleared, Rule::NoStart, "old", Severity::Critical),
            notice(2, Occasion::Opened, Rule::Empty, "idle", Severity::Warning),
            notice(3, Occasion::Worse, Rule::NoStart, "stuck", Severity::Critical),
        ];
        let both = |notices: &[Notice]| format!("{}\n\n{}", subject(notices), text(notices, "https://p.example"));
        insta::assert_snapshot!("mail_of_three_alarms", both(&notices));
        insta::assert_snapshot!("mail_of_one_alarm", both(&notices[1..2]));
        notices.extend(
            (0..30).map(|i| notice(10 + i, Occasion::Opened, Rule::Short, &format!("l{i}"), Severity::Warning)),
        );
        let many = text(&notices, "https://p.example");
        assert_eq!(many.matches("(short, new)").count(), OF_A_RULE_MAX);
        assert!(many.contains("... and 10 more of the rule short."), "{many}");
    }

    #[test]
    fn a_subject_is_one_line() {
        let mut one = notice(1, Occasion::Opened, Rule::Empty, "l", Severity::Warning);
        one.alarm.words = format!("a\r\nBcc: x@y {}", "z".repeat(500));
        let subject = subject(&[one]);
        assert!(!subject.contains(['\r', '\n']) && subject.chars().count() <= SUBJECT_MAX + 11, "{subject}");
    }
}
