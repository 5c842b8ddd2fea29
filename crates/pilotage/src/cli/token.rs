//! `pilotage token`.

use super::args::TokenAction;
use super::jobs::{dash, or_dash};
use super::{now, with_client};
use crate::config::whole_seconds;
use crate::output::{Table, ago, print, print_json, utc_time};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use wire::Client;
use wire::api::{TokenList, TokenRequest};

/// Creates, lists or revokes tokens.
pub fn run(action: TokenAction) -> anyhow::Result<ExitCode> {
    match action {
        TokenAction::Create { user, role, group, sites, expires, note, output, server } => {
            let expires_s = expires.map(|time| whole_seconds(time).into());
            let request = TokenRequest { user, group, role, sites, expires_s, note };
            with_client(&server, async |client| create(&request, output.json, &client).await)
        }
        TokenAction::List { output, server } => with_client(&server, async |client| list(output.json, &client).await),
        TokenAction::Revoke { id, server } => with_client(&server, async |client| revoke(id, &client).await),
    }
}

async fn create(request: &TokenRequest, json: bool, client: &Client) -> anyhow::Result<ExitCode> {
    let made = client.create_token(request).await?;
    if json {
        print_json(&made)?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!("{}\n", made.token))?;
    if std::io::stderr().is_terminal() {
        let text = format!("token {} of {} ({}); it is not shown again", made.id, request.user, request.role);
        // A remark for people only.
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(json: bool, client: &Client) -> anyhow::Result<ExitCode> {
    let list = client.tokens().await?;
    if json {
        print_json(&list)?
    } else {
        print(&table(&list))?
    }
    Ok(ExitCode::SUCCESS)
}

async fn revoke(id: i64, client: &Client) -> anyhow::Result<ExitCode> {
    client.revoke_token(id).await?;
    print(&format!("token {id} is revoked\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn table(list: &TokenList) -> String {
    if list.tokens.is_empty() {
        return "no tokens\n".to_owned();
    }
    let mut table = Table::new(&[">id", "user", "group", "role", "sites", "created", "expires", "last used", "~note"])
        .minor(&["sites", "created", "group"]);
    for token in &list.tokens {
        let expires = token.expires.map_or_else(
            || "never".to_owned(),
            |end| {
                let left = crate::output::duration(end.since(now()));
                format!("{} (in {left})", utc_time(end))
            },
        );
        let last_used = token.last_used.map_or_else(|| "not yet".to_owned(), |used| ago(now(), used));
        let sites = if token.sites.is_empty() { dash() } else { token.sites.join(", ") };
        table.row([
            token.id.to_string(),
            token.user.clone(),
            or_dash(&token.group),
            token.role.to_string(),
            sites,
            utc_time(token.created),
            expires,
            last_used,
            token.note.clone(),
        ]);
    }
    table.text()
}
