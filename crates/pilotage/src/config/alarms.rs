//! The section `[alarms]` of a server's file.

use super::server_file::Time;
use super::{Amount, parse_duration};
use model::alarm::{Adjustment, AlarmSettings, Change, ExclusionSettings, Matcher, Rule, Severity, Unit};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use server::{Alarms, Destination, MailServer, Receiver};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A key and what is wrong with it.
type Wrong = (String, String);

/// What is looked for, and who is told.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AlarmsSection {
    every: Option<Time>,
    clear_after: Option<Time>,
    repeat: Option<Time>,
    keep: Option<Time>,
    /// Address of a ticket, such as `https://ggus.eu/ticket/{id}`: `#17` in a comment or reason becomes a link to it.
    ticket: Option<String>,
    mail: Option<MailSection>,
    /// By the name of the rule.
    #[schemars(with = "BTreeMap<Rule, ChangeSection>")]
    rules: BTreeMap<String, ChangeSection>,
    adjust: Vec<AdjustSection>,
    exclusion: ExclusionSection,
    receivers: Vec<ReceiverSection>,
}

/// How mail is sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MailSection {
    url: String,
    from: String,
    user: Option<String>,
    password_file: Option<PathBuf>,
}

/// How far labels are held back because of alarms; which alarms do it says `exclude` of their rule.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ExclusionSection {
    /// The most labels that are held back at once; 5 unless given.
    at_most: Option<usize>,
    /// The most orders in a row for one label; 5 unless given.
    times: Option<u32>,
}

/// What is different for a rule from its defaults.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ChangeSection {
    enabled: Option<bool>,
    warning: Option<Level>,
    critical: Option<Level>,
    clear: Option<Level>,
    least: Option<u64>,
    hold: Option<Time>,
    /// For how long an alarm as bad as the rule knows it holds its label back; 0 for not at all.
    exclude: Option<Time>,
}

/// What is different for what matches the patterns.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct AdjustSection {
    rule: String,
    factory: String,
    label: String,
    queue: String,
    site: String,
    enabled: Option<bool>,
    warning: Option<Level>,
    critical: Option<Level>,
    clear: Option<Level>,
    least: Option<u64>,
    hold: Option<Time>,
    /// For how long an alarm as bad as the rule knows it holds its label back; 0 for not at all.
    exclude: Option<Time>,
}

/// Somebody who is told of alarms that match the patterns.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ReceiverSection {
    name: String,
    rule: String,
    factory: String,
    label: String,
    queue: String,
    site: String,
    severity: Least,
    mail: Vec<String>,
    webhook: Option<String>,
    alertmanager: Option<String>,
    secret_file: Option<PathBuf>,
}

/// The least severity that is told.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Least {
    #[default]
    Warning,
    Critical,
}

/// A share such as `"50%"`, a time such as `"6h"`, or a number.
#[derive(Debug)]
struct Level(String);

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
        Amount::deserialize(deserializer).map(|amount| Level(amount.0))
    }
}

impl JsonSchema for Level {
    fn schema_name() -> Cow<'static, str> {
        "Level".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "In the unit of the rule: a share such as `50%`, or a time such as `6h`.",
            "type": ["string", "number"]
        })
    }
}

impl Level {
    /// The value in the unit of a rule.
    fn value(&self, unit: Unit) -> Result<f64, String> {
        let refused = |words: &str| Err(format!("'{}' is {words}", self.0));
        match unit {
            Unit::Time => parse_duration(&self.0).map(|time| time.as_secs_f64()),
            Unit::Percent => match self.0.trim_end_matches('%').trim().parse::<f64>() {
                Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
                _ => refused("no share; write it as 50%"),
            },
            Unit::None => refused("too much: the rule has no levels"),
        }
    }
}

impl AlarmsSection {
    /// Paths in it, which are relative to the file.
    pub fn paths(&mut self) -> Vec<&mut PathBuf> {
        let password = self.mail.iter_mut().filter_map(|mail| mail.password_file.as_mut());
        password.chain(self.receivers.iter_mut().filter_map(|receiver| receiver.secret_file.as_mut())).collect()
    }

    /// What the server goes by.
    pub fn alarms(&self) -> Result<Alarms, Wrong> {
        let defaults = AlarmSettings::default();
        let rules = AlarmSettings {
            every: self.every.map_or(defaults.every, |time| time.0),
            clear_after: self.clear_after.map_or(defaults.clear_after, |time| time.0),
            repeat: self.repeat.map_or(defaults.repeat, |time| time.0),
            keep: self.keep.map_or(defaults.keep, |time| time.0),
            rules: self.changes()?,
            adjust: self.adjust.iter().enumerate().map(|(i, one)| one.adjustment(i)).collect::<Result<_, _>>()?,
            exclusion: ExclusionSettings {
                at_most: self.exclusion.at_most.unwrap_or(defaults.exclusion.at_most),
                times: self.exclusion.times.unwrap_or(defaults.exclusion.times),
            },
        };
        let mail = self.mail.as_ref().map(|mail| MailServer {
            url: mail.url.clone(),
            from: mail.from.clone(),
            user: mail.user.clone(),
            password_file: mail.password_file.clone(),
        });
        let receivers = self.receivers.iter().enumerate().map(|(i, one)| one.receiver(i));
        let receivers = receivers.collect::<Result<_, _>>()?;
        Ok(Alarms { rules, ticket: self.ticket.clone(), mail, receivers, ..Alarms::default() })
    }

