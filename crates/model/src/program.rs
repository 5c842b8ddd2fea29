//! Programs that nodes fetch: pilots and the wrappers of VOs.

use crate::Time;
use serde::{Deserialize, Serialize};

/// The most bytes of a program.
pub const PROGRAM_MAX: u64 = 512 << 20;

/// One version of a program that the server delivers. What is in it never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProgramInfo {
    /// Its name, such as `pilotage-pilot`.
    pub name: String,
    /// Its version, any word.
    pub version: String,
    /// SHA-256 of its content in lower-case hexadecimal digits.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// When it was uploaded.
    pub added: Time,
    /// Who uploaded it.
    pub added_by: String,
}

/// Whether a text is a SHA-256 in hexadecimal digits.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
