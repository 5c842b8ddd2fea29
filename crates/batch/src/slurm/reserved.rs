//! Arguments of `sbatch` that are Pilotage's own: a pilot's identity, its files, and those with which nothing is submitted.

/// Long options. As `sbatch` takes any beginning of one that is no beginning of another, so does this list.
const LONG: [&str; 16] = [
    "parsable",
    "job-name",
    "array",
    "output",
    "error",
    "chdir",
    "open-mode",
    "export",
    "export-file",
    "clusters",
    "wait",
    "wrap",
    "test-only",
    "help",
    "usage",
    "version",
];
/// Short options among them.
const SHORT: &str = "JaoeDMWhV";
/// Short options that take no value, so that others may follow in the same word.
const FLAGS: &str = "HkOsQv";

/// Whether an argument sets what is set by Pilotage itself.
pub(super) fn is_reserved(argument: &str) -> bool {
    if let Some(long) = argument.strip_prefix("--") {
        let name = long.split('=').next().unwrap_or_default();
        return LONG.iter().any(|own| own.starts_with(name));
    }
    let Some(letters) = argument.strip_prefix('-') else { return false };
    letters.chars().find(|letter| !FLAGS.contains(*letter)).is_some_and(|letter| SHORT.contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_own_option_is_known() {
        let own = [
            "--array=0-3",
            "--arr=0-3",
            "--job-name",
            "--job-name=x",
            "-J",
            "-Jx",
            "-HJx",
            "-D/tmp",
            "--chdir=/tmp",
            "--parsable",
            "-M",
            "--clusters=other",
            "--clu=other",
            "-o",
            "--export=ALL",
            "-W",
            "--test-only",
            "--",
        ];
        assert_eq!(own.iter().find(|argument| !is_reserved(argument)), None);
        let theirs = [
            "--partition=short",
            "-pshort",
            "-p",
            "short",
            "--exclusive",
            "--exclude=n1",
            "--constraint=a,J",
            "-CJ",
            "-H",
            "--mem=2G",
            "--nice",
            "-A",
            "physics",
            "--comment=--array",
            "--time=1",
        ];
        assert_eq!(theirs.iter().find(|argument| is_reserved(argument)), None);
    }
}
