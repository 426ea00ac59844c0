//! Asynchronous successive halving, the stopping variant: Li et al., "A System for Massively
//! Parallel Hyperparameter Tuning" (2020).

use std::collections::HashMap;

use super::sorted::SortedValues;
use super::{Stopper, Verdict};
use crate::SettingError;
use crate::trial::{Outcome, TrialId};

/// Stops a trial at a rung (step `first`, `first · factor`, `first · factor²`, …) unless its value is among
/// the best `1 / factor` of those that have reached the rung so far, its own included.
///
/// With fewer than `factor` values at a rung, only the best so far passes; the first trial there always does.
///
/// [`Promotion`](crate::algorithm::Promotion) is the other form of the same idea, for evaluations that report nothing on
/// their way or that are better made in parts.
///
/// A trial counts once: if it is run again, the values of the new attempt replace those of the last one.
#[derive(Clone, Debug)]
pub struct SuccessiveHalving {
    first: u64,
    factor: u64,
    /// For each rung, the values that reached it.
    rungs: Vec<SortedValues>,
    /// The values of running trials at the rungs that they have reached, from the first.
    running: HashMap<TrialId, Vec<f64>>,
    /// The same for failed attempts, in case their trials are run again.
    failed: HashMap<TrialId, Vec<f64>>,
}

/// Builds a [`SuccessiveHalving`]; see [`SuccessiveHalving::builder`].
///
/// ```
/// use evonas::stopper::SuccessiveHalving;
///
/// // A third of the trials passes each of the steps 2, 6, 18, …
/// let halving = SuccessiveHalving::builder().first_rung(2).factor(3).build()?;
/// assert!(SuccessiveHalving::builder().factor(1).build().is_err());
/// # drop(halving);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SuccessiveHalvingBuilder {
    first_rung: u64,
    factor: u64,
}

impl SuccessiveHalvingBuilder {
    /// The step of the first rung: 1 by default.
    #[must_use]
    pub const fn first_rung(mut self, step: u64) -> Self {
        self.first_rung = step;
        self
    }

    /// One in this many trials passes each rung, and each rung is at this many times the step of the one
    /// before: 2 by default.
    #[must_use]
    pub const fn factor(mut self, factor: u64) -> Self {
        self.factor = factor;
        self
    }

    /// Builds the stopper.
    ///
    /// # Errors
    /// [`SettingError::Rungs`] if the first rung is 0 or the factor is less than 2.
    pub fn build(self) -> Result<SuccessiveHalving, SettingError> {
        let Self {
            first_rung: first,
            factor,
        } = self;
        if first == 0 || factor < 2 {
            return Err(SettingError::Rungs { first, factor });
        }
        Ok(SuccessiveHalving {
            first,
            factor,
            rungs: Vec::new(),
            running: HashMap::new(),
            failed: HashMap::new(),
        })
    }
}

impl SuccessiveHalving {
    /// Builds a stopper. By default, every second trial passes each of the steps 1, 2, 4, ….
    ///
    /// ```
    /// use evonas::stopper::SuccessiveHalving;
    ///
    /// let halving = SuccessiveHalving::builder()
    ///     .first_rung(2)
    ///     .factor(3)
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn builder() -> SuccessiveHalvingBuilder {
        SuccessiveHalvingBuilder {
            first_rung: 1,
            factor: 2,
        }
    }

    /// Removes what an earlier attempt at a trial left at the rungs.
    fn forget(&mut self, values: &[f64]) {
        for (rung, &value) in self.rungs.iter_mut().zip(values) {
            rung.remove(value);
        }
    }

    /// The step of a rung, if it fits a number.
    fn step_of(&self, rung: usize) -> Option<u64> {
        let power = self.factor.checked_pow(u32::try_from(rung).ok()?)?;
        self.first.checked_mul(power)
    }
}

impl Stopper for SuccessiveHalving {
    fn reported(&mut self, trial: TrialId, step: u64, value: f64) -> Verdict {
        if let Some(earlier) = self.failed.remove(&trial) {
            self.forget(&earlier);
        }
        let mut reached = self.running.remove(&trial).unwrap_or_default();
        let mut verdict = Verdict::Continue;
        while self.step_of(reached.len()).is_some_and(|at| at <= step) {
            let rung = reached.len();
            if self.rungs.len() <= rung {
                self.rungs.push(SortedValues::default());
            }
            let values = &mut self.rungs[rung];
            values.insert(value);
            let better = values.above(value);
            let pass = (values.len() as u64 / self.factor).max(1) as usize;
            if better >= pass {
                verdict = Verdict::Stop;
            }
            reached.push(value);
        }
        self.running.insert(trial, reached);
        verdict
    }

    fn ended(&mut self, trial: TrialId, outcome: &Outcome) {
        if let Some(reached) = self.running.remove(&trial)
            && outcome.is_failure()
        {
            self.failed.insert(trial, reached);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_three_passes_a_rung() {
        let mut halving = SuccessiveHalving::builder()
            .first_rung(2)
            .factor(3)
            .build()
            .unwrap();
        let mut stopped = Vec::new();
        for (trial, value) in [0.5, 0.4, 0.6, 0.3, 0.2, 0.55, 0.1].into_iter().enumerate() {
            let trial = TrialId(trial as u64);
            assert_eq!(halving.reported(trial, 1, 0.0), Verdict::Continue);
            if halving.reported(trial, 2, value) == Verdict::Stop {
                stopped.push(trial.0);
            }
            halving.ended(trial, &Outcome::lost("its process died"));
        }
        // 0.55 is second of six, and two of six pass.
        assert_eq!(stopped, [1, 3, 4, 6]);
    }

    #[test]
    fn a_trial_that_skips_steps_is_judged_at_every_rung_it_passed() {
        let mut halving = SuccessiveHalving::builder().build().unwrap();
        assert_eq!(halving.reported(TrialId(0), 4, -1.0), Verdict::Continue);
        assert_eq!(halving.rungs.len(), 3);
        assert_eq!(halving.reported(TrialId(1), 1, -2.0), Verdict::Stop);
        assert_eq!(halving.reported(TrialId(2), 3, -0.5), Verdict::Continue);
        assert_eq!(halving.reported(TrialId(2), 3, -9.0), Verdict::Continue);
    }

    #[test]
    fn a_trial_that_is_run_again_counts_once() {
        let mut halving = SuccessiveHalving::builder().build().unwrap();
        let rungs = |halving: &SuccessiveHalving| -> Vec<Vec<f64>> {
            halving.rungs.iter().map(SortedValues::to_vec).collect()
        };
        for _ in 0..5 {
            assert_eq!(halving.reported(TrialId(0), 2, 0.5), Verdict::Continue);
            halving.ended(TrialId(0), &Outcome::lost("its process died"));
        }
        assert_eq!(rungs(&halving), [[0.5], [0.5]]);
        // Its last attempt gets no further than the first rung.
        assert_eq!(halving.reported(TrialId(0), 1, 0.7), Verdict::Continue);
        assert_eq!(rungs(&halving), [vec![0.7], vec![]]);
        halving.ended(
            TrialId(0),
            &Outcome::Stopped {
                step: 1,
                value: 0.7,
            },
        );
        // With its failed attempts, 0.6 would be among the best half of a rung.
        assert_eq!(halving.reported(TrialId(1), 1, 0.6), Verdict::Stop);
        assert!(halving.failed.is_empty());
    }

    #[test]
    fn invalid_rungs_are_refused() {
        assert!(SuccessiveHalving::builder().first_rung(0).build().is_err());
        assert!(SuccessiveHalving::builder().factor(1).build().is_err());
    }
}
