//! What a label's jobs are like: grid resource, attributes, environment, proxy.

use super::super::ini::{Place, interpolate};
use super::super::report::Fate;
use super::super::value::{attribute_lines, boolean, list};
use super::Reader;
use model::spelling::nearest;
use toml::Value;

/// How the text of a key becomes a value.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Lower,
    Whole,
    Real,
    List,
}

/// Keys below the plug-in's prefix, and fields of `condor.grid`; those that must be there first.
type Fields = &'static [(&'static str, &'static str, Kind)];

/// How many of a flavour's fields must be there, and all of them.
fn fields(grid: &str) -> (usize, Fields) {
    use Kind::{List, Lower, Real, Text, Whole};
    match grid {
        "htcondor-ce" => (1, &[("gridresource", "host", Text), ("port", "port", Whole)]),
        "cream" => (
            0,
            &[
                ("webservice", "webservice", Text),
                ("port", "port", Whole),
                ("batch", "batch", Text),
                ("queue", "queue", Text),
                ("gridresource", "gridresource", Text),
            ],
        ),
        "gt2" | "gt5" => (1, &[("gridresource", "gatekeeper", Text)]),
        "nordugrid" => (1, &[("gridresource", "host", Text)]),
        "batch" => (1, &[("batch", "system", Lower), ("host", "host", Lower), ("user", "user", Text)]),
        "ec2" => (
            5,
            &[
                ("gridresource", "url", Text),
                ("ami_id", "ami_id", Text),
                ("instance_type", "instance_type", Text),
                ("access_key_id", "access_key_id", Text),
                ("secret_access_key", "secret_access_key", Text),
                ("security_groups", "security_groups", List),
                ("spot_price", "spot_price", Real),
                ("user_data", "user_data", Text),
                ("user_data_file", "user_data_file", Text),
            ],
        ),
        _ => (0, &[]),
    }
}

