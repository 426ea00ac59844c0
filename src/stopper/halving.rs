//! Asynchronous successive halving, the stopping variant: Li et al., "A System for Massively
//! Parallel Hyperparameter Tuning" (2020).

use std::collections::HashMap;

use super::{Decision, Stopper};
use crate::objective::Direction;
use crate::trial::{Outcome, TrialId};

/// Stops a trial at a rung (step `first`, `first · factor`, `first · factor²`, …) unless its value is
/// among the best `1 / factor` of those that reached the rung before it, itself included.
///
/// The first trials at a rung go on, since there is little to compare them with: with fewer than
/// `factor` values at a rung only the best so far does.
#[derive(Clone, Debug)]
pub struct SuccessiveHalving {
    direction: Direction,
    first: u64,
    factor: u64,
    /// Per rung, the values that reached it, sorted.
    rungs: Vec<Vec<f64>>,
    /// The rungs that running trials have passed.
    passed: HashMap<TrialId, usize>,
}

/// Rungs that are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "successive halving needs a first rung of at least 1 and a factor of at least 2, not {first} and {factor}"
)]
pub struct InvalidHalving {
    first: u64,
    factor: u64,
}

impl SuccessiveHalving {
    /// Rungs at `first`, `first · factor`, … steps; one in `factor` trials passes each.
    ///
    /// # Errors
    /// [`InvalidHalving`] unless `first >= 1` and `factor >= 2`.
    pub fn new(direction: Direction, first: u64, factor: u64) -> Result<Self, InvalidHalving> {
        if first == 0 || factor < 2 {
            return Err(InvalidHalving { first, factor });
        }
        Ok(Self {
            direction,
            first,
            factor,
            rungs: Vec::new(),
            passed: HashMap::new(),
        })
    }

    /// The step of a rung, if it can be reached at all.
    fn step_of(&self, rung: usize) -> Option<u64> {
        let power = self.factor.checked_pow(u32::try_from(rung).ok()?)?;
        self.first.checked_mul(power)
    }
}

impl Stopper for SuccessiveHalving {
    fn reported(&mut self, trial: TrialId, step: u64, value: f64) -> Decision {
        let value = self.direction.oriented(value);
        let mut rung = self.passed.get(&trial).copied().unwrap_or(0);
        let mut decision = Decision::Continue;
        while self.step_of(rung).is_some_and(|at| at <= step) {
            if self.rungs.len() <= rung {
                self.rungs.push(Vec::new());
            }
            let values = &mut self.rungs[rung];
            let place = values.partition_point(|&other| other < value);
            values.insert(place, value);
            let better = values.len() - values.partition_point(|&other| other <= value);
            let pass = (values.len() / self.factor as usize).max(1);
            if better >= pass {
                decision = Decision::Stop;
            }
            rung += 1;
        }
        self.passed.insert(trial, rung);
        decision
    }

    fn ended(&mut self, trial: TrialId, _outcome: &Outcome) {
        self.passed.remove(&trial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_three_passes_a_rung() {
        let mut halving = SuccessiveHalving::new(Direction::Maximize, 2, 3).unwrap();
        let mut stopped = Vec::new();
        for (trial, value) in [0.5, 0.4, 0.6, 0.3, 0.2, 0.55, 0.1].into_iter().enumerate() {
            let trial = TrialId(trial as u64);
            assert_eq!(halving.reported(trial, 1, 0.0), Decision::Continue);
            if halving.reported(trial, 2, value) == Decision::Stop {
                stopped.push(trial.0);
            }
            halving.ended(trial, &Outcome::Lost);
        }
        // 0.55 is second of six, and two of six pass.
        assert_eq!(stopped, [1, 3, 4, 6]);
    }

    #[test]
    fn a_trial_that_skips_steps_is_judged_at_every_rung_it_passed() {
        let mut halving = SuccessiveHalving::new(Direction::Minimize, 1, 2).unwrap();
        assert_eq!(halving.reported(TrialId(0), 4, 1.0), Decision::Continue);
        assert_eq!(halving.rungs.len(), 3);
        assert_eq!(halving.reported(TrialId(1), 1, 2.0), Decision::Stop);
        assert_eq!(halving.reported(TrialId(2), 3, 0.5), Decision::Continue);
        assert_eq!(halving.reported(TrialId(2), 3, 9.0), Decision::Continue);
    }

    #[test]
    fn rungs_that_are_none_are_refused() {
        assert!(SuccessiveHalving::new(Direction::Maximize, 0, 2).is_err());
        assert!(SuccessiveHalving::new(Direction::Maximize, 1, 1).is_err());
    }
}
