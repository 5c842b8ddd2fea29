//! Named places where a test can have the program die: at once, as by KILL, with nothing told to anybody. Programs that are
//! built for release have none of them.

/// The variable that names the place.
#[cfg(debug_assertions)]
const VARIABLE: &str = "PILOTAGE_CRASH_AT";

/// Ends the process here when a test asks for it.
#[cfg(debug_assertions)]
pub fn crash_point(name: &str) {
    if std::env::var_os(VARIABLE).is_some_and(|wanted| wanted == name) {
        std::process::abort();
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub fn crash_point(_: &str) {}
