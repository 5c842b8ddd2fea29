//! The pilot: leases jobs, hands them to its runners, reports.

mod desk;
mod estimate;
mod event;
mod finish;
mod follow;
mod hand;
mod link;
mod outbox;
mod report;
mod root;
mod session;
mod slot;
mod staging;
mod transfer;
mod unfinished;

use crate::PilotArgs;
use crate::node::{self, Examined};
use desk::Desk;
use model::FailedCheck;
use session::Greeter;
use std::path::PathBuf;
use std::process::ExitCode;
use wire::PilotSecret;
use wire::pilot_secret::SecretFileError;

/// The pilot ended as it should.
pub(crate) const EXIT_DONE: u8 = 0;
/// A fault of the pilot itself.
const EXIT_INTERNAL: u8 = 1;
/// Wrong options or no usable secret file.
const EXIT_USAGE: u8 = 2;
/// The server refuses this pilot.
const EXIT_REFUSED: u8 = 3;
/// What a pilot with the right secret gets that is exiting or has ended.
const CONFLICT: u16 = 409;
/// No server answered.
const EXIT_UNREACHABLE: u8 = 4;
/// The node cannot run jobs.
const EXIT_NODE: u8 = 5;
/// Reports could not be delivered; they are in the spool.
pub(crate) const EXIT_UNDELIVERED: u8 = 6;

/// Why a pilot could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PilotError {
    /// Neither a file nor a directory of secrets was named.
    #[error("find its secret: give --secret-file, or --secret-dir and --first-id")]
    NoSecret,
    /// The secret cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretFileError),
    /// The node lacks something that a label asks for; the server knows.
    #[error("take jobs on {node}: {}", FailedCheck::all_in_words(.failed))]
    Unfit {
        /// The node.
        node: String,
        /// What it lacks, at least one thing.
        failed: Vec<FailedCheck>,
    },
    /// Something of the operating system.
    #[error("{doing}: {source}")]
    System {
        /// What was tried.
        doing: String,
        /// Why it did not work.
        source: std::io::Error,
    },
    /// The server refuses.
    #[error("say hello: {0}")]
    Refused(wire::Error),
    /// The server does not answer.
    #[error("say hello for {waited_s} s: {last}")]
    Unreachable {
        /// How long it tried.
        waited_s: u64,
        /// The last error.
        last: wire::Error,
    },
    /// The connection cannot be made with what the secret file says.
    #[error(transparent)]
    Connection(wire::Error),
    /// No slot can run jobs.
    #[error("run jobs on this node: {0}")]
    Node(String),
}

impl PilotError {
    pub(crate) fn system(doing: impl Into<String>, source: std::io::Error) -> PilotError {
        PilotError::System { doing: doing.into(), source }
    }

    fn exit_code(&self) -> u8 {
        match self {
            PilotError::NoSecret | PilotError::Secret(_) | PilotError::Connection(_) => EXIT_USAGE,
            PilotError::Refused(_) => EXIT_REFUSED,
            PilotError::Unreachable { .. } => EXIT_UNREACHABLE,
            PilotError::Node(_) => EXIT_NODE,
            PilotError::Unfit { failed, .. } => failed.first().map_or(EXIT_NODE, |failed| failed.check.exit_code()),
            PilotError::System { .. } => EXIT_INTERNAL,
        }
    }
}

/// Runs a pilot to its end. Builds its own runtime; call it outside of one.
///
/// Exit codes: 0 done, 1 internal fault, 2 wrong options or secret file, 3 refused by the server, 4 no server answers,
/// 5 the node cannot run jobs, 6 reports could not be delivered and are kept in the spool, 79 to 90 the node failed a
/// check ([`model::NodeCheck::exit_code`]).
pub fn run_pilot(args: PilotArgs) -> ExitCode {
    let ended = runtime().and_then(|runtime| {
        let ended = runtime.block_on(run(args));
        // A copy to a file system that hangs must not hold up the end.
        runtime.shutdown_background();
        ended
    });
    match ended {
        Ok(code) => ExitCode::from(code),
        // It has said goodbye, and its batch system started it once more.
        Err(PilotError::Refused(error)) if error.status() == Some(CONFLICT) => {
            tracing::info!("nothing is left to do: {error}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!("failed to {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, PilotError> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().map_err(|error| PilotError::system("start", error))
}

async fn run(args: PilotArgs) -> Result<u8, PilotError> {
    if args.delete_program {
        delete_own_program();
    }
    if let Some(wrapper) = &args.delete_wrapper
        && let Err(error) = std::fs::remove_file(wrapper)
    {
        tracing::warn!("failed to remove {}: {error}", wrapper.display());
    }
    let path = secret_path(&args)?;
    let secret = PilotSecret::read(&path)?;
    let greeter = Greeter::new(secret)?;
    let Examined { profile, failed, scratch } = node::examine(&args, greeter.clock_ahead_s().await).await;
    let spool_dir = args.spool_dir.clone().or_else(|| path.parent().map(PathBuf::from)).unwrap_or_default();
    let spool_path = wire::spool::path(&spool_dir, greeter.pilot());
    let Some(base) = scratch.filter(|_| failed.is_empty()) else {
        greeter.greet(&args, profile, &failed).await?;
        return Err(PilotError::Unfit { node: node::name(), failed });
    };
    let root = root::Root::create(&base, greeter.pilot())?;
    root::sweep(&base);
    let session = greeter.open(&args, profile).await?;
    session.deliver_left(&spool_path).await;
    let opened = wire::Spool::open(&spool_path);
    let spool = opened.map_err(|error| PilotError::system(format!("open {}", spool_path.display()), error))?;
    Desk::open(args, session, root, spool).await?.run().await
}

/// The program goes on without its file; runners are started through `/proc/self/exe`.
fn delete_own_program() {
    let removed = std::fs::read_link("/proc/self/exe").and_then(std::fs::remove_file);
    if let Err(error) = removed {
        tracing::warn!("failed to remove the downloaded program: {error}");
    }
}

fn secret_path(args: &PilotArgs) -> Result<PathBuf, PilotError> {
    if let Some(path) = &args.secret_file {
        return Ok(path.clone());
    }
    match (&args.secret_dir, args.first_id) {
        (Some(dir), Some(first)) => Ok(dir.join(format!("{}.json", first + args.array_index))),
        _ => Err(PilotError::NoSecret),
    }
}
