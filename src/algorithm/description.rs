//! What a search is a search of.

use serde::{Deserialize, Serialize};

/// What an algorithm searches and how: what must not change when a recorded search goes on.
///
/// The texts are compared as they are, so they must be the same in every process: a `Debug` form
/// without addresses or unordered maps will do. Spaces, mutations, selections and replacements with
/// another one override their `describe`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The root seed, where there is one.
    pub seed: Option<u64>,
    /// The search space.
    pub space: String,
    /// The algorithm with its settings.
    pub algorithm: String,
}
