//! The job name carries our identity: `pilotage.FACTORY.PILOT`; of an array, the first pilot, to which the index is added.

use model::PilotId;

const PREFIX: &str = "pilotage";

/// Name of a pilot, or of the array that begins with it.
pub fn job_name(factory: &str, pilot: PilotId) -> String {
    format!("{PREFIX}.{factory}.{pilot}")
}

/// The pilot of a name; `None` for jobs that are not this factory's. A factory's name may hold dots, so the whole
/// name must match but for the digits at its end.
pub fn pilot_of(name: &str, factory: &str) -> Option<PilotId> {
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
        assert_eq!(pilot_of(&name, "f.1"), Some(PilotId(17)));
        assert_eq!(pilot_of(&name, "f"), None);
        assert_eq!(pilot_of("pilotage.f.1.", "f.1"), None);
        assert_eq!(pilot_of("pilotage.f.1.+5", "f.1"), None);
        assert_eq!(pilot_of("somebody.else", "f.1"), None);
    }
}
