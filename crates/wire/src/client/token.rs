//! Calls of `/tokens`, `/whoami`, and of what needs no credential.

use super::{Call, Client, Error};
use crate::api::*;
use http::Method;

/// Longest time for a backup, in seconds.
const BACKUP_MAX_S: u32 = 6 * 3600;

impl Client {
    /// Makes a token.
    pub async fn create_token(&self, request: &TokenRequest) -> Result<NewToken, Error> {
        self.send(Call::post("/tokens").json(request)).await?.json()
    }

    /// All valid tokens, without the tokens themselves.
    pub async fn tokens(&self) -> Result<TokenList, Error> {
        self.send(Call::get("/tokens")).await?.json()
    }

    /// Ends a token.
    pub async fn revoke_token(&self, id: i64) -> Result<(), Error> {
        self.send(Call::new(Method::DELETE, &format!("/tokens/{id}"))).await.map(drop)
    }

    /// Who the server takes the caller for.
    pub async fn whoami(&self) -> Result<Identity, Error> {
        self.send(Call::get("/whoami")).await?.json()
    }

    /// Copies the store of the working server; waits as long as that takes.
    pub async fn backup(&self, request: &BackupRequest) -> Result<BackedUp, Error> {
        self.send(Call::post("/backup").json(request).waiting(BACKUP_MAX_S)).await?.json()
    }

    /// Whether the server is ready to work.
    pub async fn ready(&self) -> Result<(), Error> {
        self.send(Call::get_outside("/readyz")).await.map(drop)
    }
}
