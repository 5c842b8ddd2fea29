//! Calls of `/programs`.

use super::{Call, Client, Error};
use crate::api::{PREFIX, ProgramInfo, ProgramList, ProgramUpload};
use ring::digest::{Context, SHA256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

impl Client {
    /// All programs.
    pub async fn programs(&self) -> Result<ProgramList, Error> {
        self.send(Call::get("/programs")).await?.json()
    }

    /// Uploads the content of a file as a version of a program.
    pub async fn put_program(
        &self,
        name: &str,
        version: &str,
        path: &Path,
        sha256: &str,
    ) -> Result<ProgramInfo, Error> {
        let upload = ProgramUpload { sha256: sha256.to_owned() };
        self.send(Call::put(&of(name, version)).query(&upload).file(path)).await?.json()
    }

    /// Forgets a version of a program.
    pub async fn drop_program(&self, name: &str, version: &str) -> Result<(), Error> {
        self.send(Call::new(http::Method::DELETE, &of(name, version))).await.map(drop)
    }
}

/// SHA-256 of a file's content in hexadecimal digits.
pub fn file_sha256(path: &Path) -> io::Result<String> {
    let (mut file, mut sum) = (File::open(path)?, Context::new(&SHA256));
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex::encode(sum.finish())),
            read => sum.update(&piece[..read]),
        }
    }
}

/// Where a server has a program, below its URL.
pub fn program_path(name: &str, version: &str) -> String {
    format!("{PREFIX}{}", of(name, version))
}

fn of(name: &str, version: &str) -> String {
    format!("/programs/{name}/{version}")
}
