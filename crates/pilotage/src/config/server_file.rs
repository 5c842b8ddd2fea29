//! The server's configuration file and options.

use super::strict::read_file;
use super::{Environment, parse_duration};
use crate::cli::args::{ServerArgs, UpArgs};
use crate::output::BadInput;
use serde::{Deserialize, Deserializer, de};
use server::{Config, TlsMode};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What a server's file may say. Times are texts such as `"5m"` or numbers of seconds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerFile {
    dir: Option<PathBuf>,
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
    compat: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsChoice {
    mode: Option<TlsWord>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TlsWord {
    Auto,
    Own,
    Plain,
}

#[derive(Clone, Copy, Debug)]
struct Time(Duration);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Seconds(f64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Seconds(seconds) => Duration::try_from_secs_f64(seconds).map(Time).map_err(de::Error::custom),
            Written::Text(text) => parse_duration(&text).map(Time).map_err(de::Error::custom),
        }
    }
}

/// What `pilotage server` runs with: options count before the file.
pub fn server_config(args: &ServerArgs, environment: &Environment) -> Result<Config, BadInput> {
    let file = args.config.as_deref().map(read_file::<ServerFile>).transpose()?.unwrap_or_default();
    let dir = args.dir.clone().or(file.dir.clone()).or(environment.dir.clone()).ok_or_else(|| {
        BadInput::new("no directory is given").hint("use --dir DIR, or `dir` in the configuration file")
    })?;
    let mut config = file.into_config(dir)?;
    config.listen = args.listen.or(config.listen);
    config.database = args.database.clone().or(config.database).or(environment.database.clone());
    config.compat |= args.compat;
    Ok(config)
}

/// What the server of `pilotage up` runs with: options count before the `[server]` section of its file.
pub fn up_server_config(
    args: &UpArgs,
    written: ServerFile,
    dir: PathBuf,
    environment: &Environment,
) -> Result<Config, BadInput> {
    if let Some(other) = &written.dir {
        let message = format!("[server] dir = \"{}\": `up` takes its directory from --dir", other.display());
        return Err(BadInput::new(message));
    }
    let mut config = written.into_config(dir)?;
    config.listen = args.listen.or(config.listen);
    config.database = args.database.clone().or(config.database).or(environment.database.clone());
    config.compat |= args.compat;
    Ok(config)
}

impl ServerFile {
    fn into_config(self, dir: PathBuf) -> Result<Config, BadInput> {
        let defaults = Config::in_dir(&dir);
        let time = |given: Option<Time>, default: Duration| given.map_or(default, |time| time.0);
        Ok(Config {
            dir,
            objects: self.objects,
            admin_user: self.admin_user.unwrap_or(defaults.admin_user),
            database: self.database,
            listen: self.listen,
            public_url: self.public_url,
            tls: self.tls.map(TlsChoice::mode).transpose()?.unwrap_or_default(),
            lease: time(self.lease, defaults.lease),
            heartbeat: time(self.heartbeat, defaults.heartbeat),
            long_poll: time(self.long_poll, defaults.long_poll),
            retry_backoff: time(self.retry_backoff, defaults.retry_backoff),
            keep_idempotency: time(self.keep_idempotency, defaults.keep_idempotency),
            keep_archive: self.keep_archive.map(|time| time.0).or(defaults.keep_archive),
            archive_after: time(self.archive_after, defaults.archive_after),
            retention_every: defaults.retention_every,
            compat: self.compat.unwrap_or(false),
        })
    }
}

impl TlsChoice {
    fn mode(self) -> Result<TlsMode, BadInput> {
        match (self.mode, self.certificate, self.key) {
            (None, Some(certificate), Some(key)) => Ok(TlsMode::Files { certificate, key }),
            (None | Some(TlsWord::Auto), None, None) => Ok(TlsMode::Auto),
            (Some(TlsWord::Own), None, None) => Ok(TlsMode::Own),
            (Some(TlsWord::Plain), None, None) => Ok(TlsMode::Plain),
            _ => Err(BadInput::new("[tls] takes either a mode (auto, own, plain), or certificate and key together")),
        }
    }
}
