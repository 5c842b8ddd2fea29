//! The profiles of `auth.conf` as credentials that the factory renews.

use super::super::ini::{Ini, Section, interpolate};
use super::super::keys::AUTH;
use super::super::report::{Fate, Report};
use super::super::value::{boolean, is_none, list};
use super::fate;
use crate::source::label_name;
use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};

/// Seconds that AutoPyFactory asked for where nothing is said.
const LIFETIME_S: f64 = 604_800.0;
/// With so many left it renewed.
const MINLIFE_S: f64 = 259_200.0;
/// The longest wait between two attempts that is taken over.
const RETRY_MAX_S: f64 = 86_400.0;
const HOUR_S: f64 = 3600.0;
/// Where the life that was asked for is shorter than the one that was to be left, every look renewed. The most that is
/// taken over.
const PERCENT_MAX: f64 = 90.0;

/// Credentials by name, and which of them a profile became.
#[derive(Clone, Debug, Default)]
pub struct Profiles {
    /// Sections of `[credential]`.
    pub sections: Table,
    /// Names of credentials by profile.
    pub names: BTreeMap<String, String>,
}

/// One profile with its values filled in.
struct Profile<'a> {
    name: &'a str,
    section: &'a Section,
    home: &'a str,
}

/// Reads all profiles; what is kept lies below `dir`.
pub fn read(auth: &Ini, home: &str, dir: &Path, report: &mut Report) -> Profiles {
    let mut profiles = Profiles::default();
    for (name, section) in auth.sections.iter().filter(|(_, section)| section.contains_key("x509.proxyfile")) {
        let profile = Profile { name, section, home };
        match profile.credentials(dir) {
            Ok(made) => {
                profiles.names.insert(name.clone(), label_name(name));
                profiles.sections.extend(made.into_iter().map(|(name, table)| (name, Value::Table(table))));
                profile.tell(dir, report);
            }
            Err((key, why)) => {
                profile.tell(dir, report);
                if let Some(written) = section.get(key).or(section.get("x509.proxyfile")) {
                    report.note(&written.place, name, key, Fate::Bad { why });
                }
            }
        }
    }
    profiles
}

