//! `kind = "token"`: a token of somebody else, of a program, or of an OpenID provider by client credentials.

use super::jwt::Claims;
use super::kind::{Carried, Kind, MIN_LIFE_S};
use super::life::Seen;
use super::program::Program;
use super::renewal::Renewal;
use async_trait::async_trait;
use model::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wire::oidc::Grant;
use wire::tls::Trust;

/// `kind = "token"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Token {
    /// File with a token that somebody else renews.
    pub path: PathBuf,
    /// Program that prints a token, and its arguments; others can read these.
    pub command: Vec<String>,
    /// Base URL of an OpenID provider that gives tokens for client credentials.
    pub issuer: String,
    /// The client.
    pub client_id: String,
    /// File with the client's secret, mode 0600.
    pub client_secret_file: PathBuf,
    /// What the token is to allow; the provider's choice when empty.
    pub scopes: Vec<String>,
    /// Who is to accept the token; the provider's choice when empty.
    pub audience: String,
    /// File with the certificates (PEM) of the authorities to trust with the provider; the system's when empty.
    pub authorities: PathBuf,
    /// Seconds that a token lasts which does not say it itself; such a token is refused when 0.
    pub life_s: u32,
    /// With less life left, in seconds, the labels wait.
    pub min_life_s: u32,
    /// When it is made anew.
    pub renew: Renewal,
}

impl Default for Token {
    fn default() -> Token {
        Token {
            path: PathBuf::new(),
            command: Vec::new(),
            issuer: String::new(),
            client_id: String::new(),
            client_secret_file: PathBuf::new(),
            scopes: Vec::new(),
            audience: String::new(),
            authorities: PathBuf::new(),
            life_s: 0,
            min_life_s: MIN_LIFE_S,
            renew: Renewal::default(),
        }
    }
}

#[async_trait]
impl Kind for Token {
    fn name(&self) -> &'static str {
        "token"
    }

    fn carried(&self) -> Carried {
        Carried::Token
    }

    fn lies_at(&self) -> Option<&Path> {
        Some(self.path.as_path()).filter(|path| !path.as_os_str().is_empty())
    }

    fn renewal(&self) -> Option<&Renewal> {
        self.lies_at().is_none().then_some(&self.renew)
    }

    fn min_life_s(&self) -> u32 {
        self.min_life_s
    }

    fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        vec![&mut self.path, &mut self.client_secret_file, &mut self.authorities]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let ways = [self.lies_at().is_some(), !self.command.is_empty(), !self.issuer.is_empty()];
        if ways.iter().filter(|is_set| **is_set).count() != 1 {
            found.push(("path", "one of path, command and issuer says where the token comes from".to_owned()));
        }
        let of_client = [
            ("client_id", self.client_id.is_empty()),
            ("client_secret_file", self.client_secret_file.as_os_str().is_empty()),
        ];
        for (key, is_empty) in of_client {
            match (self.issuer.is_empty(), is_empty) {
                (false, true) => found.push((key, "is missing".to_owned())),
                (true, false) => found.push((key, "is for an issuer, which is not set".to_owned())),
                _ => {}
            }
        }
        found
    }

    fn read(&self, content: &[u8], since: Time) -> Result<Seen, String> {
        let token = std::str::from_utf8(content).map_err(|_| "is no text")?.trim();
        if token.is_empty() || token.contains(char::is_whitespace) {
            return Err("is no token: it is empty, or more than one word".to_owned());
        }
        let claims = Claims::of(token).unwrap_or_default();
        let by_age = (self.life_s > 0).then(|| since + Duration::from_secs(self.life_s.into()));
        let ends = claims.ends().or(by_age).ok_or("does not say when it ends; set life_s")?;
        let began = claims.begins().unwrap_or(since).max(since);
        Ok(Seen { who: claims.who(), attributes: claims.scopes(), began, ends: Some(ends), attributes_end: None })
    }

    async fn make(&self, dir: &Path, _with: Option<&Path>) -> Result<PathBuf, String> {
        let token = if self.issuer.is_empty() { self.of_command().await? } else { self.of_issuer().await? };
        let path = dir.join("token");
        let failed = |error: std::io::Error| format!("write {}: {error}", path.display());
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
        std::io::Write::write_all(&mut file, token.trim().as_bytes()).map_err(failed)?;
        Ok(path)
    }
}

impl Token {
    async fn of_command(&self) -> Result<String, String> {
        let (path, arguments) = self.command.split_first().ok_or("run a command: none is set")?;
        let program = Program {
            path: Path::new(path),
            arguments: arguments.to_vec(),
            environment: Vec::new(),
            input: "",
            timeout: self.renew.timeout(),
            tells_out: false,
        };
        program.run().await
    }

    async fn of_issuer(&self) -> Result<String, String> {
        let secret = super::look::secret(&self.client_secret_file)?;
        let trust = if self.authorities.as_os_str().is_empty() {
            Trust::System
        } else {
            let read = std::fs::read_to_string(&self.authorities);
            Trust::Authorities(read.map_err(|error| format!("read {}: {error}", self.authorities.display()))?)
        };
        let grant = Grant {
            issuer: &self.issuer,
            client_id: &self.client_id,
            client_secret: &secret,
            scopes: &self.scopes,
            audience: &self.audience,
            trust: &trust,
            timeout: self.renew.timeout(),
        };
        grant.token().await.map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn token(claims: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_says_whose_it_is_and_until_when() {
        let text =
            token(r#"{"iss":"https://iam.example","sub":"robot","scope":"a b","iat":100,"nbf":90.5,"exp":4000}"#);
        let seen = Token::default().read(format!("{text}\n").as_bytes(), Time(50_000)).unwrap();
        assert_eq!((seen.began, seen.ends), (Time(100_000), Some(Time(4_000_000))));
        assert_eq!((seen.who.as_str(), seen.attributes.join(",")), ("robot by https://iam.example", "a,b".into()));
    }

    #[test]
    fn one_that_does_not_say_it_lasts_as_long_as_the_operator_says() {
        let said = |life_s, text: &str| Token { life_s, ..Token::default() }.read(text.as_bytes(), Time(1000));
        assert_eq!(said(0, "opaque").unwrap_err(), "does not say when it ends; set life_s");
        assert_eq!(said(0, &token("{}")).unwrap_err(), "does not say when it ends; set life_s");
        assert_eq!(said(60, "opaque").unwrap().ends, Some(Time(61_000)));
        assert_eq!(said(60, &token(r#"{"exp":7}"#)).unwrap().ends, Some(Time(7000)));
        for text in ["", " \n", "<html> not found", "two words"] {
            assert!(said(60, text).unwrap_err().starts_with("is no token"));
        }
    }

    #[test]
    fn exactly_one_origin_is_asked_for() {
        let keys = |token: Token| token.problems().into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(Token::default()), ["path"]);
        assert_eq!(keys(Token { path: "/t".into(), command: vec!["x".into()], ..Token::default() }), ["path"]);
        let issuer = Token { issuer: "https://i".into(), client_id: "c".into(), ..Token::default() };
        assert_eq!(keys(issuer), ["client_secret_file"]);
        assert_eq!(keys(Token { path: "/t".into(), client_id: "c".into(), ..Token::default() }), ["client_id"]);
    }
}
