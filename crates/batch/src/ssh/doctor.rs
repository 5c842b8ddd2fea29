//! Whether a login node can be used.

use super::Login;
use crate::Check;

impl Login {
    /// Host keys, and the connection.
    pub async fn checks(&self) -> Vec<Check> {
        let config = &self.config;
        let file = config.known_hosts(&self.dir);
        let readable = std::fs::read(&file);
        let get = format!("ssh-keyscan -p {} {} >>{}", config.port, config.host, file.display());
        let keys = Check {
            what: "host keys".to_owned(),
            ok: readable.is_ok(),
            found: match readable {
                Ok(_) => file.display().to_string(),
                Err(error) => {
                    format!(
                        "{}: {error}; get them by '{get}', and compare them with the site's own list",
                        file.display()
                    )
                }
            },
        };
        let connected = self.connect().await;
        let connection = Check {
            what: format!("login node {}", config.host),
            ok: connected.is_ok(),
            found: connected.map_or_else(|error| error.to_string(), |()| format!("lets {} in", config.user)),
        };
        vec![keys, connection]
    }
}
