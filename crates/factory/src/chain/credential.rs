//! Credential: nothing is submitted with what no site would accept.

use super::Outcome;
use crate::situation::Situation;

/// Passes while the credential is good. While it is not, pilots that are there are left alone too: those that wait have
/// a better chance once it is renewed than new ones have.
pub(super) fn credential(n: i64, situation: &Situation) -> Outcome {
    match &situation.credential {
        Some(credential) if n != 0 && !credential.trouble.is_empty() => {
            (0, format!("Credential:comment=waits for credential '{}',in={n},ret=0", credential.name))
        }
        _ => (n, String::new()),
    }
}
