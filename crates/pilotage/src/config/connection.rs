//! Which server a client command speaks to, and as whom.

use super::{Environment, read_last_dir};
use crate::cli::args::ServerChoice;
use crate::output::BadInput;
use anyhow::Context;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use wire::tls::Trust;
use wire::{Client, ClientConfig};

/// A server, and how to prove who calls.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Servers in order of preference.
    pub urls: Vec<String>,
    /// Bearer token.
    pub token: Option<String>,
    /// Whom to trust with https.
    pub trust: Trust,
    /// Who named the server.
    pub from: ServerFrom,
}

/// Who named the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerFrom {
    /// `--url`.
    Option,
    /// `PILOTAGE_URL`.
    Variable,
    /// `--dir` or `PILOTAGE_DIR`.
    Directory(PathBuf),
    /// The last `pilotage up`.
    LastUp(PathBuf),
}

impl fmt::Display for ServerFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerFrom::Option => f.write_str("--url"),
            ServerFrom::Variable => f.write_str("PILOTAGE_URL"),
            ServerFrom::Directory(dir) => write!(f, "directory {}", dir.display()),
            ServerFrom::LastUp(dir) => write!(f, "the last `pilotage up`, directory {}", dir.display()),
        }
    }
}

impl Connection {
    /// Options count before the environment, the environment before the last `pilotage up`.
    pub fn find(choice: &ServerChoice, environment: &Environment) -> anyhow::Result<Connection> {
        if let Some(url) = &choice.url {
            return Connection::by_url(url, ServerFrom::Option, environment);
        }
        if let Some(dir) = &choice.dir {
            return Connection::by_dir(dir, ServerFrom::Directory(dir.clone()), environment);
        }
        if let Some(url) = &environment.url {
            return Connection::by_url(url, ServerFrom::Variable, environment);
        }
        if let Some(dir) = &environment.dir {
            return Connection::by_dir(dir, ServerFrom::Directory(dir.clone()), environment);
        }
        let last = read_last_dir(environment).ok_or_else(|| {
            BadInput::new("no server is named")
                .hint("start one with `pilotage up`, or name one by --url, --dir, PILOTAGE_URL or PILOTAGE_DIR")
        })?;
        Connection::by_dir(&last, ServerFrom::LastUp(last.clone()), environment)
    }

    /// A client for this server.
    pub fn client(&self) -> anyhow::Result<Client> {
        let config =
            ClientConfig { trust: self.trust.clone(), ..ClientConfig::new(self.urls.clone(), self.token.clone()) };
        Client::new(config).map_err(|error| match error {
            wire::Error::Setup { reason } => BadInput::new(format!("{}: {reason}", self.from)).into(),
            other => other.into(),
        })
    }

    fn by_url(text: &str, from: ServerFrom, environment: &Environment) -> anyhow::Result<Connection> {
        let urls: Vec<String> = split_list(text);
        if urls.is_empty() {
            return Err(BadInput::new(format!("{from}: '{text}' holds no address")).into());
        }
        let trust = trust_of(environment)?.unwrap_or_default();
        Ok(Connection { urls, token: environment.token.clone(), trust, from })
    }

    fn by_dir(dir: &Path, from: ServerFrom, environment: &Environment) -> anyhow::Result<Connection> {
        let url = read_trimmed(&dir.join("url"))?.ok_or_else(|| not_running(dir, &from))?;
        let own = || read_trimmed(&dir.join("admin.token"));
        let token = match &environment.token {
            Some(token) if environment.url.is_none() => Some(token.clone()),
            _ => own()?,
        };
        let trust = match trust_of(environment)? {
            Some(trust) => trust,
            None => own_authority(dir)?,
        };
        Ok(Connection { urls: split_list(&url), token, trust, from })
    }
}

fn not_running(dir: &Path, from: &ServerFrom) -> BadInput {
    let problem = if dir.is_dir() { "no server has run in it" } else { "there is no such directory" };
    let error = BadInput::new(format!("{from}: {problem}"));
    error.hint(format!("start one with `pilotage up --dir {}`", dir.display()))
}

fn own_authority(dir: &Path) -> anyhow::Result<Trust> {
    let pem = read_trimmed(&dir.join("tls/ca.pem"))?;
    Ok(pem.and_then(|pem| fingerprint_of(&pem)).map_or(Trust::System, Trust::Fingerprint))
}

fn fingerprint_of(pem: &str) -> Option<String> {
    use rustls_pki_types::{CertificateDer, pem::PemObject};
    CertificateDer::from_pem_slice(pem.as_bytes()).ok().map(|certificate| wire::tls::fingerprint(&certificate))
}

fn trust_of(environment: &Environment) -> anyhow::Result<Option<Trust>> {
    let Some(text) = &environment.trust else { return Ok(None) };
    let is_fingerprint = text.replace(':', "").len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
    if is_fingerprint {
        return Ok(Some(Trust::Fingerprint(text.clone())));
    }
    match fs::read_to_string(text) {
        Ok(pem) => Ok(Some(Trust::Authorities(pem))),
        Err(error) => Err(BadInput::new(format!(
            "PILOTAGE_TRUST: '{text}' is neither a SHA-256 fingerprint nor a readable file: {error}"
        ))
        .into()),
    }
}

fn read_trimmed(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}

fn split_list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served_dir() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("url"), "http://127.0.0.1:1\n").unwrap();
        fs::write(dir.path().join("admin.token"), "secret\n").unwrap();
        dir
    }

    #[test]
    fn options_count_before_variables_and_variables_before_the_last_up() {
        let dir = served_dir();
        let state = tempfile::tempdir().unwrap();
        let mut environment = Environment { state_home: Some(state.path().into()), ..Environment::default() };
        let find = |choice: &ServerChoice, environment: &Environment| Connection::find(choice, environment).unwrap();
        super::super::remember_last_dir(&environment, dir.path()).unwrap();
        let last = find(&ServerChoice::default(), &environment);
        assert_eq!((last.from, last.token.as_deref()), (ServerFrom::LastUp(dir.path().into()), Some("secret")));
        environment.url = Some("http://a, http://b".into());
        environment.token = Some("t".into());
        let variable = find(&ServerChoice::default(), &environment);
        assert_eq!((variable.urls.len(), variable.from), (2, ServerFrom::Variable));
        let option = ServerChoice { dir: Some(dir.path().into()), ..ServerChoice::default() };
        assert_eq!(find(&option, &environment).token.as_deref(), Some("secret"));
    }

    #[test]
    fn a_missing_server_is_told_with_a_way_out() {
        let said = Connection::find(&ServerChoice::default(), &Environment::default()).unwrap_err().to_string();
        assert_eq!(said, "no server is named");
        let choice = ServerChoice { dir: Some("/nonexistent".into()), ..ServerChoice::default() };
        let said = Connection::find(&choice, &Environment::default()).unwrap_err().to_string();
        assert_eq!(said, "directory /nonexistent: there is no such directory");
    }
}