impl Profile<'_> {
    /// What is set, with `~` filled in.
    fn text(&self, key: &str) -> Option<String> {
        let value = self.section.contains_key(key).then(|| interpolate(self.section, key).ok()).flatten()?.text;
        let value = match value.strip_prefix("~/") {
            Some(rest) => format!("{}/{rest}", self.home),
            None => value,
        };
        (!value.is_empty() && !is_none(&value)).then_some(value)
    }

    fn needed(&self, key: &'static str) -> Result<String, (&'static str, String)> {
        self.text(key).ok_or_else(|| (key, "is missing".to_owned()))
    }

    fn number(&self, key: &'static str, otherwise: f64) -> Result<f64, (&'static str, String)> {
        let Some(text) = self.text(key) else { return Ok(otherwise) };
        text.parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .ok_or_else(|| (key, format!("'{text}' is no number")))
    }

    fn is_renewed(&self) -> bool {
        self.text("x509.renew").and_then(|text| boolean(&text)) == Some(true)
    }

    fn is_myproxy(&self) -> bool {
        self.text("x509.flavor").as_deref() == Some("myproxy")
    }

    /// The credential with the name of the profile, and the one that it is made over.
    fn credentials(&self, dir: &Path) -> Result<Vec<(String, Table)>, (&'static str, String)> {
        let name = label_name(self.name);
        if !self.is_renewed() && !self.is_myproxy() {
            // AutoPyFactory never looked at such a file; the factory looks whether it has ended.
            let keys =
                [("kind", "file".into()), ("path", self.needed("x509.proxyfile")?.into()), ("min_life_s", 0.into())];
            return Ok(vec![(name, table(keys))]);
        }
        let mut voms = self.voms()?;
        if self.is_myproxy() {
            let under = format!("{name}-myproxy");
            voms.insert("over".to_owned(), under.as_str().into());
            return Ok(vec![(under, self.myproxy(dir)?), (name, voms)]);
        }
        match self.text("x509.baseproxy") {
            Some(base) => drop(voms.insert("base".to_owned(), base.into())),
            None => {
                voms.insert("certificate".to_owned(), self.needed("x509.usercert")?.into());
                voms.insert("key".to_owned(), self.needed("x509.userkey")?.into());
            }
        }
        Ok(vec![(name, voms)])
    }

    fn voms(&self) -> Result<Table, (&'static str, String)> {
        let role = self.needed("x509.vorole")?;
        let (vo, fqan) = role.split_once(':').map_or((&*role, None), |(vo, fqan)| (vo, Some(fqan)));
        let mut voms = table([("kind", "voms".into()), ("vo", vo.into()), ("life_s", self.life_s()?.into())]);
        if let Some(fqan) = fqan {
            voms.insert("fqans".to_owned(), vec![fqan].into());
        }
        if let Some(words) = self.text("x509.voms.args") {
            voms.insert("arguments".to_owned(), words.split_whitespace().collect::<Vec<_>>().into());
        }
        voms.insert("renew".to_owned(), Value::Table(self.renewal()?));
        Ok(voms)
    }

    fn myproxy(&self, dir: &Path) -> Result<Table, (&'static str, String)> {
        let mut myproxy = table([
            ("kind", "myproxy".into()),
            ("server", self.needed("x509.myproxy_hostname")?.into()),
            ("username", self.needed("x509.myproxy_username")?.into()),
            ("life_s", self.life_s()?.into()),
            ("renew", Value::Table(self.renewal()?)),
        ]);
        let retrievers = self.text("x509.retriever_list").unwrap_or_default();
        match (list(&retrievers).first(), self.text("x509.myproxy_passphrase")) {
            (Some(retriever), None) => drop(myproxy.insert("retriever".to_owned(), label_name(retriever).into())),
            _ => drop(myproxy.insert("passphrase_file".to_owned(), self.passphrase_file(dir).into())),
        }
        Ok(myproxy)
    }

    fn passphrase_file(&self, dir: &Path) -> String {
        dir.join(format!("{}.passphrase", label_name(self.name))).display().to_string()
    }

    /// Whole hours, at least one.
    fn life_s(&self) -> Result<i64, (&'static str, String)> {
        let hours = (self.number("x509.lifetime", LIFETIME_S)? / HOUR_S).floor().max(1.0);
        Ok((hours * HOUR_S) as i64)
    }

    /// AutoPyFactory looked every so often and renewed with so much left; here that is a share of the life, so that a
    /// server that gives less than was asked for does not have to be asked all the time.
    fn renewal(&self) -> Result<Table, (&'static str, String)> {
        let share = self.number("x509.minlife", MINLIFE_S)? / self.life_s()? as f64 * 100.0;
        let mut renewal = table([("at_percent", share.round().clamp(1.0, PERCENT_MAX).into())]);
        if self.text("x509.checktime").is_some() {
            let retry_s = self.number("x509.checktime", 0.0)?.clamp(1.0, RETRY_MAX_S);
            renewal.insert("retry_s".to_owned(), retry_s.into());
        }
        Ok(renewal)
    }

    /// What became of its keys, where that depends on the others.
    fn tell(&self, dir: &Path, report: &mut Report) {
        for (key, written) in self.section {
            let is_set = self.text(key).is_some();
            let kept = dir.join("credentials").join(format!("{}.pem", label_name(self.name)));
            let why = match key.as_str() {
                key if key.starts_with("x509.") && !is_set => "None means not set".to_owned(),
                "x509.proxyfile" if self.is_renewed() || self.is_myproxy() => {
                    format!("the factory keeps it in {}", kept.display())
                }
                "x509.myproxy_passphrase" => {
                    let why = format!("write it into {}, mode 0600", self.passphrase_file(dir));
                    report.note(&written.place, self.name, key, Fate::Used { why });
                    continue;
                }
                _ => {
                    report.note(&written.place, self.name, key, fate(AUTH, key));
                    continue;
                }
            };
            report.note(&written.place, self.name, key, Fate::Ignored { why });
        }
    }
}

fn table<const N: usize>(keys: [(&str, Value); N]) -> Table {
    keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
