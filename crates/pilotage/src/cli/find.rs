//! `pilotage find`.

use super::args::FindArgs;
use super::job::quoted;
use crate::output::{Table, print, print_json};
use std::process::ExitCode;
use wire::Client;
use wire::api::Hit;

/// Shows what has a text as its id, its name or a part of one.
pub async fn run(args: FindArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let text = args.words.join(" ");
    let found = client.find(&text).await?;
    if args.output.json {
        print_json(&found)?
    } else {
        print(&in_words(&text, &found.hits))?
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(text: &str, hits: &[Hit]) -> String {
    if hits.is_empty() {
        return format!("nothing has '{text}' as its id or node, or in its name\n");
    }
    let mut table = Table::new(&["what", "~name", "more"]);
    for hit in hits {
        let Row { kind, name, more } = row(hit);
        table.row([kind.to_owned(), name, more]);
    }
    table.text()
}

/// What one hit is, what it is called, and the command that tells more of it.
struct Row {
    kind: &'static str,
    name: String,
    more: String,
}

fn row(hit: &Hit) -> Row {
    let by_name = |kind, name: &String, more: &str| Row { kind, name: name.clone(), more: more.to_owned() };
    match hit {
        Hit::Job { id, name } => {
            Row { kind: "job", name: format!("{id} {name}"), more: command(&["job", &id.to_string()]) }
        }
        Hit::JobsNamed { name } => by_name("jobs", name, &command(&["jobs", "--name", name])),
        Hit::Pilot { id, factory, label, batch_id } => {
            let batch = if batch_id.is_empty() { String::new() } else { format!(", {batch_id}") };
            let name = format!("{id} of {label} at {factory}{batch}");
            Row { kind: "pilot", name, more: command(&["pilots", "show", &id.to_string()]) }
        }
        Hit::Queue { name } => by_name("queue", name, &command(&["decisions", "--queue", name])),
        Hit::Site { name } => by_name("site", name, &command(&["pilots", "errors", "--site", name])),
        Hit::Region { name } => by_name("region", name, &command(&["pilots", "errors", "--region", name])),
        Hit::Factory { name } => by_name("factory", name, &command(&["labels", "--factory", name])),
        Hit::Label { factory, name } => Row {
            kind: "label",
            name: format!("{name} of {factory}"),
            more: command(&["labels", "--factory", factory, "--label", name]),
        },
        Hit::Node { name } => by_name("node", name, &command(&["nodes", "--node", name])),
    }
}

/// A command as it is typed.
fn command(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("pilotage {}", quoted.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::PilotId;

    #[test]
    fn each_hit_says_how_to_go_on() {
        let name = || "a name's".to_owned();
        let hits = [
            Hit::Job { id: 17, name: name() },
            Hit::JobsNamed { name: name() },
            Hit::Pilot { id: PilotId(5), factory: "f".into(), label: "l".into(), batch_id: "12.0".into() },
            Hit::Queue { name: "q".into() },
            Hit::Site { name: "s".into() },
            Hit::Region { name: "r".into() },
            Hit::Factory { name: "f".into() },
            Hit::Label { factory: "f".into(), name: "l".into() },
            Hit::Node { name: "wn7".into() },
        ];
        insta::assert_snapshot!(in_words("x", &hits));
        assert_eq!(in_words("x", &[]), "nothing has 'x' as its id or node, or in its name\n");
    }
}
