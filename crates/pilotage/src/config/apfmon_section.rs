//! `[apfmon]` of a server's file: how programs that report to an APF monitor are served.

use super::server_file::Time;
use ipnet::IpNet;
use model::LabelPatterns;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use server::apfmon::{Access, Apfmon, StaleRules};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// The section.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ApfmonSection {
    /// Who may call; everybody on loopback and who has a token elsewhere when absent.
    auth: Option<Auth>,
    /// With `auth = "networks"`: who calls from these needs no token.
    networks: Vec<Network>,
    /// Where datagrams of wrappers are listened to.
    #[schemars(with = "Option<String>")]
    udp: Option<SocketAddr>,
    /// How names of labels begin with that of their queue.
    queue_of_label: Option<Vec<String>>,
    /// After how long a silence a pilot counts as gone.
    stale: StaleSection,
    /// The same for labels whose names begin so.
    stale_of: BTreeMap<String, StaleSection>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Auth {
    Open,
    Networks,
    Token,
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct StaleSection {
    created: Option<Time>,
    running: Option<Time>,
    exiting: Option<Time>,
}

/// An address or a network, such as `192.0.2.0/24`.
#[derive(Clone, Copy, Debug)]
pub struct Network(pub IpNet);

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Network, D::Error> {
        let text = String::deserialize(deserializer)?;
        let alone = || text.parse().ok().map(|address: std::net::IpAddr| IpNet::from(address));
        let read = text.parse().ok().or_else(alone);
        let wrong = || de::Error::custom(format!("'{text}' is no network such as 192.0.2.0/24, and no address"));
        read.map(Network).ok_or_else(wrong)
    }
}

impl JsonSchema for Network {
    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A network such as `192.0.2.0/24`, or an address.", "type": "string" })
    }
}

impl ApfmonSection {
    /// What the section means; an error names its key.
    pub fn apfmon(self) -> Result<Apfmon, (&'static str, String)> {
        let defaults = Apfmon::default();
        let patterns = self.queue_of_label.as_deref().map(LabelPatterns::parse).transpose();
        let patterns = patterns.map_err(|what| ("queue_of_label", what))?;
        let stale = self.stale.over(defaults.stale);
        let mut stale_labels: Vec<(String, StaleRules)> =
            self.stale_of.iter().map(|(start, own)| (start.clone(), own.over(stale))).collect();
        // The longest beginning that fits says the most.
        stale_labels.sort_by_key(|(start, _)| Reverse(start.len()));
        Ok(Apfmon {
            access: self.access()?,
            udp: self.udp,
            patterns: patterns.map_or(defaults.patterns, Arc::new),
            stale,
            stale_labels,
            stale_every: defaults.stale_every,
        })
    }

    fn access(&self) -> Result<Access, (&'static str, String)> {
        let networks = || self.networks.iter().map(|network| network.0).collect();
        match (self.auth, self.networks.is_empty()) {
            (Some(Auth::Networks), false) => Ok(Access::Networks(networks())),
            (Some(Auth::Networks), true) => Err(("auth", "is 'networks', but there are none".to_owned())),
            (_, false) => Err(("networks", "count only with auth = \"networks\"".to_owned())),
            (Some(Auth::Open), true) => Ok(Access::Open),
            (Some(Auth::Token), true) => Ok(Access::Token),
            (None, true) => Ok(Access::Auto),
        }
    }
}

impl StaleSection {
    fn over(&self, below: StaleRules) -> StaleRules {
        StaleRules {
            created: self.created.map_or(below.created, |time| time.0),
            running: self.running.map_or(below.running, |time| time.0),
            exiting: self.exiting.map_or(below.exiting, |time| time.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn read(text: &str) -> Result<Apfmon, String> {
        let section: ApfmonSection = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        section.apfmon().map_err(|(key, what)| format!("{key} {what}"))
    }

    #[test]
    fn what_is_not_said_stays_as_it_is() {
        let apfmon =
            read("stale.created = \"2h\"\nstale_of.SLOW.created = \"9h\"\nstale_of.SLOW_X.running = \"1h\"").unwrap();
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        assert_eq!((apfmon.stale.created, apfmon.stale.running), (hours(2), hours(96)));
        let starts: Vec<&str> = apfmon.stale_labels.iter().map(|(start, _)| start.as_str()).collect();
        assert_eq!(starts, ["SLOW_X", "SLOW"]);
        assert_eq!((apfmon.stale_labels[0].1.created, apfmon.stale_labels[1].1.created), (hours(2), hours(9)));
        assert_eq!(apfmon.access, Access::Auto);
    }

    #[test]
    fn contradictions_are_refused() {
        assert_eq!(read("auth = \"networks\"").unwrap_err(), "auth is 'networks', but there are none");
        assert_eq!(read("networks = [\"10.0.0.0/8\"]").unwrap_err(), "networks count only with auth = \"networks\"");
        assert!(read("auth = \"networks\"\nnetworks = [\"10.0.0.0/99\"]").unwrap_err().contains("10.0.0.0/99"));
        assert!(read("queue_of_label = [\"x\"]").unwrap_err().starts_with("queue_of_label 'x'"));
        let access = read("auth = \"networks\"\nnetworks = [\"10.0.0.0/8\", \"2001:db8::1\"]").unwrap().access;
        assert!(matches!(access, Access::Networks(networks) if networks.len() == 2));
    }
}
