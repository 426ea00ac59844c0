//! Attempts at a trial: a GPU that runs out of memory gets a second one.

use std::cell::Cell;

use burn::tensor::Device;

use crate::evaluator::{EvaluationError, is_out_of_memory};
use crate::panics::caught;

/// One training of a trial's network.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    /// Whether to do without what takes memory and only saves time.
    saves_memory: bool,
    /// Whether an epoch was reported, which must not be reported again.
    reported: Cell<bool>,
}

impl Attempt {
    pub(super) const fn saves_memory(&self) -> bool {
        self.saves_memory
    }

    pub(super) fn reports(&self) {
        self.reported.set(true);
    }
}

/// Calls `attempt`, and once more, with the same seed, if memory runs out before anything is reported. What the device's memory pools keep
/// without using it is given back after each attempt, so that it is there for the next one, or for another process.
pub(super) fn on_gpu<T>(
    device: &Device,
    attempt: impl Fn(&Attempt) -> Result<T, EvaluationError>,
) -> Result<T, EvaluationError> {
    let take = |one: &Attempt| {
        let result = panic_is_failure(|| attempt(one));
        // What a broken device says here says less than the result.
        let _ = caught(|| device.memory_cleanup());
        result
    };
    let first = Attempt::default();
    let result = take(&first);
    let ran_out = match &result {
        Err(EvaluationError::OutOfMemory(_)) => true,
        Err(EvaluationError::Failed(reason)) => is_out_of_memory(reason),
        _ => false,
    };
    if !ran_out || first.reported.get() {
        return result;
    }
    take(&Attempt {
        saves_memory: true,
        ..Attempt::default()
    })
}

/// A panic as the failure of the trial.
pub(super) fn panic_is_failure<T>(
    evaluate: impl FnOnce() -> Result<T, EvaluationError>,
) -> Result<T, EvaluationError> {
    caught(evaluate).unwrap_or_else(|panic| Err(EvaluationError::Failed(format!("panic: {panic}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> EvaluationError {
        EvaluationError::Failed("panic: CUDA_ERROR_OUT_OF_MEMORY".to_owned())
    }

    #[test]
    fn memory_that_runs_out_is_given_a_second_attempt_that_saves_some() {
        let attempts = Cell::new(0);
        let result = on_gpu(&Device::flex(), |attempt| {
            attempts.set(attempts.get() + 1);
            match attempt.saves_memory() {
                true => Ok(7),
                false => panic!("out of memory"),
            }
        });
        assert_eq!(result.unwrap(), 7);
        assert_eq!(attempts.get(), 2);
    }

    #[test]
    fn there_is_no_third_attempt_and_none_after_a_report_or_another_failure() {
        let attempts = |attempt: &dyn Fn(&Attempt) -> Result<(), EvaluationError>| {
            let count = Cell::new(0);
            let result = on_gpu(&Device::flex(), |one| {
                count.set(count.get() + 1);
                attempt(one)
            });
            assert!(result.is_err());
            count.get()
        };
        assert_eq!(attempts(&|_| Err(full())), 2);
        let after_report = |attempt: &Attempt| {
            attempt.reports();
            Err(full())
        };
        assert_eq!(attempts(&after_report), 1);
        assert_eq!(
            attempts(&|_| Err(EvaluationError::failed("it diverged"))),
            1
        );
    }
}
