//! `pilotage factory credentials`.

use super::load;
use crate::cli::{client_runtime, now};
use crate::output::{BadInput, Table, Tone, ago, duration, print, print_json};
use factory::credential::Credentials;
use model::spelling::hint;
use model::{CredentialInfo, Time};
use std::path::Path;
use std::process::ExitCode;

/// Shows the credentials as they lie there; renews one first, when it is told to.
pub fn run(path: &Path, renew: Option<&str>, json: bool) -> anyhow::Result<ExitCode> {
    let credentials = Credentials::of(&load(path)?.config);
    if let Some(name) = renew {
        if !credentials.sections().contains_key(name) {
            let near = hint(name, credentials.sections().keys().map(String::as_str));
            return Err(BadInput::new(format!("there is no [credential.{name}]{near}")).into());
        }
        let renewed = client_runtime()?.block_on(credentials.renew(name));
        renewed.map_err(|error| anyhow::anyhow!("credential {name}: failed to {error}"))?;
    }
    let infos: Vec<CredentialInfo> = credentials.look(now()).into_values().map(|view| view.info).collect();
    if json {
        print_json(&infos)?
    } else if infos.is_empty() {
        print("there is no [credential.NAME] in the configuration\n")?
    } else {
        print(&listed(&infos, now()))?
    }
    let all_well = infos.iter().all(|info| info.is_usable);
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn listed(infos: &[CredentialInfo], now: Time) -> String {
    let mut table = Table::new(&["credential", "kind", "state", "ends", "~whose", "~attributes", "~trouble"]);
    for info in infos {
        let (tone, state) = if info.is_usable { (Tone::Done, "good") } else { (Tone::Fault, "dead") };
        let state = table.toned(tone, state);
        let ends = info.end().map_or("-".to_owned(), |end| span(end, now));
        let (who, attributes) = (info.who.clone(), info.attributes.join(", "));
        table.row([info.name.clone(), info.kind.clone(), state, ends, who, attributes, info.trouble.clone()]);
    }
    table.text()
}

fn span(end: Time, now: Time) -> String {
    if end > now { format!("in {}", duration(end.since(now))) } else { ago(now, end) }
}

/// One credential in a sentence, for the check.
pub fn in_words(info: &CredentialInfo, now: Time) -> String {
    let attributes = info.attributes.join(", ");
    let ends = info.ends.map(|end| format!("ends {}", span(end, now))).unwrap_or_default();
    let attributes_end = info.attributes_end.map(|end| format!("its attributes end {}", span(end, now)));
    let parts = [info.who.clone(), attributes, ends, attributes_end.unwrap_or_default(), info.trouble.clone()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}
