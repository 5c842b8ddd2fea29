//! Arguments that a label may have for `condor_submit`: few, since most would change whose the pilots are or where they
//! go, or submit nothing.

use super::job::attribute_problem;

/// What is wrong with them.
pub(crate) fn refused(arguments: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let line = match word {
            "-append" | "-a" => match words.next() {
                Some(line) => line,
                None => return vec![format!("'{word}' lacks its line")],
            },
            "-batch-name" => {
                words.next();
                continue;
            }
            word => word,
        };
        found.extend(line_problem(line));
    }
    found
}

/// A line of a submit description, which is what a word with an equals sign is too.
fn line_problem(line: &str) -> Option<String> {
    match line.split_once('=') {
        Some((name, _)) if !line.starts_with('-') => {
            Some(format!("'{}' {}", name.trim(), attribute_problem(name.trim())?))
        }
        _ => Some(format!("'{line}' is not for a label; -append LINE, -batch-name NAME and NAME=VALUE are")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split('|').map(str::to_owned).collect()
    }

    #[test]
    fn what_changes_whose_the_pilots_are_is_refused() {
        let own =
            ["-name|other", "-spool", "-dry-run|file", "-append|+PilotageId = 3", "-a|queue 100", "log=x", "file"];
        assert_eq!(own.iter().find(|text| refused(&words(text)).is_empty()), None);
        assert_eq!(refused(&words("-append")), ["'-append' lacks its line"]);
        assert_eq!(refused(&words("MY.PilotageFactory=\"x\"")), ["'MY.PilotageFactory' is set by Pilotage itself"]);
    }

    #[test]
    fn lines_of_sites_are_taken() {
        let text = "-append|+Project = \"x\"|-batch-name|pilots|request_disk=10G|-a|accounting_group = a.b";
        assert_eq!(refused(&words(text)), Vec::<String>::new());
    }
}
