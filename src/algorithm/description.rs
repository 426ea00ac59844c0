//! What identifies a search.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an algorithm searches and how. A recorded search only resumes if this is unchanged;
/// [`crate::description`] explains how two descriptions are compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AlgorithmDescription {
    /// The search space.
    pub space: Value,
    /// The algorithm with its settings.
    pub algorithm: Value,
}
