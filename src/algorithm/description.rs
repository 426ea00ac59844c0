//! What identifies a search.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an algorithm searches and how: what must not change between a recorded search and its
/// continuation. [`crate::description`] says how two are compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AlgorithmDescription {
    /// The root seed, where there is one.
    pub seed: Option<u64>,
    /// The search space.
    pub space: Value,
    /// The algorithm with its settings.
    pub algorithm: Value,
}
