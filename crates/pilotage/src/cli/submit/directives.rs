//! Options that a script carries in lines beginning with `#PILOTAGE `.

use crate::cli::args::JobOptions;
use crate::output::BadInput;
use clap::{Args, Command, FromArgMatches};
use std::path::Path;

const MARK: &str = "#PILOTAGE ";

/// The script's own options, with what was typed counting before them.
pub fn merged(path: &Path, script: &str, typed: &JobOptions) -> Result<JobOptions, BadInput> {
    let mut merged = typed.clone();
    for (i, line) in script.lines().enumerate() {
        let Some(words) = line.strip_prefix(MARK) else { continue };
        let place = format!("{}:{}", path.display(), i + 1);
        merged = filled(merged, parse(&place, words)?);
    }
    Ok(merged)
}

fn parse(place: &str, words: &str) -> Result<JobOptions, BadInput> {
    let command = JobOptions::augment_args(Command::new("script").no_binary_name(true).disable_help_flag(true));
    let refused = |error: clap::Error| {
        let said = error.to_string();
        let first = said.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        BadInput::new(format!("{place}: {first}"))
    };
    let matches = command.try_get_matches_from(split_words(words)).map_err(refused)?;
    JobOptions::from_arg_matches(&matches).map_err(refused)
}

/// Words as a shell splits them, with single and double quotes.
fn split_words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn filled(first: JobOptions, second: JobOptions) -> JobOptions {
    let placed = first.queue.is_some() || first.site.is_some() || !first.tag.is_empty();
    let joined = |mut a: Vec<String>, b: Vec<String>| {
        a.splice(0..0, b);
        a
    };
    JobOptions {
        name: first.name.or(second.name),
        array: first.array.or(second.array),
        queue: if placed { first.queue } else { second.queue },
        site: if placed { first.site } else { second.site },
        tag: if placed { first.tag } else { second.tag },
        group: first.group.or(second.group),
        cores: first.cores.or(second.cores),
        memory: first.memory.or(second.memory),
        time: first.time.or(second.time),
        priority: first.priority.or(second.priority),
        env: joined(first.env, second.env),
        input: joined(first.input, second.input),
        output_file: joined(first.output_file, second.output_file),
        max_attempts: first.max_attempts.or(second.max_attempts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_counts_before_the_script() {
        let script = "#!/bin/sh\n#PILOTAGE --cores 4 --name 'long name'\n#PILOTAGE -m 2G -q far\necho\n";
        let typed = JobOptions { cores: Some(1), site: Some("here".into()), ..JobOptions::default() };
        let options = merged(Path::new("a.sh"), script, &typed).unwrap();
        assert_eq!((options.cores, options.memory), (Some(1), Some(2048)));
        assert_eq!(options.name.unwrap(), "long name");
        assert_eq!((options.queue, options.site.as_deref()), (None, Some("here")));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let script = "#!/bin/sh\n\n#PILOTAGE --core 4\n";
        let said = merged(Path::new("a.sh"), script, &JobOptions::default()).unwrap_err().to_string();
        assert_eq!(said, "a.sh:3: unexpected argument '--core' found");
    }
}