impl Reader<'_> {
    /// Everything that was written below the plug-in's prefix, and the RSL.
    pub(super) fn grid(&mut self) {
        let Some(flavour) = self.flavour else { return };
        self.attributes();
        self.environment();
        self.peaceful();
        self.proxy();
        if flavour.grid.is_empty() {
            return;
        }
        let (needed, fields) = fields(flavour.grid);
        if let Some((missing, ..)) = fields.iter().take(needed).find(|(key, ..)| !self.submit.contains_key(*key)) {
            let key = format!("batchsubmit.{}.{missing}", flavour.prefixes[0]);
            return self.wrong(&key, "is missing".to_owned());
        }
        let place = self.place("batchsubmitplugin");
        self.put("condor.grid.type", Value::from(flavour.grid), place);
        for (key, field, kind) in fields {
            self.field(key, field, *kind);
        }
        self.key_file();
        self.written_rsl();
    }

    fn field(&mut self, key: &str, field: &str, kind: Kind) {
        let Some((text, place)) = self.submit.get(key).cloned() else { return };
        let number = || text.parse::<f64>().ok().map(Value::Float);
        let value = match kind {
            Kind::Text => Some(Value::from(text.clone())),
            Kind::Lower => Some(Value::from(text.to_lowercase())),
            Kind::Whole => text.parse().ok().map(Value::Integer),
            Kind::Real => number(),
            Kind::List => Some(Value::Array(list(&text).into_iter().map(Value::from).collect())),
        };
        match value {
            Some(value) => self.put(&format!("condor.grid.{field}"), value, place),
            None => self.wrong_below(key, &place, format!("'{text}' is no number")),
        }
    }

    fn wrong_below(&mut self, key: &str, place: &Place, why: String) {
        self.is_broken = true;
        let prefix = self.flavour.map_or("", |flavour| flavour.prefixes[0]);
        let why = format!("{why}; the label is switched off");
        self.report.note(place, self.name, &format!("batchsubmit.{prefix}.{key}"), Fate::Bad { why });
    }

    fn attributes(&mut self) {
        let named = self.submit.iter().filter_map(|(key, (value, place))| {
            let name = key.strip_prefix("condor_attributes.")?;
            Some((name.to_owned(), value.clone(), place.clone()))
        });
        let mut all: Vec<(String, String, Place)> = Vec::new();
        if let Some((text, place)) = self.submit.get("condor_attributes") {
            for line in attribute_lines(text) {
                // A line without a value is what a submit file makes of it: nothing that could be set.
                let (name, value) = line.split_once('=').unwrap_or((&line, ""));
                all.push((name.trim().to_owned(), value.trim().to_owned(), place.clone()));
            }
        }
        all.extend(named);
        for (name, value, place) in all {
            match batch::condor::attribute_problem(&name) {
                None => self.put_at(&["condor", "attributes", &name], Value::from(value), place),
                Some(why) => {
                    let fate = Fate::Bad { why: format!("the line '{name} = {value}' is left out: '{name}' {why}") };
                    self.report.note(&place, self.name, "condor_attributes", fate);
                }
            }
        }
    }

    fn environment(&mut self) {
        let Some((text, place)) = self.submit.get("environ").cloned() else { return };
        for word in text.split_whitespace() {
            match word.split_once('=').filter(|(name, _)| is_variable(name)) {
                Some((name, value)) => self.put_at(&["environment", name], Value::from(value), place.clone()),
                None => {
                    let fate = Fate::Bad { why: format!("'{word}' is left out: it sets no variable") };
                    self.report.note(&place, self.name, "environ", fate);
                }
            }
        }
    }

    /// Of virtual machines it is not an overlay's.
    fn peaceful(&mut self) {
        for key in ["peaceful", "overlay.peaceful"] {
            let Some((text, place)) = self.submit.get(key).cloned() else { continue };
            match boolean(&text) {
                Some(peaceful) => self.put("peaceful", Value::from(peaceful), place),
                None => self.wrong_below(key, &place, format!("'{text}' is no boolean")),
            }
        }
    }

    /// The credential or the proxy of the first profile that has one, or else the file.
    fn proxy(&mut self) {
        let mut found = None;
        if let Some((profiles, place)) = self.submit.get("proxy").cloned() {
            let names = list(&profiles).into_iter().find_map(|name| self.around.credentials.get(name));
            if let Some(name) = names.cloned() {
                return self.put("credential", Value::from(name), place);
            }
            found = list(&profiles).iter().find_map(|name| self.profile(name, "x509.proxyfile"));
            if found.is_none() {
                self.wrong_below("proxy", &place, self.no_profile(&profiles, "x509.proxyfile"));
            }
        }
        let file = self.submit.get("proxyfile").map(|(file, _)| file.clone());
        if let Some(file) = found.or(file) {
            let place = self.submit.get("proxy").or(self.submit.get("proxyfile")).map(|(_, place)| place.clone());
            let place = place.unwrap_or_else(|| self.place("batchsubmitplugin"));
            self.put("condor.proxy", Value::from(file), place);
        }
    }

    fn key_file(&mut self) {
        let Some((profile, place)) = self.submit.get("authprofile").cloned() else { return };
        match self.profile(&profile, "ssh.privatekeyfile") {
            Some(file) => self.put("condor.grid.key", Value::from(file), place),
            None => self.wrong_below("authprofile", &place, self.no_profile(&profile, "ssh.privatekeyfile")),
        }
    }

    fn profile(&self, name: &str, key: &str) -> Option<String> {
        let section = self.around.auth.section(name)?;
        let value = interpolate(&section, key).ok().filter(|value| !value.text.is_empty() && value.text != "None")?;
        Some(self.expanded(value.text))
    }

    fn no_profile(&self, names: &str, key: &str) -> String {
        let known: Vec<&str> = self.around.auth.sections.iter().map(|(name, _)| name.as_str()).collect();
        let first = list(names).first().copied().unwrap_or_default().to_owned();
        match nearest(&first, known.iter().copied()) {
            Some(near) if near == first => format!("profile '{first}' has no {key}"),
            Some(near) => format!("there is no profile '{first}' in the auth files; did you mean '{near}'?"),
            None => format!("there is no profile '{first}' in the auth files"),
        }
    }

    /// One key of the RSL.
    pub(super) fn rsl(&mut self, key: &str, value: &str) {
        let prefix = self.flavour.map_or("", super::Flavour::rsl_prefix);
        let name = key.strip_prefix(prefix).unwrap_or(key);
        if let Some(variable) = name.strip_prefix("addenv.") {
            return match is_variable(variable) {
                true => self.set(key, &format!("environment.{variable}"), Value::from(value)),
                false => self.note(key, Fate::Bad { why: "is left out: it sets no variable".to_owned() }),
            };
        }
        if value.is_empty() {
            return self.ignored(key, "it is empty");
        }
        let is_text = ["globusrsl", "globusrsladd", "nordugridrsl", "nordugridrsladd"].contains(&name);
        let has_whole =
            ["globusrsl", "nordugridrsl"].iter().any(|whole| self.text(&format!("{prefix}{whole}")).is_some());
        if is_text {
            self.becomes(key, "condor.grid.rsl_add");
        } else if has_whole {
            self.ignored(key, "the whole RSL is given");
        } else {
            let place = self.place(key);
            self.put_at(&["condor", "grid", "rsl", name], Value::from(value), place);
            self.becomes(key, &format!("condor.grid.rsl.{name}"));
        }
    }

    /// The whole RSL, and what is added to it.
    fn written_rsl(&mut self) {
        let prefix = self.flavour.map_or("", super::Flavour::rsl_prefix);
        if prefix.is_empty() {
            return;
        }
        let word = if prefix.starts_with("nordugrid") { "nordugridrsl" } else { "globusrsl" };
        let keys = [format!("{prefix}{word}"), format!("{prefix}{word}add")];
        let texts: Vec<String> = keys.iter().filter_map(|key| self.text(key)).collect();
        if let Some(key) = keys.iter().find(|key| self.section.contains_key(*key)).filter(|_| !texts.is_empty()) {
            let place = self.place(key);
            self.put("condor.grid.rsl_add", Value::from(texts.concat()), place);
        }
    }
}

fn is_variable(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !name.starts_with("PILOTAGE_")
}
