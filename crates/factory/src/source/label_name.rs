//! Names of labels that a source makes: they must be names, and the same in every run.

/// The longest name.
const LENGTH_MAX: usize = 64;

/// A text as a name: what may not stand in names becomes `_`; one that is too long is cut, and ends with a digest of the
/// whole so that two such names differ.
pub fn label_name(text: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '_' };
    let name: String = text.chars().map(allowed).collect();
    let name = name.trim_start_matches(['_', '-', '.']);
    if name.len() <= LENGTH_MAX {
        return name.to_owned();
    }
    format!("{}-{:08x}", &name[..LENGTH_MAX - 9], fnv_1a(text))
}

/// A digest that does not change with the version of the compiler, as that of the standard library may.
fn fnv_1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_and_stay_unique() {
        assert_eq!(label_name("AGLT2-gate04.aglt2.org-default"), "AGLT2-gate04.aglt2.org-default");
        assert_eq!(label_name("a/b:c d"), "a_b_c_d");
        assert_eq!(label_name("_x"), "x");
        let (one, two) = (label_name(&format!("{}1", "x".repeat(90))), label_name(&format!("{}2", "x".repeat(90))));
        assert_eq!(one.len(), 64);
        assert_ne!(one, two);
        assert!(model::queue::check_name(&one).is_ok());
        assert_eq!(fnv_1a("foobar"), 0xbf9c_f968, "the published value");
    }
}
