//! The server's configuration file and options.

use super::alarms::AlarmsSection;
use super::apfmon_section::{ApfmonSection, Network};
use super::{Amount, Environment, parse_duration};
use crate::cli::args::{Face, ServerArgs, UpArgs};
use crate::output::BadInput;
use factory::config::{ConfigError, Origins, Tree};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use server::apfmon::Apfmon;
use server::pages::Links;
use server::{Alarms, Config, LogKeeping, TlsMode, Watermark};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What a server's file may say. Times are texts such as `"5m"` or numbers of seconds.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerFile {
    dir: Option<PathBuf>,
    #[schemars(with = "Option<String>")]
    listen: Option<SocketAddr>,
    database: Option<String>,
    /// Folder of logs and outputs; servers that share a database share it.
    objects: Option<PathBuf>,
    admin_user: Option<String>,
    public_url: Option<String>,
    tls: Option<TlsChoice>,
    lease: Option<Time>,
    heartbeat: Option<Time>,
    long_poll: Option<Time>,
    retry_backoff: Option<Time>,
    keep_idempotency: Option<Time>,
    keep_archive: Option<Time>,
    archive_after: Option<Time>,
    /// Languages of other systems that are spoken too.
    compat: Option<Compat>,
    apfmon: Option<ApfmonSection>,
    /// Networks of proxies that are believed when they say for whom they ask.
    trusted_proxies: Option<Vec<Network>>,
    allow_robots: Option<bool>,
    /// The most labels of factories that metrics tell apart.
    metric_labels: Option<usize>,
    logs: Option<LogsSection>,
    alarms: Option<AlarmsSection>,
    links: Option<LinksSection>,
    #[serde(skip)]
    places: Places,
}

/// `true` is PanDA's.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Compat {
    Panda(bool),
    Faces(Vec<Face>),
}

impl Compat {
    fn has(&self, face: Face) -> bool {
        match self {
            Compat::Panda(spoken) => *spoken && face == Face::Panda,
            Compat::Faces(faces) => faces.contains(&face),
        }
    }
}

/// Where the keys of a server's file stand.
#[derive(Debug, Default)]
struct Places {
    origins: Origins,
    /// Of the section that holds them; empty, or ending with a dot.
    prefix: &'static str,
}

/// Patterns by the title of the link, such as `https://bigpanda.cern.ch/job/{id}/`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct LinksSection {
    job: BTreeMap<String, String>,
    pilot: BTreeMap<String, String>,
}

/// How logs of pilots are kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct LogsSection {
    keep_days: Option<u32>,
    compress_after_days: Option<u32>,
    high: Option<Mark>,
    low: Option<Mark>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TlsChoice {
    mode: Option<TlsWord>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum TlsWord {
    Auto,
    Own,
    Plain,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Time(pub(super) Duration);

/// A share such as `"90%"`, or an amount such as `"500G"`.
#[derive(Clone, Copy, Debug)]
struct Mark(Watermark);

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Mark, D::Error> {
        String::deserialize(deserializer)?.parse().map(Mark).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        parse_duration(&Amount::deserialize(deserializer)?.0).map(Time).map_err(de::Error::custom)
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A text such as `5m`, or seconds.", "type": ["string", "number"] })
    }
}

impl JsonSchema for Mark {
    fn schema_name() -> Cow<'static, str> {
        "Watermark".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A share such as `90%`, or an amount such as `500G`.", "type": "string" })
    }
}

impl LogsSection {
    fn keeping(self) -> LogKeeping {
        let defaults = LogKeeping::default();
        LogKeeping {
            keep_days: self.keep_days.unwrap_or(defaults.keep_days),
            compress_after_days: self.compress_after_days.unwrap_or(defaults.compress_after_days),
            high: self.high.map(|mark| mark.0),
            low: self.low.map(|mark| mark.0),
        }
    }
}

/// What `pilotage server` runs with: options count before the file.
pub fn server_config(args: &ServerArgs, environment: &Environment) -> Result<Config, BadInput> {
    let file = args.config.as_deref().map(ServerFile::read).transpose()?.unwrap_or_default();
    let dir = args.dir.clone().or(file.dir.clone()).or(environment.dir.clone()).ok_or_else(|| {
        BadInput::new("no directory is given").hint("use --dir DIR, or `dir` in the configuration file")
    })?;
    file.config(dir, Options { listen: args.listen, database: &args.database, compat: &args.compat }, environment)
}

/// What the server of `pilotage up` runs with: options count before the `[server]` section of its file.
pub fn up_server_config(
    args: &UpArgs,
    written: ServerFile,
    dir: PathBuf,
    environment: &Environment,
) -> Result<Config, BadInput> {
    if written.dir.is_some() {
        return Err(written.refusal("dir", "`up` takes its directory from --dir"));
    }
    written.config(dir, Options { listen: args.listen, database: &args.database, compat: &args.compat }, environment)
}

/// What was typed and counts before the file.
struct Options<'a> {
    listen: Option<SocketAddr>,
    database: &'a Option<String>,
    compat: &'a [Face],
}

