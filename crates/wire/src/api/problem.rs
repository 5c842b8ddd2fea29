//! Problem documents (RFC 9457).

use serde::{Deserialize, Serialize};

/// What a refused request gets, as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// Stable word for programs, such as `unknown-queue`.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// One sentence for people: what was wrong, where.
    pub detail: String,
    /// The field or parameter that was wrong, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}
