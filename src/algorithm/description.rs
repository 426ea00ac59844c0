//! What identifies a search.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::objective::Objective;

/// What an algorithm searches and how. A recorded search only resumes if this is unchanged;
/// [`crate::description`] explains how two descriptions are compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AlgorithmDescription {
    /// The search space.
    pub space: Value,
    /// The algorithm with its settings.
    pub algorithm: Value,
}

impl AlgorithmDescription {
    /// The objectives among the algorithm's settings, in a field `objectives`; none if it has no such field.
    ///
    /// From them, [`read`](crate::search::journal::read) knows the Pareto front of a recorded search. An
    /// algorithm of your own that has objectives should describe them there, by
    /// [`description::of`](crate::description::of).
    #[must_use]
    pub fn objectives(&self) -> Vec<Objective> {
        let described = self.algorithm.get("objectives").cloned();
        described
            .and_then(|objectives| serde_json::from_value(objectives).ok())
            .unwrap_or_default()
    }
}
