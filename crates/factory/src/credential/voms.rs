//! `kind = "voms"`: the site's own `voms-proxy-init`.

use super::kind::{Carried, Kind, MIN_LIFE_S, missing};
use super::life::Seen;
use super::program::Program;
use super::proxy;
use super::renewal::Renewal;
use async_trait::async_trait;
use model::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The C client, which speaks with every server. Where the Java client is installed as well, it has the other name.
const PROGRAM: &str = "voms-proxy-init2";
/// The only one of other distributions.
const PROGRAM_ELSEWHERE: &str = "voms-proxy-init";

/// `kind = "voms"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Voms {
    /// The VO, as `vomses` names it.
    pub vo: String,
    /// Groups and roles to ask for, such as `/atlas/Role=pilot`, the one that counts first; all groups when empty.
    pub fqans: Vec<String>,
    /// The certificate (PEM).
    pub certificate: PathBuf,
    /// Its key, without a passphrase; in the certificate's file when empty.
    pub key: PathBuf,
    /// A longer-lived proxy instead of certificate and key.
    pub base: PathBuf,
    /// Name of another credential instead, a proxy such as one of `kind = "myproxy"`.
    pub over: String,
    /// Bits of the proxy's key.
    pub bits: u32,
    /// Life of the proxy to ask for, in seconds; whole minutes.
    pub life_s: u32,
    /// Life of the attributes to ask for, in seconds; that of the proxy when 0. Servers give less when they want to.
    pub attribute_life_s: u32,
    /// With less life left, in seconds, the labels wait.
    pub min_life_s: u32,
    /// File or directory that says where the VO's servers are; the system's when empty.
    pub vomses: PathBuf,
    /// Directory that says which servers may speak for the VO (`X509_VOMS_DIR`); the system's when empty.
    pub vomsdir: PathBuf,
    /// Directory of the authorities (`X509_CERT_DIR`); the system's when empty.
    pub authorities: PathBuf,
    /// The program; `voms-proxy-init2`, or `voms-proxy-init` where that is not there, when empty.
    pub program: PathBuf,
    /// Further arguments of the program, one per element.
    pub arguments: Vec<String>,
    /// When it is made anew.
    pub renew: Renewal,
}

impl Default for Voms {
    fn default() -> Voms {
        Voms {
            vo: String::new(),
            fqans: Vec::new(),
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            base: PathBuf::new(),
            over: String::new(),
            bits: 2048,
            life_s: 345_600,
            attribute_life_s: 0,
            min_life_s: MIN_LIFE_S,
            vomses: PathBuf::new(),
            vomsdir: PathBuf::new(),
            authorities: PathBuf::new(),
            program: PathBuf::new(),
            arguments: Vec::new(),
            renew: Renewal::default(),
        }
    }
}

/// What the proxy is made from.
struct Source<'a> {
    certificate: &'a Path,
    key: &'a Path,
    is_proxy: bool,
}

#[async_trait]
impl Kind for Voms {
    fn name(&self) -> &'static str {
        "voms"
    }

    fn carried(&self) -> Carried {
        Carried::Proxy
    }

    fn lies_at(&self) -> Option<&Path> {
        None
    }

    fn renewal(&self) -> Option<&Renewal> {
        Some(&self.renew)
    }

    fn min_life_s(&self) -> u32 {
        self.min_life_s
    }

    fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        vec![
            &mut self.certificate,
            &mut self.key,
            &mut self.base,
            &mut self.vomses,
            &mut self.vomsdir,
            &mut self.authorities,
        ]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let is_set = |path: &Path| !path.as_os_str().is_empty();
        if self.vo.is_empty() {
            found.push(("vo", "is missing".to_owned()));
        }
        let ways = [is_set(&self.certificate), is_set(&self.base), !self.over.is_empty()];
        match ways.iter().filter(|is_set| **is_set).count() {
            0 => found.extend(missing("certificate", &self.certificate)),
            1 if is_set(&self.key) && !ways[0] => {
                found.push(("key", "is for a certificate, which is not set".to_owned()))
            }
            1 => {}
            _ => {
                let what = "one of certificate, base and over says what the proxy is made from";
                found.push(("certificate", what.to_owned()));
            }
        }
        for fqan in self.fqans.iter().filter(|fqan| !fqan.starts_with('/')) {
            found.push(("fqans", format!("'{fqan}' is no group or role; these begin with '/', as '/{}'", self.vo)));
        }
        if !(1024..=16_384).contains(&self.bits) {
            found.push(("bits", format!("{} is not between 1024 and 16384", self.bits)));
        }
        let own = Some(self.attribute_life_s).filter(|life_s| *life_s > 0).unwrap_or(self.life_s);
        let lives = [("life_s", self.life_s), ("attribute_life_s", own)];
        for (key, life_s) in lives.into_iter().filter(|(_, life_s)| *life_s < 60) {
            found.push((key, format!("{life_s} is less than a minute")));
        }
        let own = ["-out", "--out", "-pwstdin", "--pwstdin"];
        for word in self.arguments.iter().filter(|word| own.contains(&word.as_str())) {
            found.push(("arguments", format!("'{word}' is the factory's own affair")));
        }
        found
    }

    fn needs(&self) -> Option<(&'static str, &str)> {
        (!self.over.is_empty()).then_some(("over", &*self.over))
    }

    fn read(&self, content: &[u8], since: Time) -> Result<Seen, String> {
        proxy::read(content, since)
    }

    async fn make(&self, dir: &Path, with: Option<&Path>) -> Result<PathBuf, String> {
        let (path, out) = (self.program(), dir.join("proxy"));
        let program = Program {
            path: &path,
            arguments: self.words(&self.source(with), &out),
            environment: vec![("X509_VOMS_DIR", &*self.vomsdir), ("X509_CERT_DIR", &*self.authorities)],
            input: "",
            timeout: self.renew.timeout(),
            tells_out: true,
        };
        program.run().await?;
        if !out.exists() {
            return Err(format!("run {}: it ended well and wrote no proxy", path.display()));
        }
        Ok(out)
    }

    /// A server may give other groups than those that were wanted.
    fn accept(&self, new: &Seen) -> Result<(), String> {
        if new.attributes_end.is_none() {
            return Err("get attributes of the VO: the new proxy has none".to_owned());
        }
        let missing = self.fqans.iter().find(|fqan| !new.attributes.contains(fqan));
        missing.map_or(Ok(()), |fqan| Err(format!("get {fqan}: the new proxy has only {}", new.attributes.join(", "))))
    }
}

