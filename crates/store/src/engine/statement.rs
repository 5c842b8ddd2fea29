//! Statements: one text where both engines allow it, two side by side where they don't.

/// A statement with numbered parameters written `?1`, `?2`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql {
    /// Its name in errors and plan snapshots.
    pub(crate) name: &'static str,
    /// Text for SQLite.
    pub(crate) sqlite: &'static str,
    /// Text for PostgreSQL.
    pub(crate) postgres: &'static str,
    /// The PostgreSQL text takes arrays, one per column, and does all rows at once.
    pub(crate) arrays: bool,
}

/// Defines statements as constants, and `ALL` with all of them for the tests that prepare each one.
///
/// `NAME = "text"` is for both engines, `NAME = "sqlite" => "postgresql"` differs, and `NAME = "sqlite", arrays
/// "postgresql"` takes one array per parameter on PostgreSQL.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sqlite:expr $(=> $postgres:expr)? $(, arrays $arrays:expr)?;)*) => {
        $(
            $(#[$doc])*
            pub(crate) const $name: $crate::engine::Sql = $crate::engine::Sql {
                name: stringify!($name),
                sqlite: $sqlite,
                postgres: $crate::engine::statements!(@text $sqlite $(, $postgres)? $(, $arrays)?),
                arrays: $crate::engine::statements!(@arrays $($arrays)?),
            };
        )*
        #[cfg(test)]
        #[allow(dead_code, reason = "statements that only tests use are in no list")]
        pub(crate) const ALL: &[&$crate::engine::Sql] = &[$(&$name),*];
    };
    (@text $one:expr) => { $one };
    (@text $one:expr, $other:expr) => { $other };
    (@arrays) => { false };
    (@arrays $text:expr) => { true };
}

pub(crate) use statements;
