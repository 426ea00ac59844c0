//! Scoring one genotype.

mod context;
mod deadline;
mod device_lost;
mod intermediate;
mod memory;
mod run;
mod stop_signal;
mod weighted;

pub use context::Context;
pub(crate) use deadline::Deadline;
pub use device_lost::is_device_lost;
pub use intermediate::IntermediateResult;
pub use memory::is_out_of_memory;
pub use run::{TrialEnd, run_trial};
pub use stop_signal::StopSignal;
pub use weighted::{UNWEIGHTED_FITNESS, WeightedSum};

use std::sync::Arc;

use crate::trial::Evaluation;

/// Scores a genotype.
///
/// Every closure `Fn(&G, &Context) -> Result<Evaluation, EvaluationError>` is one, and so is an `Arc` of an
/// evaluator. (A reference to an evaluator is not, but `|genotype, context| evaluator.evaluate(genotype,
/// context)` is.) A panic inside an evaluator is caught, and its trial fails, or counts as out of memory or lost with
/// its device if the message says so ([`is_out_of_memory`], [`is_device_lost`]).
///
/// An evaluator needn't be thread-safe. [`Threads::new`](crate::executor::Threads::new) shares one among its
/// threads and asks for `Send + Sync`; [`Threads::with_init`](crate::executor::Threads::with_init) makes one in
/// each thread and asks for neither.
///
/// ```
/// use evonas::prelude::*;
///
/// /// Counts the ones, a step for each bit.
/// struct Ones;
///
/// impl Evaluator<Vec<bool>> for Ones {
///     fn evaluate(
///         &self,
///         bits: &Vec<bool>,
///         context: &Context<'_>,
///     ) -> Result<Evaluation, EvaluationError> {
///         if bits.is_empty() {
///             return Err(EvaluationError::Infeasible("there is no bit".to_owned()));
///         }
///         let mut ones = 0.0;
///         for (step, &bit) in (1..).zip(bits) {
///             ones += f64::from(bit);
///             context.report(step, ones);
///             context.check_stop()?;
///         }
///         Ok(Evaluation::new(ones).with_metric("length", bits.len() as f64))
///     }
/// }
///
/// let random = RandomSearch::new(BitsSpace { length: 4 }, 0);
/// let result = Search::new(random, Serial::new(Ones), Budget::trials(50)).run()?;
/// assert_eq!(result.best().and_then(|best| best.metric("length")), Some(4.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Evaluator<G> {
    /// Evaluates `genotype`. All randomness comes from [`Context::seed`]. A long evaluation calls
    /// [`Context::check_stop`] now and then.
    ///
    /// # Errors
    /// [`EvaluationError`] if there is no score. It becomes the trial's outcome.
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError>;
}

impl<G, F> Evaluator<G> for F
where
    F: Fn(&G, &Context<'_>) -> Result<Evaluation, EvaluationError>,
{
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        self(genotype, context)
    }
}

impl<G> Evaluator<G> for Box<dyn Evaluator<G> + '_> {
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        (**self).evaluate(genotype, context)
    }
}

impl<G> Evaluator<G> for Box<dyn Evaluator<G> + Send + '_> {
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        (**self).evaluate(genotype, context)
    }
}

impl<G> Evaluator<G> for Box<dyn Evaluator<G> + Send + Sync + '_> {
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        (**self).evaluate(genotype, context)
    }
}

impl<G, E: Evaluator<G> + ?Sized> Evaluator<G> for Arc<E> {
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        (**self).evaluate(genotype, context)
    }
}

/// Why an evaluation has no score.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The genotype violates a constraint of the evaluator.
    #[error("infeasible: {0}")]
    Infeasible(String),
    /// The evaluation failed.
    #[error("{0}")]
    Failed(String),
    /// It took too long.
    #[error("timed out")]
    TimedOut,
    /// The device has too little memory.
    #[error("out of memory: {0}")]
    OutOfMemory(String),
    /// The device no longer works, and will fail every later trial too. The trial is lost, which says nothing about
    /// the genotype, and [`Processes`](crate::executor::Processes) replaces the worker.
    #[error("the device is lost: {0}")]
    DeviceLost(String),
    /// The stopper has seen enough ([`Context::check_stop`] says so).
    #[error("stopped at step {step} with the value {value}")]
    Stopped {
        /// The step.
        step: u64,
        /// The value that was reported at that step.
        value: f64,
    },
    /// The search stops. The trial has no outcome, and a resumed search runs it again.
    #[error("interrupted")]
    Interrupted,
}

impl EvaluationError {
    /// A failure with its reason.
    pub fn failed(reason: impl std::fmt::Display) -> Self {
        Self::Failed(reason.to_string())
    }
}
