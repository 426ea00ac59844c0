//! Running one trial, as every executor does it.

use super::{Context, EvaluationError, Evaluator, is_device_lost, is_out_of_memory};
use crate::panics::caught;
use crate::trial::{Outcome, Trial};

/// How a trial ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrialEnd {
    /// With an outcome.
    Outcome(Outcome),
    /// Without one, because the search stops.
    Interrupted,
}

/// Evaluates a trial's genotype. Errors, panics and figures that can't be recorded
/// ([`Outcome::recordable`]) become outcomes.
///
/// An attempt that ends after its deadline counts as timed out, even with a score and even while the search
/// stops. Only [`EvaluationError::Interrupted`], returned because the search stops, is never an outcome.
pub fn run_trial<G>(
    trial: &Trial<G>,
    evaluator: &dyn Evaluator<G>,
    context: &Context<'_>,
) -> TrialEnd {
    // The evaluator is only borrowed, and what it was building is dropped with the panic. A half-changed
    // value could be seen only through the evaluator's own locks, which are poisoned.
    let result = caught(|| evaluator.evaluate(&trial.genotype, context));
    if matches!(result, Ok(Err(EvaluationError::Interrupted))) && context.is_interrupted() {
        return TrialEnd::Interrupted;
    }
    // This holds even if the evaluator never looked at the clock.
    if context.timed_out() {
        return TrialEnd::Outcome(Outcome::TimedOut);
    }
    let outcome = match result {
        // The location, a path, says nothing about memory.
        Err(panic) if is_out_of_memory(&panic.message) => Outcome::OutOfMemory {
            reason: format!("panic: {panic}"),
        },
        Err(panic) if is_device_lost(&panic.message) => Outcome::lost(format!("panic: {panic}")),
        Err(panic) => Outcome::Failed {
            reason: format!("panic: {panic}"),
        },
        Ok(Ok(evaluation)) => Outcome::Completed(evaluation),
        Ok(Err(EvaluationError::Infeasible(reason))) => Outcome::Infeasible { reason },
        Ok(Err(EvaluationError::Failed(reason))) => failure(reason),
        Ok(Err(EvaluationError::TimedOut)) => Outcome::TimedOut,
        Ok(Err(EvaluationError::OutOfMemory(reason))) => Outcome::OutOfMemory { reason },
        Ok(Err(EvaluationError::DeviceLost(reason))) => Outcome::lost(reason),
        Ok(Err(EvaluationError::Stopped { step, value })) => Outcome::Stopped { step, value },
        Ok(Err(EvaluationError::Interrupted)) => {
            failure("interrupted, but the search was not asked to stop".to_owned())
        }
    };
    TrialEnd::Outcome(outcome.recordable())
}

/// A failure, or memory that ran out, or a device that no longer works, recognized by the message.
fn failure(reason: String) -> Outcome {
    if is_out_of_memory(&reason) {
        Outcome::OutOfMemory { reason }
    } else if is_device_lost(&reason) {
        Outcome::lost(reason)
    } else {
        Outcome::Failed { reason }
    }
}
