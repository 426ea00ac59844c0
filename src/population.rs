//! The population: the completed trials that may become parents.

use std::collections::VecDeque;

use crate::trial::TrialId;

/// A member of the population.
#[derive(Clone, Debug, PartialEq)]
pub struct Member<G> {
    /// The trial it came from.
    pub trial: TrialId,
    /// Its fitness: higher is better.
    pub fitness: f64,
    /// The search's objectives, each turned so that more is better; empty if there are none beside
    /// the fitness.
    pub objectives: Box<[f64]>,
    /// Its genotype.
    pub genotype: G,
    /// How many members joined before it: its age in reverse.
    pub joined: u64,
}

/// Members in the order in which they joined, the oldest first.
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
    /// The members, the oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Member<G>> {
        self.members.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The member at a position, 0 being the oldest.
    ///
    /// # Panics
    /// If there are not that many.
    #[must_use]
    pub fn member(&self, position: usize) -> &Member<G> {
        &self.members[position]
    }

    /// Where the member that joined as number `joined` stands, if it is still there.
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

    pub(crate) fn leave(&mut self, position: usize) {
        self.members.remove(position);
    }
}
