//! The median rule of Golovin et al., "Google Vizier: A Service for Black-Box Optimization" (2017),
//! section 3.2.2.

use std::collections::{BTreeMap, HashMap};

use super::sorted::SortedValues;
use super::{Stopper, Verdict};
use crate::trial::{Outcome, TrialId};

/// Stops a trial at a step if its best value so far is worse than the median of the other trials' running
/// averages up to that step.
///
/// The other trials are those that completed or were stopped early. The published rule takes only completed
/// ones. With these alone, good members of a warm start set a median that nearly every later trial fails, and
/// since stopped trials would never count, it could never fall.
#[derive(Clone, Debug)]
pub struct MedianRule {
    minimum_trials: usize,
    first_step: u64,
    running: HashMap<TrialId, TrialCurve>,
    /// The running averages of the trials that have ended, at each step that they reached.
    averages: BTreeMap<u64, SortedValues>,
}

#[derive(Clone, Debug, Default)]
struct TrialCurve {
    best: Option<f64>,
    sum: f64,
    averages: Vec<(u64, f64)>,
}

impl MedianRule {
    /// A rule that stops no trial at a step before 5 trials that have ended reported it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            minimum_trials: 5,
            first_step: 1,
            running: HashMap::new(),
            averages: BTreeMap::new(),
        }
    }

    /// How many trials must have completed or been stopped early after reporting a step before any is stopped
    /// there: 5 by default, at least 1.
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

impl Default for MedianRule {
    fn default() -> Self {
        Self::new()
    }
}

impl Stopper for MedianRule {
    fn reported(&mut self, trial: TrialId, step: u64, value: f64) -> Verdict {
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
            .and_then(SortedValues::median);
        match median {
            Some(median) if step >= self.first_step && best < median => Verdict::Stop,
            _ => Verdict::Continue,
        }
    }

    fn ended(&mut self, trial: TrialId, outcome: &Outcome) {
        let curve = self.running.remove(&trial);
        if !matches!(outcome, Outcome::Completed(_) | Outcome::Stopped { .. }) {
            return;
        }
        for (step, average) in curve.into_iter().flat_map(|curve| curve.averages) {
            self.averages.entry(step).or_default().insert(average);
        }
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
        let mut rule = MedianRule::new().minimum_trials(3);
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
    fn failed_trials_teach_nothing_and_stopped_ones_do() {
        let mut rule = MedianRule::new().minimum_trials(1).first_step(2);
        let stopped = Outcome::Stopped {
            step: 2,
            value: -10.0,
        };
        assert_eq!(rule.reported(TrialId(0), 2, -9.0), Verdict::Continue);
        rule.ended(TrialId(0), &Outcome::TimedOut);
        assert_eq!(rule.reported(TrialId(1), 2, -10.0), Verdict::Continue);
        rule.ended(TrialId(1), &stopped);
        assert_eq!(rule.reported(TrialId(2), 1, -99.0), Verdict::Continue);
        assert_eq!(rule.reported(TrialId(2), 2, -11.0), Verdict::Stop);
        assert_eq!(rule.reported(TrialId(3), 2, -9.5), Verdict::Continue);
    }

    #[test]
    fn after_a_warm_start_of_good_trials_about_half_continue() {
        let mut rule = MedianRule::new();
        for trial in 0..10 {
            complete(&mut rule, trial, &[0.95]);
        }
        let later = 10..210_u64;
        let stopped = later.clone().filter(|&trial| {
            // Between 0.5 and 0.9, in no order.
            let value = 0.5 + 0.4 * (trial as f64 * 0.618).fract();
            let verdict = rule.reported(TrialId(trial), 1, value);
            let outcome = match verdict {
                Verdict::Stop => Outcome::Stopped { step: 1, value },
                Verdict::Continue => Outcome::Completed(Evaluation::new(value)),
            };
            rule.ended(TrialId(trial), &outcome);
            verdict == Verdict::Stop
        });
        let stopped = stopped.count();
        assert!((80..130).contains(&stopped), "{stopped} of 200");
    }
}
