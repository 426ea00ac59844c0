//! Scoring one genotype.

mod context;
mod intermediate;
mod memory;
mod run;
mod stop_signal;
mod weighted;

pub use context::Context;
pub use intermediate::IntermediateResult;
pub use memory::is_out_of_memory;
pub use run::{TrialEnd, run_trial};
pub use stop_signal::StopSignal;
pub use weighted::{UNWEIGHTED_FITNESS, WeightedSum};

use crate::trial::Evaluation;

/// Scores a genotype.
///
/// Every closure `Fn(&G, &Context) -> Result<Evaluation, EvaluationError>` is one. A panic inside
/// an evaluator is caught and becomes a failed trial, or one that ran out of memory if its message says
/// so.
pub trait Evaluator<G>: Send + Sync {
    /// Evaluates `genotype`. Everything random comes from [`Context::seed`]; a long evaluation asks
    /// [`Context::check_stop`] now and then.
    ///
    /// # Errors
    /// [`EvaluationError`] if there is no score; it becomes the trial's outcome.
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError>;
}

impl<G, F> Evaluator<G> for F
where
    F: Fn(&G, &Context<'_>) -> Result<Evaluation, EvaluationError> + Send + Sync,
{
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        self(genotype, context)
    }
}

impl<G> Evaluator<G> for Box<dyn Evaluator<G>> {
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        (**self).evaluate(genotype, context)
    }
}

/// Why an evaluation has no score.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The genotype breaks a constraint of the evaluator.
    #[error("infeasible: {0}")]
    Infeasible(String),
    /// Something went wrong.
    #[error("{0}")]
    Failed(String),
    /// It took too long.
    #[error("timed out")]
    TimedOut,
    /// The device has too little memory.
    #[error("out of memory: {0}")]
    OutOfMemory(String),
    /// The stopper has seen enough ([`Context::check_stop`] says so).
    #[error("stopped at step {step} with the value {value}")]
    Stopped {
        /// The step.
        step: u64,
        /// What was reported then.
        value: f64,
    },
    /// The search stops; the trial has no outcome and may be run again.
    #[error("interrupted")]
    Interrupted,
}

impl EvaluationError {
    /// A failure with its reason.
    pub fn failed(reason: impl std::fmt::Display) -> Self {
        Self::Failed(reason.to_string())
    }
}
