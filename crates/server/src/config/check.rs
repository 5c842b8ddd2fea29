//! Whether a server can work as it is configured.

use super::{Config, TlsMode};
use std::path::Path;
use std::time::Duration;
use wire::tls::server_config_from_files;

/// The shortest time that is told to pilots in whole seconds.
const LONG_POLL_MIN: Duration = Duration::from_secs(1);
/// Longer polls are cut by proxies and address translation.
const LONG_POLL_MAX: Duration = Duration::from_secs(600);

impl Config {
    /// What is wrong with it: keys as in a configuration file, and words. Reads the files of TLS, nothing else.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut found = self.wrong_times();
        found.extend(self.wrong_places());
        found.extend(self.wrong_encryption());
        found.extend(self.logs.problems());
        found.extend(self.links.problems());
        let found = found.into_iter().map(|(key, what)| (key.to_owned(), what));
        found.chain(self.alarms.problems()).collect()
    }

    fn wrong_times(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.heartbeat.is_zero() {
            found.push(("heartbeat", "must be longer than nothing".to_owned()));
        }
        if self.lease < self.heartbeat * 2 || self.lease.is_zero() {
            let (lease, heartbeat) = (seconds(self.lease), seconds(self.heartbeat));
            let what =
                format!("{lease} is less than two heartbeats of {heartbeat}; healthy pilots would lose their jobs");
            found.push(("lease", what));
        }
        if !(LONG_POLL_MIN..=LONG_POLL_MAX).contains(&self.long_poll) {
            let (poll, min, max) = (seconds(self.long_poll), seconds(LONG_POLL_MIN), seconds(LONG_POLL_MAX));
            found.push(("long_poll", format!("{poll} is not between {min} and {max}")));
        }
        if let Some(keep) = self.keep_archive.filter(|keep| *keep < self.archive_after) {
            let (keep, after) = (seconds(keep), seconds(self.archive_after));
            found.push((
                "keep_archive",
                format!("{keep} is less than archive_after, {after}; jobs would be dropped unseen"),
            ));
        }
        found
    }

    fn wrong_places(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.dir.exists() && !self.dir.is_dir() {
            found.push(("dir", format!("{} is no directory", self.dir.display())));
        }
        if let Some(objects) = self.objects.as_deref().filter(|path| path.exists() && !path.is_dir()) {
            found.push(("objects", format!("{} is no directory", objects.display())));
        }
        if let Some(reason) = self.database.as_deref().and_then(store::bad_url) {
            found.push(("database", reason));
        }
        if let Some(url) = self.public_url.as_deref().filter(|url| !is_base_url(url)) {
            found.push(("public_url", format!("'{url}' is no URL of a server; write it as https://HOST:PORT")));
        }
        if self.admin_user.trim().is_empty() {
            found.push(("admin_user", "is empty".to_owned()));
        }
        found
    }

    fn wrong_encryption(&self) -> Option<(&'static str, String)> {
        let TlsMode::Files { certificate, key } = &self.tls else { return None };
        let unread = |path: &Path| std::fs::File::open(path).err().map(|error| format!("{}: {error}", path.display()));
        if let Some(what) = unread(certificate) {
            return Some(("tls.certificate", what));
        }
        if let Some(what) = unread(key) {
            return Some(("tls.key", what));
        }
        server_config_from_files(certificate, key).err().map(|error| ("tls", error.to_string()))
    }
}

fn is_base_url(text: &str) -> bool {
    let Ok(url) = text.parse::<http::Uri>() else { return false };
    let is_http = matches!(url.scheme_str(), Some("http" | "https"));
    let is_bare = url.query().is_none() && matches!(url.path(), "" | "/") && !text.ends_with('/');
    is_http && is_bare && url.host().is_some_and(|host| !host.is_empty())
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(change: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = Config::in_dir("/nonexistent/pilotage");
        change(&mut config);
        config.problems().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn what_cannot_work_is_named_by_its_key() {
        assert_eq!(keys(|_| {}), [""; 0]);
        assert_eq!(keys(|config| config.lease = Duration::from_secs(59)), ["lease"]);
        assert_eq!(keys(|config| config.heartbeat = Duration::ZERO), ["heartbeat"]);
        assert_eq!(keys(|config| config.long_poll = Duration::from_millis(500)), ["long_poll"]);
        assert_eq!(keys(|config| config.archive_after = Duration::from_secs(91 * 86400)), ["keep_archive"]);
        assert_eq!(keys(|config| config.dir = "/dev/null".into()), ["dir"]);
        assert_eq!(keys(|config| config.objects = Some("/dev/null".into())), ["objects"]);
        assert_eq!(keys(|config| config.database = Some("mysql://x".into())), ["database"]);
        assert_eq!(keys(|config| config.database = Some("postgres://x@h/d".into())), [""; 0]);
        let files = |certificate: &str| TlsMode::Files { certificate: certificate.into(), key: "/nonexistent".into() };
        assert_eq!(keys(|config| config.tls = files("/nonexistent")), ["tls.certificate"]);
        assert_eq!(keys(|config| config.tls = files("/dev/null")), ["tls.key"]);
    }

    #[test]
    fn a_public_url_is_where_a_server_is() {
        for good in ["https://pilotage.example:25443", "http://[::1]:25080", "http://host"] {
            assert!(is_base_url(good), "{good}");
        }
        for bad in ["pilotage.example", "ftp://host", "https://", "https://host/", "https://host/path", "https://h?x=1"]
        {
            assert!(!is_base_url(bad), "{bad}");
        }
    }
}
