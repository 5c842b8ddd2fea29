//! Credentials: what the factory and its pilots prove who they are with. The factory makes them anew beside its cycles,
//! looks at them before every submission, and lets labels wait whose credential cannot be used.

mod attributes;
mod file;
mod held;
mod jwt;
mod kind;
mod life;
mod look;
mod myproxy;
mod place;
mod program;
mod proxy;
mod renew;
mod renewal;
mod ssh;
mod task;
mod token;
mod view;
mod voms;

pub use file::File;
pub use held::Credentials;
pub use kind::{Carried, CredentialSection};
pub use life::{Policy, Seen, Tries};
pub use look::look;
pub use myproxy::MyProxy;
pub use renewal::Renewal;
pub use ssh::Ssh;
pub(crate) use task::renew_all;
pub use token::Token;
pub use view::View;
pub use voms::Voms;
