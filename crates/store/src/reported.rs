//! Factories of other software, their labels and pilots, as they are reported.

pub(crate) mod factories;
pub(crate) mod labels;
pub(crate) mod pilots;
pub(crate) mod row;
pub(crate) mod silent;