impl ServerFile {
    fn read(path: &Path) -> Result<ServerFile, ConfigError> {
        let tree = Tree::read(path)?;
        let file: ServerFile = tree.typed()?;
        let places = Places { origins: tree.origins, prefix: "" };
        Ok(ServerFile { places, ..file }.anchored(path))
    }

    /// The `[server]` section of a file, which is taken out of it.
    pub fn section(tree: &mut Tree) -> Result<ServerFile, ConfigError> {
        let file: ServerFile = tree.take("server")?;
        let places = Places { origins: tree.origins.clone(), prefix: "server." };
        Ok(ServerFile { places, ..file }.anchored(&tree.path))
    }

    /// Relative paths are taken from the file's directory.
    fn anchored(mut self, file: &Path) -> ServerFile {
        let base = file.parent().unwrap_or(Path::new(""));
        let tls = self.tls.iter_mut().flat_map(|tls| [&mut tls.certificate, &mut tls.key]);
        for path in [&mut self.dir, &mut self.objects].into_iter().chain(tls).flatten() {
            *path = base.join(&*path);
        }
        for path in self.alarms.iter_mut().flat_map(AlarmsSection::paths) {
            *path = base.join(&*path);
        }
        self
    }

    fn config(self, dir: PathBuf, typed: Options<'_>, environment: &Environment) -> Result<Config, BadInput> {
        let defaults = Config::in_dir(&dir);
        let time = |given: Option<Time>, default: Duration| given.map_or(default, |time| time.0);
        let written = |face| self.compat.as_ref().is_some_and(|compat| compat.has(face));
        let speaks = |face| typed.compat.contains(&face) || written(face);
        let config = Config {
            dir,
            objects: self.objects.clone(),
            admin_user: self.admin_user.clone().unwrap_or(defaults.admin_user),
            database: typed.database.clone().or(self.database.clone()).or(environment.database.clone()),
            listen: typed.listen.or(self.listen),
            public_url: self.public_url.clone(),
            tls: self.tls_mode()?,
            lease: time(self.lease, defaults.lease),
            heartbeat: time(self.heartbeat, defaults.heartbeat),
            long_poll: time(self.long_poll, defaults.long_poll),
            retry_backoff: time(self.retry_backoff, defaults.retry_backoff),
            keep_idempotency: time(self.keep_idempotency, defaults.keep_idempotency),
            keep_archive: self.keep_archive.map(|time| time.0).or(defaults.keep_archive),
            archive_after: time(self.archive_after, defaults.archive_after),
            retention_every: defaults.retention_every,
            compat: speaks(Face::Panda),
            apfmon: if speaks(Face::Apfmon) { Some(Arc::new(self.apfmon()?)) } else { None },
            trusted_proxies: self.trusted_proxies.iter().flatten().map(|network| network.0).collect(),
            alarms: self.alarms()?,
            logs: self.logs.map_or(defaults.logs, LogsSection::keeping),
            allow_robots: self.allow_robots.unwrap_or(defaults.allow_robots),
            metric_labels: self.metric_labels.unwrap_or(defaults.metric_labels),
            links: self.links.clone().map(|links| Links { job: links.job, pilot: links.pilot }).unwrap_or_default(),
        };
        let problems: Vec<String> = config.problems().iter().map(|(key, what)| self.placed(key, what)).collect();
        if problems.is_empty() { Ok(config) } else { Err(BadInput::new(problems.join("\n"))) }
    }

    fn alarms(&self) -> Result<Alarms, BadInput> {
        let Some(section) = &self.alarms else { return Ok(Alarms::default()) };
        section.alarms().map_err(|(key, what)| self.refusal(&key, &what))
    }

    fn apfmon(&self) -> Result<Apfmon, BadInput> {
        let section = self.apfmon.clone().unwrap_or_default();
        section.apfmon().map_err(|(key, what)| self.refusal(&format!("apfmon.{key}"), &what))
    }

    fn tls_mode(&self) -> Result<TlsMode, BadInput> {
        let Some(TlsChoice { mode, certificate, key }) = &self.tls else { return Ok(TlsMode::default()) };
        match (mode, certificate, key) {
            (None, Some(certificate), Some(key)) => {
                Ok(TlsMode::Files { certificate: certificate.clone(), key: key.clone() })
            }
            (None | Some(TlsWord::Auto), None, None) => Ok(TlsMode::Auto),
            (Some(TlsWord::Own), None, None) => Ok(TlsMode::Own),
            (Some(TlsWord::Plain), None, None) => Ok(TlsMode::Plain),
            _ => Err(self.refusal("tls", "takes either a mode (auto, own, plain), or certificate and key together")),
        }
    }

    fn refusal(&self, key: &str, what: &str) -> BadInput {
        BadInput::new(self.placed(key, what))
    }

    /// What is wrong, with the place of the key when the file has it.
    fn placed(&self, key: &str, what: &str) -> String {
        let full = format!("{}{key}", self.places.prefix);
        let origins = &self.places.origins;
        // Keys in lists have no place of their own, but their list has.
        let list = full.split_once('[').and_then(|(list, _)| origins.exactly(list));
        match origins.exactly(&full).or(list) {
            Some(origin) => format!("{origin}:{full}: {what}"),
            None => format!("{key}: {what}"),
        }
    }
}
