//! The population: completed trials that may become parents.

use std::collections::VecDeque;

use crate::trial::TrialId;

/// A member of the population.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Member<G> {
    /// The trial that produced it.
    pub trial: TrialId,
    /// Its fitness: higher is better.
    pub fitness: f64,
    /// Its values of the search's objectives, each oriented so that more is better; empty if the
    /// search uses only the fitness.
    pub objectives: Box<[f64]>,
    /// Its genotype.
    pub genotype: G,
    /// How many members joined before it: the older a member, the lower this number.
    pub joined: u64,
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
            .binary_search_by_key(&joined, |member| member.joined)
            .ok()
    }

    pub(crate) fn join(
        &mut self,
        trial: TrialId,
        fitness: f64,
        objectives: Box<[f64]>,
        genotype: G,
    ) {
        self.members.push_back(Member {
            trial,
            fitness,
            objectives,
            genotype,
            joined: self.joined,
        });
        self.joined += 1;
    }

    /// Undoes the last [`Population::join`] and returns the genotype.
    pub(crate) fn undo_join(&mut self) -> Option<G> {
        let member = self.members.pop_back()?;
        self.joined = member.joined;
        Some(member.genotype)
    }

    pub(crate) fn leave(&mut self, position: usize) {
        self.members.remove(position);
    }
}
