//! What the operator decides about alarms.

use model::alarm::exclusion::LEAST_TURNS;
use model::alarm::{AlarmSettings, Change, Matcher, Rule, Severity};
use std::path::PathBuf;
use std::time::Duration;

/// Where the id of a ticket stands in the pattern of its address.
const TICKET_ID: &str = "{id}";
/// The shortest time between two evaluations.
const EVERY_MIN: Duration = Duration::from_millis(100);

/// What is looked for, and who is told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarms {
    /// What rules go by.
    pub rules: AlarmSettings,
    /// Address of a ticket with `{id}`: `#17` in a comment or reason becomes a link to it. None makes no links.
    pub ticket: Option<String>,
    /// How mail is sent; none sends no mail.
    pub mail: Option<MailServer>,
    /// Who is told.
    pub receivers: Vec<Receiver>,
    /// The wait before a message is sent again that could not be sent; doubles with each further time.
    pub send_again: Duration,
}

impl Default for Alarms {
    fn default() -> Alarms {
        let (rules, receivers) = (AlarmSettings::default(), Vec::new());
        Alarms { rules, ticket: None, mail: None, receivers, send_again: Duration::from_secs(15) }
    }
}

/// A server that takes mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    /// `smtp://HOST:PORT`, `smtps://HOST:PORT`, or `smtp://HOST:PORT?tls=required` for STARTTLS.
    pub url: String,
    /// Whom the server knows us as, when it wants to know.
    pub user: Option<String>,
    /// From whom mails come.
    pub from: String,
    /// File with the password of the user.
    pub password_file: Option<PathBuf>,
}

/// Somebody who is told of alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// Of which alarms; empty patterns match all.
    pub of: Matcher,
    /// Only of those that are at least so bad.
    pub least: Severity,
    /// Where to.
    pub to: Destination,
}

/// Where a receiver is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Mail to these addresses.
    Mail(Vec<String>),
    /// A `POST` of JSON to this URL, with what is in the file as `Authorization: Bearer`.
    Webhook {
        /// The URL.
        url: String,
        /// The file.
        secret_file: Option<PathBuf>,
    },
    /// Alertmanager's API, version 2, below this URL, with what is in the file as `Authorization: Bearer`.
    Alertmanager {
        /// The URL.
        url: String,
        /// The file.
        secret_file: Option<PathBuf>,
    },
}

impl Destination {
    /// Its kind in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Destination::Mail(_) => "mail",
            Destination::Webhook { .. } => "webhook",
            Destination::Alertmanager { .. } => "alertmanager",
        }
    }
}

impl Alarms {
    /// What is wrong: keys as in a configuration file, and words.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if self.rules.every < EVERY_MIN {
            found.push(("alarms.every".to_owned(), format!("must be at least {} ms", EVERY_MIN.as_millis())));
        }
        for rule in Rule::ALL {
            if let Some((key, what)) = self.rules.of_rule(rule).problem(rule) {
                found.push((format!("alarms.rules.{rule}.{key}"), what));
            }
        }
        found.extend(self.wrong_exclusions());
        found.extend(self.wrong_adjustments());
        if let Some(ticket) = self.ticket.as_ref().filter(|ticket| !is_url(ticket) || !ticket.contains(TICKET_ID)) {
            let what = format!("'{ticket}' is no address of tickets; write it as https://HOST/ticket/{TICKET_ID}");
            found.push(("alarms.ticket".to_owned(), what));
        }
        found.extend(self.wrong_receivers());
        found
    }

    /// Labels are held back for long enough that there is an evaluation before the time is over.
    fn wrong_exclusions(&self) -> Vec<(String, String)> {
        let least = self.rules.every * LEAST_TURNS;
        let of_rules = self.rules.rules.iter().map(|(rule, change)| (format!("rules.{rule}"), change));
        let adjusted = self.rules.adjust.iter().enumerate().map(|(i, one)| (format!("adjust[{i}]"), &one.change));
        let is_short = |change: &Change| change.exclude.is_some_and(|time| !time.is_zero() && time < least);
        let wrong = of_rules.chain(adjusted).filter(|(_, change)| is_short(change));
        let what = format!("must be at least {LEAST_TURNS} times 'every', that is {} s", least.as_secs_f64());
        wrong.map(|(place, _)| (format!("alarms.{place}.exclude"), what.clone())).collect()
    }

    fn wrong_adjustments(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (i, adjustment) in self.rules.adjust.iter().enumerate() {
            if let Some((key, what)) = adjustment.of.problem() {
                found.push((format!("alarms.adjust[{i}].{key}"), what));
            }
            let of_none = adjustment.of.rule.is_empty() || adjustment.of.rule.contains(['*', '?']);
            for rule in Rule::ALL.into_iter().filter(|rule| !of_none && rule.as_str() == adjustment.of.rule) {
                if let Some((key, what)) = self.rules.of_rule(rule).changed(rule, adjustment.change).problem(rule) {
                    found.push((format!("alarms.adjust[{i}].{key}"), what));
                }
            }
        }
        found
    }

    fn wrong_receivers(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if let Some(mail) = &self.mail {
            found.extend(mail.problems());
        }
        for (i, receiver) in self.receivers.iter().enumerate() {
            let mut wrong = |key: &str, what: String| found.push((format!("alarms.receivers[{i}].{key}"), what));
            if receiver.name.is_empty() || self.receivers[..i].iter().any(|other| other.name == receiver.name) {
                wrong("name", "each receiver needs a name of its own".to_owned());
            }
            if let Some((key, what)) = receiver.of.problem() {
                wrong(key, what);
            }
            match &receiver.to {
                Destination::Mail(_) if self.mail.is_none() => {
                    wrong("mail", "the section [alarms.mail] is missing, which says how mail is sent".to_owned());
                }
                Destination::Mail(to) => {
                    for address in to.iter().filter(|address| address.parse::<lettre::Address>().is_err()) {
                        wrong("mail", format!("'{address}' is no mail address"));
                    }
                }
                Destination::Webhook { url, .. } | Destination::Alertmanager { url, .. } if !is_url(url) => {
                    wrong(receiver.to.kind(), format!("'{url}' is no URL; write it as https://HOST/PATH"));
                }
                Destination::Webhook { .. } | Destination::Alertmanager { .. } => {}
            }
        }
        found
    }
}

