//! The median rule of Golovin et al., "Google Vizier: A Service for Black-Box Optimization" (2017),
//! section 3.2.2.

use std::collections::{BTreeMap, HashMap};

use super::{Stopper, Verdict};
use crate::objective::Direction;
use crate::trial::{Outcome, TrialId};

/// Stops a trial at a step if its best value so far is worse than the median of the completed trials'
/// running averages up to that step.
#[derive(Clone, Debug)]
pub struct MedianRule {
    direction: Direction,
    minimum_trials: usize,
    first_step: u64,
    running: HashMap<TrialId, TrialCurve>,
    /// The running averages of completed trials at each step, sorted.
    averages: BTreeMap<u64, Vec<f64>>,
}

#[derive(Clone, Debug, Default)]
struct TrialCurve {
    best: Option<f64>,
    sum: f64,
    averages: Vec<(u64, f64)>,
}

impl MedianRule {
    /// A rule for values that should be high (an accuracy) or low (a loss). It stops no trial at a step
    /// that fewer than 5 completed trials have reported.
    #[must_use]
    pub fn new(direction: Direction) -> Self {
        Self {
            direction,
            minimum_trials: 5,
            first_step: 1,
            running: HashMap::new(),
            averages: BTreeMap::new(),
        }
    }

    /// How many completed trials must have reported a step before any is stopped there: 5 by default, at
    /// least 1.
    #[must_use]
    pub fn minimum_trials(mut self, trials: usize) -> Self {
        self.minimum_trials = trials.max(1);
        self
    }

    /// Stops no trial before this step: 1 by default.
    #[must_use]
    pub fn first_step(mut self, step: u64) -> Self {
        self.first_step = step;
        self
    }
}

impl Stopper for MedianRule {
    fn reported(&mut self, trial: TrialId, step: u64, value: f64) -> Verdict {
        let value = self.direction.oriented(value);
        let curve = self.running.entry(trial).or_default();
        let best = curve.best.map_or(value, |best| best.max(value));
        curve.best = Some(best);
        curve.sum += value;
        let count = curve.averages.len() + 1;
        curve.averages.push((step, curve.sum / count as f64));
        let median = self
            .averages
            .get(&step)
            .filter(|averages| averages.len() >= self.minimum_trials)
            .map(|averages| median(averages));
        match median {
            Some(median) if step >= self.first_step && best < median => Verdict::Stop,
            _ => Verdict::Continue,
        }
    }

    fn ended(&mut self, trial: TrialId, outcome: &Outcome) {
        let curve = self.running.remove(&trial);
        if !matches!(outcome, Outcome::Completed(_)) {
            return;
        }
        for (step, average) in curve.into_iter().flat_map(|curve| curve.averages) {
            let averages = self.averages.entry(step).or_default();
            let place = averages.partition_point(|&other| other < average);
            averages.insert(place, average);
        }
    }
}

/// The median of sorted values; of an even number, the mean of the two in the middle.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Evaluation;

    fn complete(rule: &mut MedianRule, trial: u64, values: &[f64]) {
        for (step, &value) in (1..).zip(values) {
            assert_eq!(
                rule.reported(TrialId(trial), step, value),
                Verdict::Continue
            );
        }
        rule.ended(TrialId(trial), &Outcome::Completed(Evaluation::new(0.0)));
    }

    #[test]
    fn a_trial_whose_best_is_below_the_median_of_averages_is_stopped() {
        let mut rule = MedianRule::new(Direction::Maximize).minimum_trials(3);
        complete(&mut rule, 0, &[0.2, 0.4]);
        complete(&mut rule, 1, &[0.4, 0.6]);
        complete(&mut rule, 2, &[0.6, 0.8]);
        // Running averages at step 2: 0.3, 0.5, 0.7; at step 1: 0.2, 0.4, 0.6.
        assert_eq!(rule.reported(TrialId(3), 1, 0.4), Verdict::Continue);
        assert_eq!(rule.reported(TrialId(3), 2, 0.49), Verdict::Stop);
        assert_eq!(rule.reported(TrialId(4), 1, 0.39), Verdict::Stop);
        assert_eq!(rule.reported(TrialId(5), 3, 0.0), Verdict::Continue);
    }

    #[test]
    fn a_loss_is_better_when_it_is_less_and_failed_trials_teach_nothing() {
        let mut rule = MedianRule::new(Direction::Minimize)
            .minimum_trials(1)
            .first_step(2);
        assert_eq!(rule.reported(TrialId(0), 2, 9.0), Verdict::Continue);
        rule.ended(TrialId(0), &Outcome::TimedOut);
        assert_eq!(rule.reported(TrialId(1), 2, 10.0), Verdict::Continue);
        rule.ended(TrialId(1), &Outcome::Completed(Evaluation::new(0.0)));
        assert_eq!(rule.reported(TrialId(2), 1, 99.0), Verdict::Continue);
        assert_eq!(rule.reported(TrialId(2), 2, 11.0), Verdict::Stop);
        assert_eq!(rule.reported(TrialId(3), 2, 9.5), Verdict::Continue);
    }
}
