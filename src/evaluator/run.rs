//! One trial from start to outcome: what every executor does with it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::{Context, EvaluationError, Evaluator, is_out_of_memory};
use crate::trial::{Evaluation, Outcome, RESERVED_METRICS, Trial};

/// How running a trial ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// With an outcome.
    Outcome(Outcome),
    /// Without one, since the search stops.
    Interrupted,
}

/// Evaluates a trial's genotype; errors, panics and a fitness that is not finite become outcomes.
pub fn run_trial<G>(
    trial: &Trial<G>,
    evaluator: &dyn Evaluator<G>,
    context: &Context<'_>,
) -> Ended {
    // The evaluator is only shared (&), and what it was building is dropped with the panic: a
    // half-changed value could be seen only through the evaluator's own locks, which are poisoned.
    let result = catch_unwind(AssertUnwindSafe(|| {
        evaluator.evaluate(&trial.genotype, context)
    }));
    Ended::Outcome(match result {
        Err(panic) => {
            let outcome = failure(format!("panic: {}", panic_message(&*panic)));
            // A payload whose own drop panics must not end the worker.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
            outcome
        }
        // Late is late, even if the evaluator never looked at the clock.
        Ok(Ok(_)) if context.timed_out() => Outcome::TimedOut,
        Ok(Ok(evaluation)) => checked(evaluation),
        Ok(Err(EvaluationError::Infeasible(reason))) => Outcome::Infeasible { reason },
        Ok(Err(EvaluationError::Failed(reason))) => failure(reason),
        Ok(Err(EvaluationError::TimedOut)) => Outcome::TimedOut,
        Ok(Err(EvaluationError::OutOfMemory(reason))) => Outcome::OutOfMemory { reason },
        Ok(Err(EvaluationError::Stopped { step, value })) if value.is_finite() => {
            Outcome::Stopped { step, value }
        }
        Ok(Err(EvaluationError::Stopped { value, .. })) => {
            failure(format!("stopped at the value {value}, not a finite number"))
        }
        Ok(Err(EvaluationError::Interrupted)) if !context.is_interrupted() => {
            failure("interrupted, but the search was not asked to stop".to_owned())
        }
        Ok(Err(EvaluationError::Interrupted)) => return Ended::Interrupted,
    })
}

/// A device that ran out of memory says so in words only.
fn failure(reason: String) -> Outcome {
    if is_out_of_memory(&reason) {
        Outcome::OutOfMemory { reason }
    } else {
        Outcome::Failed { reason }
    }
}

fn checked(evaluation: Evaluation) -> Outcome {
    if !evaluation.fitness.is_finite() {
        return Outcome::Failed {
            reason: format!("the fitness is {}, not a finite number", evaluation.fitness),
        };
    }
    if let Some(cost) = evaluation.cost
        && Duration::try_from_secs_f64(cost).is_err()
    {
        return Outcome::Failed {
            reason: format!("the cost is {cost}, not a time in seconds"),
        };
    }
    for (name, value) in evaluation.metrics.iter() {
        if RESERVED_METRICS.contains(&name) {
            return Outcome::Failed {
                reason: format!(
                    "a metric can't be named '{name}': a trial's record has that field"
                ),
            };
        }
        if !value.is_finite() {
            return Outcome::Failed {
                reason: format!("the metric {name} is {value}, not a finite number"),
            };
        }
    }
    Outcome::Completed(evaluation)
}

pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is no message")
}
