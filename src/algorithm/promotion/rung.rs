//! The completed trials of a rung, and which of them are promoted.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::trial::Trial;

/// The completed trials of a rung. Adding one and taking the best takes logarithmic time.
#[derive(Debug)]
pub(super) struct Rung<G> {
    factor: u64,
    completed: u64,
    promoted: u64,
    /// Those that weren't promoted, the best first.
    waiting: BinaryHeap<Waiting<G>>,
}

/// A completed trial that may be promoted. The value decides which one is better, then the number, of which the lower
/// one is better.
#[derive(Debug)]
struct Waiting<G> {
    value: f64,
    trial: Trial<G>,
}

impl<G> Ord for Waiting<G> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_value = self.value.total_cmp(&other.value);
        by_value.then_with(|| other.trial.id.cmp(&self.trial.id))
    }
}

impl<G> PartialOrd for Waiting<G> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<G> PartialEq for Waiting<G> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<G> Eq for Waiting<G> {}

impl<G> Rung<G> {
    /// A rung of which one trial in `factor` is promoted.
    pub(super) fn new(factor: u64) -> Self {
        Self {
            factor,
            completed: 0,
            promoted: 0,
            waiting: BinaryHeap::new(),
        }
    }

    /// Adds a completed trial.
    pub(super) fn add(&mut self, trial: Trial<G>, value: f64) {
        self.completed += 1;
        self.waiting.push(Waiting {
            // Minus zero equals zero.
            value: value + 0.0,
            trial,
        });
    }

    /// Takes the best trial that wasn't promoted, if fewer than one in `factor` were. It is among the best
    /// `1 / factor`: all that are better were promoted, and they are fewer.
    pub(super) fn promote(&mut self) -> Option<Trial<G>> {
        if self.promoted >= self.completed / self.factor {
            return None;
        }
        let best = self.waiting.pop()?;
        self.promoted += 1;
        Some(best.trial)
    }

    /// A promotion won't be run: the next best takes its place.
    pub(super) const fn withdraw(&mut self) {
        self.promoted = self.promoted.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::TrialId;

    fn trial(id: u64) -> Trial<()> {
        Trial::new(TrialId(id), 0, ())
    }

    fn promoted(rung: &mut Rung<()>) -> Option<u64> {
        rung.promote().map(|trial| trial.id.0)
    }

    #[test]
    fn one_in_three_is_promoted_the_best_first() {
        let mut rung = Rung::new(3);
        for (id, value) in [(0, 0.1), (1, 0.5)] {
            rung.add(trial(id), value);
            assert_eq!(promoted(&mut rung), None);
        }
        rung.add(trial(2), 0.3);
        assert_eq!((promoted(&mut rung), promoted(&mut rung)), (Some(1), None));
        // Better than the one that was promoted, but one of four was.
        rung.add(trial(3), 0.6);
        assert_eq!(promoted(&mut rung), None);
        for (id, value) in [(4, 0.2), (5, 0.2), (6, 0.0), (7, 0.0), (8, 0.0)] {
            rung.add(trial(id), value);
        }
        assert_eq!(
            (promoted(&mut rung), promoted(&mut rung)),
            (Some(3), Some(2))
        );
        assert_eq!(promoted(&mut rung), None);
    }

    #[test]
    fn of_equal_trials_the_first_is_promoted() {
        let mut rung = Rung::new(2);
        for (id, value) in [(3, 0.0), (1, -0.0), (2, 0.0), (0, -1.0)] {
            rung.add(trial(id), value);
        }
        assert_eq!(
            (promoted(&mut rung), promoted(&mut rung)),
            (Some(1), Some(2))
        );
        assert_eq!(promoted(&mut rung), None);
    }

    #[test]
    fn whatever_is_promoted_is_among_the_best_third() {
        let mut rung = Rung::new(3);
        let (mut values, mut count) = (Vec::new(), 0);
        for id in 0..2000_u64 {
            // Rising on the whole, in no order in detail, many of them several times.
            let value = (id / 50) as f64 + f64::from((id as u32).wrapping_mul(2_654_435_761) >> 28);
            rung.add(trial(id), value);
            values.push(value);
            while let Some(promoted) = rung.promote() {
                let value = values[promoted.id.0 as usize];
                let better = values.iter().filter(|&&other| other > value).count();
                assert!(better < values.len() / 3);
                count += 1;
            }
            assert_eq!(count, values.len() / 3);
        }
    }
}
