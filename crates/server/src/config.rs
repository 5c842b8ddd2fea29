//! What the operator decides about a server.

mod alarms;
mod check;

pub use alarms::{Alarms, Destination, MailServer, Receiver};

use crate::apfmon::Apfmon;
use crate::pages::Links;
pub use crate::pilot_log::keeping::{LogKeeping, Watermark};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Port of plain HTTP when none is given.
pub const PLAIN_PORT: u16 = 25080;
/// Port of TLS when none is given.
pub const TLS_PORT: u16 = 25443;
/// The most open connections; further ones wait in the kernel's queue.
pub const CONNECTIONS_MAX: usize = 20_000;

/// When connections are encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// Off loopback with the server's own authority, plain on loopback.
    #[default]
    Auto,
    /// Always, with the server's own authority.
    Own,
    /// Always, with the site's own certificate.
    Files {
        /// Certificate chain in PEM.
        certificate: PathBuf,
        /// Private key in PEM.
        key: PathBuf,
    },
    /// Never, also off loopback: something in front of the server does it.
    Plain,
}

/// Everything a server is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Directory of this server: address, tokens, lock, database, objects, logs, TLS.
    pub dir: PathBuf,
    /// `postgres://...`; SQLite in `dir` when absent.
    pub database: Option<String>,
    /// Folder of logs and outputs; `objects` in `dir` when absent. Servers that share a database share this folder too.
    pub objects: Option<PathBuf>,
    /// Whose jobs those of the directory's own token are.
    pub admin_user: String,
    /// Where to listen. When absent, the field's port on loopback, or a free one when that is taken.
    pub listen: Option<SocketAddr>,
    /// URL under which others reach the server, when it differs from what it listens on.
    pub public_url: Option<String>,
    /// When connections are encrypted.
    pub tls: TlsMode,
    /// How long a silent pilot keeps its jobs.
    pub lease: Duration,
    /// How often pilots are asked to say that they live.
    pub heartbeat: Duration,
    /// The longest wait of a long poll.
    pub long_poll: Duration,
    /// Wait before the second attempt of a job; doubles with each further one.
    pub retry_backoff: Duration,
    /// How long an idempotency key is remembered.
    pub keep_idempotency: Duration,
    /// How long ended jobs stay in the archive; `None` keeps them for ever.
    pub keep_archive: Option<Duration>,
    /// How old an ended job is when it moves to the archive.
    pub archive_after: Duration,
    /// How often it is looked for what is too old.
    pub retention_every: Duration,
    /// How logs of pilots are kept.
    pub logs: LogKeeping,
    /// What is looked for, and who is told of it.
    pub alarms: Alarms,
    /// Whether the PanDA face is served.
    pub compat: bool,
    /// The APFmon face; not served when absent.
    pub apfmon: Option<Arc<Apfmon>>,
    /// Proxies that are believed when they say for whom they ask.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether robots may read what they can reach.
    pub allow_robots: bool,
    /// The most labels of factories that metrics tell apart; with more they are told together.
    pub metric_labels: usize,
    /// Pages of other monitors that ours link to.
    pub links: Links,
}

impl Config {
    /// The defaults with SQLite in `dir`.
    pub fn in_dir(dir: impl Into<PathBuf>) -> Config {
        Config {
            dir: dir.into(),
            database: None,
            objects: None,
            admin_user: user_name(),
            listen: None,
            public_url: None,
            tls: TlsMode::Auto,
            lease: Duration::from_secs(300),
            heartbeat: Duration::from_secs(30),
            long_poll: Duration::from_secs(30),
            retry_backoff: Duration::from_secs(5),
            keep_idempotency: Duration::from_secs(24 * 3600),
            keep_archive: Some(Duration::from_secs(90 * 24 * 3600)),
            archive_after: Duration::from_secs(24 * 3600),
            retention_every: Duration::from_secs(60),
            logs: LogKeeping::default(),
            alarms: Alarms::default(),
            compat: false,
            apfmon: None,
            trusted_proxies: Vec::new(),
            allow_robots: false,
            metric_labels: 2000,
            links: Links::default(),
        }
    }

    /// The address to try first.
    pub fn address(&self) -> SocketAddr {
        let port = if matches!(self.tls, TlsMode::Own | TlsMode::Files { .. }) { TLS_PORT } else { PLAIN_PORT };
        self.listen.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
    }

    /// Only this machine reaches the server. A public URL means that something in front of it lets others in.
    pub fn is_private(&self) -> bool {
        self.address().ip().is_loopback() && self.public_url.is_none()
    }

    /// Whether connections are encrypted.
    pub fn is_encrypted(&self) -> bool {
        match self.tls {
            TlsMode::Auto => !self.address().ip().is_loopback(),
            TlsMode::Own | TlsMode::Files { .. } => true,
            TlsMode::Plain => false,
        }
    }

    /// Whether those who come by the URL that others are told come encrypted: by the server itself, or by a proxy.
    pub fn is_reached_by_https(&self) -> bool {
        self.public_url.as_ref().map_or_else(|| self.is_encrypted(), |url| url.starts_with("https://"))
    }
}

/// Name of the user who runs the server.
fn user_name() -> String {
    let named = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "admin".to_owned())
}
