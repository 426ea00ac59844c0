//! The completed trials of a rung, and which of them may be promoted.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, BinaryHeap};

use crate::by_id::MapById;
use crate::trial::{Trial, TrialId};

/// The completed trials of a rung. Adding one and taking the best takes logarithmic time.
#[derive(Debug)]
pub(super) struct Rung<G> {
    factor: u64,
    /// The best `1 / factor` of the completed trials, promoted or not, the worst first.
    top: BinaryHeap<Reverse<Standing>>,
    /// All others, the best first.
    rest: BinaryHeap<Standing>,
    /// The trials at the top that weren't promoted, the worst first.
    promotable: BTreeSet<Standing>,
    /// The completed trials that weren't promoted.
    waiting: MapById<Trial<G>>,
}

/// What trials of a rung are compared by: the value, then the number, of which the lower one is better.
#[derive(Clone, Copy, Debug)]
struct Standing {
    value: f64,
    trial: TrialId,
}

impl Ord for Standing {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_value = self.value.total_cmp(&other.value);
        by_value.then_with(|| other.trial.cmp(&self.trial))
    }
}

impl PartialOrd for Standing {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Standing {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Standing {}

impl<G> Rung<G> {
    /// A rung of which one trial in `factor` is promoted.
    pub(super) fn new(factor: u64) -> Self {
        Self {
            factor,
            top: BinaryHeap::new(),
            rest: BinaryHeap::new(),
            promotable: BTreeSet::new(),
            waiting: MapById::default(),
        }
    }

    /// Adds a completed trial.
    pub(super) fn add(&mut self, trial: Trial<G>, value: f64) {
        let standing = Standing {
            // Minus zero equals zero.
            value: value + 0.0,
            trial: trial.id,
        };
        self.waiting.insert(trial.id, trial);
        match self.top.peek() {
            Some(Reverse(worst)) if standing > *worst => {
                self.rise(standing);
                self.fall();
            }
            _ => self.rest.push(standing),
        }
        let completed = (self.top.len() + self.rest.len()) as u64;
        if completed.is_multiple_of(self.factor)
            && let Some(best) = self.rest.pop()
        {
            self.rise(best);
        }
    }

    /// Takes the best trial of the top that wasn't promoted.
    pub(super) fn promote(&mut self) -> Option<Trial<G>> {
        let best = self.promotable.pop_last()?;
        self.waiting.remove(best.trial)
    }

    fn rise(&mut self, standing: Standing) {
        if self.waiting.get(standing.trial).is_some() {
            self.promotable.insert(standing);
        }
        self.top.push(Reverse(standing));
    }

    /// The worst of the top leaves it.
    fn fall(&mut self) {
        if let Some(Reverse(worst)) = self.top.pop() {
            self.promotable.remove(&worst);
            self.rest.push(worst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(id: u64) -> Trial<()> {
        Trial::new(TrialId(id), 0, ())
    }

    fn promoted(rung: &mut Rung<()>) -> Option<u64> {
        rung.promote().map(|trial| trial.id.0)
    }

    #[test]
    fn the_best_third_is_promoted_the_best_first() {
        let mut rung = Rung::new(3);
        for (id, value) in [(0, 0.1), (1, 0.5)] {
            rung.add(trial(id), value);
            assert_eq!(promoted(&mut rung), None);
        }
        rung.add(trial(2), 0.3);
        assert_eq!((promoted(&mut rung), promoted(&mut rung)), (Some(1), None));
        // Better than the one that was promoted, which leaves the top and isn't promoted again when it returns.
        rung.add(trial(3), 0.6);
        assert_eq!((promoted(&mut rung), promoted(&mut rung)), (Some(3), None));
        for (id, value) in [(4, 0.2), (5, 0.2), (6, 0.0), (7, 0.0), (8, 0.0)] {
            rung.add(trial(id), value);
        }
        assert_eq!((promoted(&mut rung), promoted(&mut rung)), (Some(2), None));
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
    fn it_promotes_what_a_sorted_list_promotes() {
        let mut rung = Rung::new(3);
        let (mut list, mut taken) = (Vec::new(), BTreeSet::new());
        for id in 0..2000_u64 {
            // Values in no order, many of them several times.
            let value = f64::from((id as u32).wrapping_mul(2_654_435_761) >> 24);
            rung.add(trial(id), value);
            list.push((Reverse(value as u64), id));
            list.sort_unstable();
            if id % 4 == 3 {
                let top = &list[..list.len() / 3];
                let best = top.iter().map(|&(_, id)| id).find(|id| !taken.contains(id));
                assert_eq!(promoted(&mut rung), best);
                taken.extend(best);
            }
        }
        assert!(taken.len() > 400);
    }
}
