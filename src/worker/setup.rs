//! What a worker needs for its work.

use std::fmt;

use serde_json::Value;

use super::identity::RunIdentity;
use crate::space::SearchSpace;

/// What a worker needs: the space, which checks the genotypes that arrive, and the evaluator.
///
/// ```
/// use evonas::prelude::*;
/// use evonas::worker::WorkerSetup;
///
/// fn ones(bits: &Vec<bool>, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
///     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
/// }
///
/// let setup = WorkerSetup::new(BitsSpace { length: 20 }, ones).describe_evaluator("ones");
/// # drop(setup);
/// ```
pub struct WorkerSetup<S, E> {
    pub(super) space: S,
    pub(super) evaluator: E,
    description: Value,
}

impl<S: fmt::Debug, E> fmt::Debug for WorkerSetup<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerSetup")
            .field("space", &self.space)
            .field("description", &self.description)
            .finish_non_exhaustive()
    }
}

impl<S: SearchSpace, E> WorkerSetup<S, E> {
    /// A worker for genotypes of this space.
    #[must_use]
    pub const fn new(space: S, evaluator: E) -> Self {
        Self {
            space,
            evaluator,
            description: Value::Null,
        }
    }

    /// Describes the evaluator, as [`Journal::evaluator`](crate::search::Journal::evaluator) does: its settings as
    /// JSON, or a text. A worker whose description differs from that of the search is refused.
    #[must_use]
    pub fn describe_evaluator(mut self, description: impl Into<Value>) -> Self {
        self.description = description.into();
        self
    }

    pub(crate) fn identity(&self) -> RunIdentity {
        RunIdentity::new(&self.space, self.description.clone())
    }
}
