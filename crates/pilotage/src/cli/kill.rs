//! `pilotage kill`.

use super::args::IdsArgs;
use super::wait::merged;
use crate::output::{plural, print, print_json};
use std::process::ExitCode;
use wire::Client;
use wire::api::Killed;

/// Kills jobs. Those that had ended before are no failure; ids of no job are.
pub async fn run(args: IdsArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let killed = client.kill(&merged(&args.ids)?.to_string()).await?;
    if args.output.json {
        print_json(&killed)?
    } else {
        print(&format!("{}\n", in_words(killed)))?
    }
    Ok(if killed.unknown > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn in_words(killed: Killed) -> String {
    let parts = [
        (killed.cancelled, "cancelled before any pilot had it", "cancelled before any pilot had them"),
        (killed.signalled, "stopped at its pilot", "stopped at their pilots"),
        (killed.ended_before, "had ended before", "had ended before"),
    ];
    let mut said: Vec<String> = parts
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| format!("{} {}", plural(number, "job"), if number == 1 { one } else { many }))
        .collect();
    if killed.unknown > 0 {
        said.push(format!("{} of no job", plural(killed.unknown, "id")));
    }
    said.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happened_is_told() {
        let killed = Killed { cancelled: 2, signalled: 1, ended_before: 0, unknown: 1 };
        let said = "2 jobs cancelled before any pilot had them, 1 job stopped at its pilot, 1 id of no job";
        assert_eq!(in_words(killed), said);
    }
}