impl MailServer {
    fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let key = |key: &str| format!("alarms.mail.{key}");
        if self.from.parse::<lettre::message::Mailbox>().is_err() {
            found.push((key("from"), format!("'{}' is no mail address", self.from)));
        }
        if self.url.contains('@') {
            let what = "user and password have no place in it; see 'user' and 'password_file'";
            found.push((key("url"), what.to_owned()));
        } else if let Err(error) = lettre::AsyncSmtpTransport::<lettre::Tokio1Executor>::from_url(&self.url) {
            found.push((key("url"), format!("'{}' is no mail server: {error}", self.url)));
        }
        if self.user.is_some() != self.password_file.is_some() {
            found.push((key("user"), "'user' and 'password_file' come together".to_owned()));
        }
        found
    }
}

fn is_url(text: &str) -> bool {
    let Ok(url) = text.replace(['{', '}'], "_").parse::<http::Uri>() else { return false };
    matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::alarm::Adjustment;

    fn keys(change: impl FnOnce(&mut Alarms)) -> Vec<String> {
        let mut alarms = Alarms::default();
        change(&mut alarms);
        alarms.problems().into_iter().map(|(key, _)| key).collect()
    }

    fn receiver(to: Destination) -> Receiver {
        Receiver { name: "ops".into(), of: Matcher::default(), least: Severity::Warning, to }
    }

    #[test]
    fn what_cannot_work_is_named_by_its_key() {
        assert_eq!(keys(|_| {}), [""; 0]);
        let clear = Change { clear: Some(99.0), ..Change::default() };
        let rule = keys(|alarms| alarms.rules.rules = [(Rule::FaultRatio, clear)].into());
        assert_eq!(rule, ["alarms.rules.fault-ratio.clear"]);
        let short = Change { exclude: Some(Duration::from_secs(60)), ..Change::default() };
        let exclude = keys(|alarms| alarms.rules.rules = [(Rule::Submit, short)].into());
        assert_eq!(exclude, ["alarms.rules.submit.exclude"]);
        let of = |rule: &str| Matcher { rule: rule.into(), ..Matcher::default() };
        let adjusted = |name: &str| {
            let of = of(name);
            keys(|alarms| alarms.rules.adjust = vec![Adjustment { of, change: clear }])
        };
        assert_eq!(adjusted("fault-ratio"), ["alarms.adjust[0].clear"]);
        assert_eq!(adjusted("fualt-ratio"), ["alarms.adjust[0].rule"]);
        assert_eq!(keys(|alarms| alarms.ticket = Some("https://x/tickets".into())), ["alarms.ticket"]);
        let mail = |to: &str| receiver(Destination::Mail(vec![to.to_owned()]));
        assert_eq!(keys(|alarms| alarms.receivers = vec![mail("a@b.example")]), ["alarms.receivers[0].mail"]);
        let server =
            |url: &str| MailServer { url: url.into(), from: "p@h.example".into(), user: None, password_file: None };
        let with = |url: &str, to: &str| {
            let (mail, receivers) = (Some(server(url)), vec![mail(to)]);
            keys(|alarms| (alarms.mail, alarms.receivers) = (mail, receivers))
        };
        assert_eq!(with("smtp://localhost:25", "a@b.example"), [""; 0]);
        assert_eq!(with("smtp://localhost:25", "nobody"), ["alarms.receivers[0].mail"]);
        assert_eq!(with("mail.example", "a@b.example"), ["alarms.mail.url"]);
        assert_eq!(with("smtp://u:secret@mail.example", "a@b.example"), ["alarms.mail.url"]);
        let hook = receiver(Destination::Webhook { url: "ftp://x".into(), secret_file: None });
        let twice = vec![hook.clone(), hook];
        let wanted = ["webhook", "name", "webhook"].map(String::from);
        let found = keys(|alarms| alarms.receivers = twice);
        let found: Vec<_> = found.iter().filter_map(|key| key.rsplit('.').next()).map(String::from).collect();
        assert_eq!(found, wanted);
    }
}
