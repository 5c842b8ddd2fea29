//! What the runner makes of its own process.

use rustix::fs::OFlags;
use rustix::pipe::PipeFlags;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Standard input, which is the connection to the pilot, moves out of the way of payloads.
pub(crate) fn take_connection() -> io::Result<OwnedFd> {
    let connection = rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3)?;
    rustix::stdio::dup2_stdin(nothing()?)?;
    Ok(connection)
}

/// Something that is at its end when it is read: `/dev/null`, or a pipe that nobody writes to where there is none.
fn nothing() -> io::Result<OwnedFd> {
    match File::open("/dev/null") {
        Ok(file) => Ok(file.into()),
        Err(_) => Ok(rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?.0),
    }
}

/// Standard output and error become pipes that payloads inherit; gives back their reading ends.
pub(crate) fn make_pipes() -> io::Result<[File; 2]> {
    Ok([pipe_into(rustix::stdio::dup2_stdout)?, pipe_into(rustix::stdio::dup2_stderr)?])
}

fn pipe_into(place: impl FnOnce(OwnedFd) -> rustix::io::Result<()>) -> io::Result<File> {
    let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    rustix::fs::fcntl_setfl(&read, OFlags::NONBLOCK)?;
    place(write)?;
    Ok(File::from(read))
}

/// A payload may have made the shared ends non-blocking, which would surprise the next one.
pub(crate) fn reset_pipes() {
    for pipe in [rustix::stdio::stdout(), rustix::stdio::stderr()] {
        let _ = rustix::fs::fcntl_setfl(pipe, OFlags::empty());
    }
}

/// Becomes the parent of all that payloads leave; the result becomes readable when a child has ended.
pub(crate) fn adopt() -> io::Result<UnixStream> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    // Fails only for the leader of a process group, which the pilot does not make of us.
    let _ = rustix::process::setsid();
    let (read, write) = UnixStream::pair()?;
    read.set_nonblocking(true)?;
    write.set_nonblocking(true)?;
    signal_hook::low_level::pipe::register(SIGCHLD, write)?;
    Ok(read)
}

/// Batch systems signal every process of a job; payloads and pilot are to notice, not we.
pub(crate) fn stay_alive() -> io::Result<()> {
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    Ok(())
}

/// Binds this process and all it starts to these CPUs; none means no binding.
pub(crate) fn bind_to(cpus: &[usize]) {
    if cpus.is_empty() {
        return;
    }
    let mut set = rustix::thread::CpuSet::new();
    cpus.iter().for_each(|cpu| set.set(*cpu));
    // A node that does not allow it runs the job without it.
    let _ = rustix::thread::sched_setaffinity(None, &set);
}
