//! Sources of labels: files, directories, URLs and the server's queues. What is read becomes labels by pure functions;
//! reading has time-outs, runs beside the cycles, and keeps the last good copy.

mod cric;
mod fetch;
mod fill;
mod guard;
mod kept;
mod label_name;
mod look;
mod make;
mod record;
mod written;

pub use fetch::{Fetcher, SourceError};
pub use guard::drop_of;
pub use kept::Kept;
pub(crate) use label_name::label_name;
pub use look::{Looker, SourceState};
pub(crate) use make::Draft;
pub use make::{Excluded, Made, make};

use model::Time;
use serde::{Deserialize, Serialize};

/// One document of a source, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The file or URL.
    pub from: String,
    /// What the server of a URL calls this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its text.
    pub body: String,
}

/// All documents of a source, read at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documents {
    /// When they were read or last found unchanged.
    pub at: Time,
    /// The documents in their order.
    pub documents: Vec<Document>,
}