    fn changes(&self) -> Result<BTreeMap<Rule, Change>, Wrong> {
        let change = |(name, change): (&String, &ChangeSection)| {
            let rule: Rule = name.parse().map_err(|what| (format!("alarms.rules.{name}"), what))?;
            Ok((rule, change.of(rule)?))
        };
        self.rules.iter().map(change).collect()
    }
}

/// Levels in the unit of a rule.
fn change(unit: Unit, at: &str, levels: [(&str, Option<&Level>); 3]) -> Result<[Option<f64>; 3], Wrong> {
    let mut values = [None; 3];
    for (value, (key, level)) in values.iter_mut().zip(levels) {
        *value = level.map(|level| level.value(unit)).transpose().map_err(|what| (format!("{at}.{key}"), what))?;
    }
    Ok(values)
}

fn check_least(rule: Option<Rule>, least: Option<u64>, at: &str) -> Result<(), Wrong> {
    match rule {
        _ if least.is_none() => Ok(()),
        Some(rule) if rule.has_least() => Ok(()),
        Some(rule) => Err((format!("{at}.least"), format!("the rule {rule} counts nothing"))),
        None => Err((format!("{at}.least"), "a number is that of one rule; name it with 'rule'".to_owned())),
    }
}

fn check_exclude(rule: Option<Rule>, exclude: Option<&Time>, at: &str) -> Result<Option<Duration>, Wrong> {
    match (rule, exclude) {
        (Some(rule), Some(_)) if !rule.can_exclude() => {
            let able: Vec<&str> = Rule::ALL.into_iter().filter(|rule| rule.can_exclude()).map(Rule::as_str).collect();
            let what = format!("the rule {rule} holds no label back; those that may are {}", able.join(", "));
            Err((format!("{at}.exclude"), what))
        }
        (_, exclude) => Ok(exclude.map(|time| time.0)),
    }
}

impl ChangeSection {
    fn of(&self, rule: Rule) -> Result<Change, Wrong> {
        let ChangeSection { enabled, warning, critical, clear, least, hold, exclude } = self;
        let levels = [("warning", warning.as_ref()), ("critical", critical.as_ref()), ("clear", clear.as_ref())];
        let at = format!("alarms.rules.{rule}");
        let [warning, critical, clear] = change(rule.unit(), &at, levels)?;
        check_least(Some(rule), *least, &at)?;
        let exclude = check_exclude(Some(rule), exclude.as_ref(), &at)?;
        Ok(Change {
            enabled: *enabled,
            warning,
            critical,
            clear,
            least: *least,
            hold: hold.map(|time| time.0),
            exclude,
        })
    }
}

impl AdjustSection {
    fn adjustment(&self, i: usize) -> Result<Adjustment, Wrong> {
        let AdjustSection { rule, factory, label, queue, site, warning, critical, clear, .. } = self;
        let at = format!("alarms.adjust[{i}]");
        let levels = [("warning", warning.as_ref()), ("critical", critical.as_ref()), ("clear", clear.as_ref())];
        let known: Option<Rule> = rule.parse().ok();
        if let Some((key, _)) = levels.iter().find(|(_, level)| level.is_some()).filter(|_| known.is_none()) {
            return Err((format!("{at}.{key}"), "a level is that of one rule; name it with 'rule'".to_owned()));
        }
        let [warning, critical, clear] = change(known.map_or(Unit::None, Rule::unit), &at, levels)?;
        check_least(known, self.least, &at)?;
        let [rule, factory, label, queue, site] = [rule, factory, label, queue, site].map(Clone::clone);
        let exclude = check_exclude(known, self.exclude.as_ref(), &at)?;
        let hold = self.hold.map(|time| time.0);
        Ok(Adjustment {
            of: Matcher { rule, factory, label, queue, site },
            change: Change { enabled: self.enabled, warning, critical, clear, least: self.least, hold, exclude },
        })
    }
}

