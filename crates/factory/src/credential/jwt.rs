//! Tokens that say what they are: JSON web tokens (RFC 7519), as SciTokens and those of WLCG are.
//!
//! Who signed one is not looked at; that is the affair of those who accept it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Time;
use serde::Deserialize;

/// The claims that matter here; times in seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Claims {
    iss: String,
    sub: String,
    scope: String,
    iat: Option<f64>,
    nbf: Option<f64>,
    exp: Option<f64>,
}

impl Claims {
    /// Those of a token; `None` when it is no JSON web token.
    pub fn of(token: &str) -> Option<Claims> {
        let [_, claims, _]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }

    /// Whose it is, and who says so.
    pub fn who(&self) -> String {
        let named = [("", &self.sub), ("by ", &self.iss)];
        let words = named.iter().filter(|(_, name)| !name.is_empty()).map(|(word, name)| format!("{word}{name}"));
        words.collect::<Vec<_>>().join(" ")
    }

    /// What it allows.
    pub fn scopes(&self) -> Vec<String> {
        self.scope.split_whitespace().map(str::to_owned).collect()
    }

    /// From when.
    pub fn begins(&self) -> Option<Time> {
        self.nbf.into_iter().chain(self.iat).map(time).max()
    }

    /// Until when.
    pub fn ends(&self) -> Option<Time> {
        self.exp.map(time)
    }
}

fn time(seconds: f64) -> Time {
    Time((seconds * 1000.0) as i64)
}
