//! `pilotage doctor`: looks at this machine and at the server, and says what to do.

mod batch_systems;
mod machine;
mod server;

pub use machine::find_on_path;

use super::args::DoctorArgs;
use super::client_runtime;
use crate::output::{Style, Tone, print, print_json};
use serde::Serialize;
use std::process::ExitCode;

/// How one thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Works, but worth a look.
    Warn,
    /// Has to be mended.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    verdict: Verdict,
    what: &'static str,
    found: String,
}

impl Finding {
    fn ok(what: &'static str, found: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Ok, what, found: found.into() }
    }

    fn warn(what: &'static str, found: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Warn, what, found: found.into() }
    }

    fn fail(what: &'static str, found: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Fail, what, found: found.into() }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    checks: &'a [Finding],
}

/// Exit code 1 when something has to be mended.
pub fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut findings = machine::look(args.server.dir.as_deref());
    let runtime = client_runtime()?;
    findings.extend(runtime.block_on(batch_systems::look()));
    findings.extend(runtime.block_on(server::look(&args.server)));
    if args.output.json {
        print_json(&Report { checks: &findings })?
    } else {
        print(&in_words(&findings))?
    }
    let is_ill = findings.iter().any(|finding| finding.verdict == Verdict::Fail);
    Ok(if is_ill { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn in_words(findings: &[Finding]) -> String {
    let style = Style::for_stdout();
    let line = |finding: &Finding| {
        let word = match finding.verdict {
            Verdict::Ok => style.toned(Tone::Done, "ok  "),
            Verdict::Warn => style.toned(Tone::Created, "warn"),
            Verdict::Fail => style.toned(Tone::Fault, "FAIL"),
        };
        format!("{word}  {:<10} {}\n", finding.what, finding.found)
    };
    findings.iter().map(line).collect()
}
