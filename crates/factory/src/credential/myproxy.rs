//! `kind = "myproxy"`: a proxy that a MyProxy server gives for a passphrase or for another credential.

use super::kind::{Carried, Kind, MIN_LIFE_S};
use super::life::Seen;
use super::program::Program;
use super::proxy;
use super::renewal::Renewal;
use async_trait::async_trait;
use model::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The client.
const PROGRAM: &str = "myproxy-logon";

/// `kind = "myproxy"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MyProxy {
    /// Host of the server.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// Its name (`/DC=.../CN=...`), where it is not that of a host.
    pub server_dn: String,
    /// The account on the server.
    pub username: String,
    /// Which of the account's credentials; its default when empty.
    pub credential_name: String,
    /// File with the passphrase, mode 0600.
    pub passphrase_file: PathBuf,
    /// Name of another credential, a proxy, that the server accepts instead of a passphrase.
    pub retriever: String,
    /// Life to ask for, in seconds; whole hours.
    pub life_s: u32,
    /// With less life left, in seconds, the labels wait.
    pub min_life_s: u32,
    /// Directory of the authorities (`X509_CERT_DIR`); the system's when empty.
    pub authorities: PathBuf,
    /// The program; `myproxy-logon` when empty.
    pub program: PathBuf,
    /// When it is fetched anew.
    pub renew: Renewal,
}

impl Default for MyProxy {
    fn default() -> MyProxy {
        MyProxy {
            server: String::new(),
            port: 7512,
            server_dn: String::new(),
            username: String::new(),
            credential_name: String::new(),
            passphrase_file: PathBuf::new(),
            retriever: String::new(),
            life_s: 345_600,
            min_life_s: MIN_LIFE_S,
            authorities: PathBuf::new(),
            program: PathBuf::new(),
            renew: Renewal::default(),
        }
    }
}

#[async_trait]
impl Kind for MyProxy {
    fn name(&self) -> &'static str {
        "myproxy"
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
        vec![&mut self.passphrase_file, &mut self.authorities]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        let needed = [("server", &self.server), ("username", &self.username)];
        let missing = needed.into_iter().filter(|(_, value)| value.is_empty());
        let mut found: Vec<_> = missing.map(|(key, _)| (key, "is missing".to_owned())).collect();
        let by_phrase = !self.passphrase_file.as_os_str().is_empty();
        if by_phrase != self.retriever.is_empty() {
            let what = "either it or retriever says why the server should give the proxy";
            found.push(("passphrase_file", what.to_owned()));
        }
        found
    }

    fn needs(&self) -> Option<(&'static str, &str)> {
        (!self.retriever.is_empty()).then_some(("retriever", &*self.retriever))
    }

    fn read(&self, content: &[u8], since: Time) -> Result<Seen, String> {
        proxy::read(content, since)
    }

    async fn make(&self, dir: &Path, with: Option<&Path>) -> Result<PathBuf, String> {
        let out = dir.join("proxy");
        let passphrase = match with {
            Some(_) => String::new(),
            None => super::look::secret(&self.passphrase_file)? + "\n",
        };
        let is_default = self.program.as_os_str().is_empty();
        let path = if is_default { Path::new(PROGRAM) } else { &self.program };
        let program = Program {
            path,
            arguments: self.words(with.is_some(), &out),
            environment: vec![
                ("X509_CERT_DIR", self.authorities.as_path()),
                // What the one who started the factory may have is not meant.
                ("X509_USER_PROXY", with.unwrap_or(Path::new("/nonexistent"))),
                ("MYPROXY_SERVER_DN", Path::new(&self.server_dn)),
            ],
            input: &passphrase,
            timeout: self.renew.timeout(),
            tells_out: true,
        };
        program.run().await?;
        if !out.exists() {
            return Err(format!("run {}: it ended well and wrote no proxy", path.display()));
        }
        Ok(out)
    }
}

impl MyProxy {
    fn words(&self, by_proxy: bool, out: &Path) -> Vec<String> {
        let hours = self.life_s.div_ceil(3600);
        let mut words: Vec<String> = ["-q".to_owned(), (if by_proxy { "-n" } else { "-S" }).to_owned()].into();
        let mut add = |option: &str, value: String| words.extend([option.to_owned(), value]);
        add("-s", self.server.clone());
        add("-p", self.port.to_string());
        add("-l", self.username.clone());
        if !self.credential_name.is_empty() {
            add("-k", self.credential_name.clone());
        }
        add("-t", hours.to_string());
        add("-o", out.display().to_string());
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_hold_no_secret() {
        let by_phrase = MyProxy { server: "m".into(), username: "u".into(), life_s: 7201, ..MyProxy::default() };
        let out = Path::new("/o");
        assert_eq!(by_phrase.words(false, out).join(" "), "-q -S -s m -p 7512 -l u -t 3 -o /o");
        let by_proxy = MyProxy { credential_name: "c".into(), port: 1, ..by_phrase };
        assert_eq!(by_proxy.words(true, out).join(" "), "-q -n -s m -p 1 -l u -k c -t 3 -o /o");
        let keys = |myproxy: &MyProxy| myproxy.problems().into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(&by_proxy), ["passphrase_file"]);
        assert_eq!(keys(&MyProxy { passphrase_file: "/p".into(), ..MyProxy::default() }), ["server", "username"]);
    }
}
