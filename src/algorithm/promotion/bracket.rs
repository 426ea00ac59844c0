//! A bracket: rungs from one of them up.

use super::rung::Rung;
use crate::trial::Trial;

/// The trials that begin at the same rung, and what they were given.
#[derive(Debug)]
pub(super) struct Bracket<G> {
    /// The rung at which its trials begin.
    bottom: usize,
    /// Its rungs from the bottom on, without the last one, from which nothing is promoted.
    rungs: Vec<Rung<G>>,
    /// The resource that its trials were given so far.
    given: u64,
}

impl<G> Bracket<G> {
    /// A bracket that begins at rung `bottom` of `rungs`.
    pub(super) fn new(bottom: usize, rungs: usize, factor: u64) -> Self {
        let below_last = bottom + 1..rungs;
        Self {
            bottom,
            rungs: below_last.map(|_| Rung::new(factor)).collect(),
            given: 0,
        }
    }

    pub(super) const fn bottom(&self) -> usize {
        self.bottom
    }

    pub(super) const fn given(&self) -> u64 {
        self.given
    }

    pub(super) const fn give(&mut self, resource: u64) {
        self.given = self.given.saturating_add(resource);
    }

    /// A trial has completed a rung that isn't the last one.
    pub(super) fn completed(&mut self, rung: usize, trial: Trial<G>, value: f64) {
        if let Some(rung) = self.rung(rung) {
            rung.add(trial, value);
        }
    }

    /// A job won't be run. If it is a promotion, `from` is the rung that it comes from.
    pub(super) fn withdraw(&mut self, resource: u64, from: Option<usize>) {
        self.given = self.given.saturating_sub(resource);
        if let Some(rung) = from.and_then(|from| self.rung(from)) {
            rung.withdraw();
        }
    }

    /// Takes the best trial that may be promoted, from the highest rung that has one, and the rung that it is
    /// promoted to.
    pub(super) fn promote(&mut self) -> Option<(usize, Trial<G>)> {
        let rungs = self.rungs.iter_mut().enumerate().rev();
        let mut promoted = rungs.filter_map(|(place, rung)| Some((place, rung.promote()?)));
        let (place, trial) = promoted.next()?;
        Some((self.bottom + place + 1, trial))
    }
    fn rung(&mut self, rung: usize) -> Option<&mut Rung<G>> {
        self.rungs.get_mut(rung.checked_sub(self.bottom)?)
    }
}
