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
    /// A setting of the algorithm, or of the one that it wraps and describes in a field `algorithm`, as
    /// [`Promotion`](super::Promotion) does.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&Value> {
        self.wrapped().find_map(|algorithm| algorithm.get(name))
    }

    /// The algorithm, the one that it wraps, and so on.
    pub(crate) fn wrapped(&self) -> impl Iterator<Item = &Value> {
        std::iter::successors(Some(&self.algorithm), |algorithm| {
            algorithm.get("algorithm").filter(|one| one.is_object())
        })
    }

    /// The objectives among the algorithm's settings, in a field `objectives`; none if it has no such
    /// [setting](Self::setting).
    ///
    /// From them, [`read`](crate::search::journal::read) knows the Pareto front of a recorded search. An
    /// algorithm of your own that has objectives should describe them there, by
    /// [`description::of`](crate::description::of).
    #[must_use]
    pub fn objectives(&self) -> Vec<Objective> {
        let described = self.setting("objectives").cloned();
        described
            .and_then(|objectives| serde_json::from_value(objectives).ok())
            .unwrap_or_default()
    }
}
