//! The population: trials that may become parents.

use std::collections::VecDeque;

use crate::trial::TrialId;

/// A member of the population.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Member<G> {
    /// Its genotype.
    pub genotype: G,
    /// The trial that produced it; `None` if it was imported with its score.
    pub trial: Option<TrialId>,
    /// Its fitness, or the last value that it reported if it was stopped early: higher is better.
    pub fitness: f64,
    /// Its values of the search's objectives, each oriented so that more is better; empty if the
    /// search uses only the fitness.
    pub objectives: Box<[f64]>,
    /// The step that its trial reached; `u64::MAX` if it completed.
    reached: u64,
    joined: u64,
}

impl<G> Member<G> {
    /// A member with a fitness alone, which has yet to join.
    pub fn new(genotype: G, fitness: f64) -> Self {
        Self {
            genotype,
            trial: None,
            fitness,
            reached: u64::MAX,
            objectives: Box::default(),
            joined: 0,
        }
    }

    /// Sets the trial that produced it.
    #[must_use]
    pub fn with_trial(mut self, trial: TrialId) -> Self {
        self.trial = Some(trial);
        self
    }

    /// Sets its values of the search's objectives, each oriented so that more is better.
    #[must_use]
    pub fn with_objectives(mut self, objectives: Box<[f64]>) -> Self {
        self.objectives = objectives;
        self
    }

    /// Says that its trial was stopped early, and at which step.
    #[must_use]
    pub fn with_stopped_at(mut self, step: u64) -> Self {
        self.reached = step.min(u64::MAX - 1);
        self
    }

    /// The step at which its trial was stopped early; `None` if its trial completed.
    #[must_use]
    pub fn stopped_at(&self) -> Option<u64> {
        (self.reached != u64::MAX).then_some(self.reached)
    }

    /// How many members joined before it: the older a member, the lower this number.
    #[must_use]
    pub const fn joined(&self) -> u64 {
        self.joined
    }

    /// Whether its [standing](Member::standing) is higher than that of another member.
    #[must_use]
    #[inline]
    pub fn is_fitter_than(&self, other: &Self) -> bool {
        match self.reached == other.reached {
            true => self.fitness > other.fitness,
            false => self.reached > other.reached,
        }
    }

    /// What members are compared by where only the fitness counts, the higher the better. Of two members
    /// the one that got further is fitter, and a completed one is fitter than one that was stopped early;
    /// the fitness decides between members that got equally far.
    #[must_use]
    pub fn standing(&self) -> (u64, f64) {
        (self.reached, self.fitness)
    }
}

/// The members in the order in which they joined, oldest first.
#[derive(Clone, Debug)]
pub struct Population<G> {
    members: VecDeque<Member<G>>,
    joined: u64,
}

impl<G> Default for Population<G> {
    fn default() -> Self {
        Self {
            members: VecDeque::new(),
            joined: 0,
        }
    }
}

impl<G> Population<G> {
    /// Iterates over the members, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Member<G>> {
        self.members.iter()
    }

    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether the population has no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The member at `position`; position 0 is the oldest.
    ///
    /// # Panics
    /// If `position` is not below [`Population::len`].
    #[must_use]
    pub fn member(&self, position: usize) -> &Member<G> {
        &self.members[position]
    }

    /// The position of the member whose [`Member::joined`] is `joined`, unless it has left.
    #[must_use]
    pub fn position_of(&self, joined: u64) -> Option<usize> {
        self.members
            .binary_search_by_key(&joined, Member::joined)
            .ok()
    }

    /// Adds a member, which is the youngest from now on.
    pub fn join(&mut self, mut member: Member<G>) {
        member.joined = self.joined;
        self.joined += 1;
        self.members.push_back(member);
    }

    /// Removes the member at `position` and returns it; `None` if there is none.
    pub fn leave(&mut self, position: usize) -> Option<Member<G>> {
        self.members.remove(position)
    }

    /// Undoes the last [`Population::join`].
    pub(crate) fn undo_join(&mut self) {
        if let Some(member) = self.members.pop_back() {
            self.joined = member.joined;
        }
    }
}
