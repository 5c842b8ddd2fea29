//! The job name carries our identity: `pilotage.FACTORY.FIRST`, and the array index is added to the first id.

use model::PilotId;

const PREFIX: &str = "pilotage";

/// Name of the array whose index 0 is the pilot `first`.
pub fn job_name(factory: &str, first: PilotId) -> String {
    format!("{PREFIX}.{factory}.{first}")
}

/// The first id from a name; `None` for jobs that are not this factory's. A factory's name may hold dots, so the whole
/// name must match but for the digits at its end.
pub fn first_of(name: &str, factory: &str) -> Option<PilotId> {
    let digits = name.strip_prefix(PREFIX)?.strip_prefix('.')?.strip_prefix(factory)?.strip_prefix('.')?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten().map(PilotId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_factory_s_names_are_read() {
        let name = job_name("f.1", PilotId(17));
        assert_eq!(name, "pilotage.f.1.17");
        assert_eq!(first_of(&name, "f.1"), Some(PilotId(17)));
        assert_eq!(first_of(&name, "f"), None);
        assert_eq!(first_of("pilotage.f.1.", "f.1"), None);
        assert_eq!(first_of("pilotage.f.1.+5", "f.1"), None);
        assert_eq!(first_of("somebody.else", "f.1"), None);
    }
}