impl ReceiverSection {
    fn receiver(&self, i: usize) -> Result<Receiver, Wrong> {
        let ReceiverSection { name, rule, factory, label, queue, site, secret_file, .. } = self;
        let [rule, factory, label, queue, site] = [rule, factory, label, queue, site].map(Clone::clone);
        let secret_file = secret_file.clone();
        let to = match (self.mail.as_slice(), &self.webhook, &self.alertmanager) {
            ([_, ..], None, None) if secret_file.is_none() => Destination::Mail(self.mail.clone()),
            ([], Some(url), None) => Destination::Webhook { url: url.clone(), secret_file },
            ([], None, Some(url)) => Destination::Alertmanager { url: url.clone(), secret_file },
            _ => {
                let what = "takes one of 'mail', 'webhook' and 'alertmanager'; 'secret_file' goes with the last two";
                return Err((format!("alarms.receivers[{i}]"), what.to_owned()));
            }
        };
        let least = match self.severity {
            Least::Warning => Severity::Warning,
            Least::Critical => Severity::Critical,
        };
        Ok(Receiver { name: name.clone(), of: Matcher { rule, factory, label, queue, site }, least, to })
    }
}

#[cfg(test)]
mod tests {
    use super::super::server_file::ServerFile;
    use super::*;
    use factory::config::Tree;
    use std::path::Path;

    fn read(text: &str) -> Result<Alarms, Wrong> {
        toml::from_str::<AlarmsSection>(text).unwrap().alarms()
    }

    #[test]
    fn levels_are_in_the_unit_of_their_rule() {
        let text = "repeat = '1h'\n[rules.fault-ratio]\nwarning = '40%'\ncritical = 80\n[rules.no-start]\nwarning = '2h'\n\
                    [[adjust]]\nrule = 'no-start'\nlabel = 'x*'\nwarning = 60\n[[adjust]]\nlabel = 'y'\nenabled = false\n";
        let alarms = read(text).unwrap();
        let level = |rule| alarms.rules.rules[&rule].warning;
        assert_eq!((level(Rule::FaultRatio), level(Rule::NoStart)), (Some(40.0), Some(7200.0)));
        assert_eq!(alarms.rules.rules[&Rule::FaultRatio].critical, Some(80.0));
        assert_eq!(alarms.rules.adjust[0].change.warning, Some(60.0));
        assert_eq!((alarms.rules.repeat, alarms.rules.adjust.len()), (Duration::from_secs(3600), 2));
        assert_eq!(read("").unwrap(), Alarms::default());
        let text = "[rules.submit]\nexclude = '2h'\n[exclusion]\nat_most = 2\n[[adjust]]\nlabel = 'x'\nexclude = 0\n";
        let rules = read(text).unwrap().rules;
        assert_eq!((rules.exclusion.at_most, rules.exclusion.times), (2, 5));
        assert_eq!(rules.of_rule(Rule::Submit).exclude, Some(Duration::from_secs(7200)));
        assert_eq!(rules.adjust[0].change.exclude, Some(Duration::ZERO));
    }

    #[test]
    fn what_makes_no_sense_is_named_by_its_key() {
        let wrong = |text: &str| read(text).map(|_| ()).unwrap_err();
        let cases = [
            ("[rules.empty]\nwarning = '5m'", "alarms.rules.empty.warning", "'5m' is no share; write it as 50%"),
            ("[rules.empty]\nclear = '101%'", "alarms.rules.empty.clear", "'101%' is no share; write it as 50%"),
            (
                "[rules.trouble]\ncritical = 1",
                "alarms.rules.trouble.critical",
                "'1' is too much: the rule has no levels",
            ),
            (
                "[rules.fualt-ratio]",
                "alarms.rules.fualt-ratio",
                "'fualt-ratio' is no rule; did you mean 'fault-ratio'?",
            ),
            ("[rules.disk]\nleast = 1", "alarms.rules.disk.least", "the rule disk counts nothing"),
            (
                "[rules.gap]\nexclude = '1h'",
                "alarms.rules.gap.exclude",
                "the rule gap holds no label back; those that may are fault-ratio, no-start, held, submit",
            ),
            (
                "[[adjust]]\nlabel = 'x'\nwarning = 1",
                "alarms.adjust[0].warning",
                "a level is that of one rule; name it with 'rule'",
            ),
            (
                "[[receivers]]\nname = 'x'",
                "alarms.receivers[0]",
                "takes one of 'mail', 'webhook' and 'alertmanager'; 'secret_file' goes with the last two",
            ),
        ];
        for (text, key, words) in cases {
            assert_eq!(wrong(text), (key.to_owned(), words.to_owned()));
        }
    }

    #[test]
    fn unknown_keys_name_their_place_and_the_nearest() {
        let text = "[alarms.rules.fault-ratio]\nwraning = 1\n";
        let tree = Tree::parse(text, Path::new("server.toml")).unwrap();
        let key = tree.typed::<ServerFile>().unwrap_err().to_string();
        assert!(key.contains("server.toml:2") && key.contains("did you mean 'warning'?"), "{key}");
    }
}