impl Voms {
    fn source<'a>(&'a self, with: Option<&'a Path>) -> Source<'a> {
        let base = Some(self.base.as_path()).filter(|base| !base.as_os_str().is_empty());
        if let Some(proxy) = with.or(base) {
            return Source { certificate: proxy, key: proxy, is_proxy: true };
        }
        let key = if self.key.as_os_str().is_empty() { &self.certificate } else { &self.key };
        Source { certificate: &self.certificate, key, is_proxy: false }
    }

    fn program(&self) -> PathBuf {
        if !self.program.as_os_str().is_empty() {
            return self.program.clone();
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let is_here = std::env::split_paths(&path).any(|dir| dir.join(PROGRAM).is_file());
        PathBuf::from(if is_here { PROGRAM } else { PROGRAM_ELSEWHERE })
    }

    /// The arguments, those that the C and the Java client have in common.
    fn words(&self, source: &Source<'_>, out: &Path) -> Vec<String> {
        let text = |path: &Path| path.display().to_string();
        let attribute_life_s = if self.attribute_life_s == 0 { self.life_s } else { self.attribute_life_s };
        let mut words: Vec<String> = vec!["-rfc".into()];
        let mut add = |option: &str, value: String| words.extend([option.to_owned(), value]);
        add("-cert", text(source.certificate));
        add("-key", text(source.key));
        for command in self.commands() {
            add("-voms", command);
        }
        add("-valid", hours(self.life_s));
        add("-vomslife", hours(attribute_life_s));
        add("-bits", self.bits.to_string());
        if !self.vomses.as_os_str().is_empty() {
            add("-vomses", text(&self.vomses));
        }
        add("-out", text(out));
        if source.is_proxy {
            words.push("-noregen".to_owned());
        }
        words.extend(self.arguments.iter().cloned());
        words
    }

    fn commands(&self) -> Vec<String> {
        if self.fqans.is_empty() {
            return vec![self.vo.clone()];
        }
        self.fqans.iter().map(|fqan| format!("{}:{fqan}", self.vo)).collect()
    }
}

/// Hours and minutes, rounded up.
fn hours(seconds: u32) -> String {
    let minutes = seconds.div_ceil(60);
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_ask_for_both_lives_and_every_role() {
        let voms = Voms {
            vo: "atlas".into(),
            fqans: vec!["/atlas/Role=pilot".into(), "/atlas/usatlas".into()],
            base: "/etc/base".into(),
            life_s: 345_600,
            attribute_life_s: 86_399,
            vomses: "/etc/vomses".into(),
            arguments: vec!["-limited".into()],
            ..Voms::default()
        };
        let words = voms.words(&voms.source(None), Path::new("/d/proxy")).join(" ");
        assert_eq!(
            words,
            "-rfc -cert /etc/base -key /etc/base -voms atlas:/atlas/Role=pilot -voms atlas:/atlas/usatlas -valid 96:00 \
             -vomslife 24:00 -bits 2048 -vomses /etc/vomses -out /d/proxy -noregen -limited"
        );
        let simple = Voms { vo: "dteam".into(), certificate: "/c".into(), life_s: 90, ..Voms::default() };
        let words = simple.words(&simple.source(None), Path::new("/p")).join(" ");
        assert_eq!(words, "-rfc -cert /c -key /c -voms dteam -valid 0:02 -vomslife 0:02 -bits 2048 -out /p");
    }

    #[test]
    fn what_it_is_made_from_is_said_once() {
        let keys = |voms: Voms| voms.problems().into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        let voms = Voms { vo: "atlas".into(), ..Voms::default() };
        assert_eq!(keys(Voms::default()), ["vo", "certificate"]);
        assert_eq!(keys(Voms { over: "plain".into(), ..voms.clone() }), [""; 0]);
        assert_eq!(keys(Voms { over: "plain".into(), key: "/k".into(), ..voms.clone() }), ["key"]);
        assert_eq!(keys(Voms { base: "/b".into(), certificate: "/c".into(), ..voms.clone() }), ["certificate"]);
        let wrong =
            Voms { certificate: "/c".into(), fqans: vec!["atlas".into()], bits: 512, attribute_life_s: 5, ..voms };
        assert_eq!(
            keys(Voms { arguments: vec!["-out".into()], ..wrong }),
            ["fqans", "bits", "attribute_life_s", "arguments"]
        );
    }
}
