//! Cells: pairwise combinations of operations on hidden states.

use std::collections::BTreeSet;

use super::error::NasnetError;
use super::operation::Operation;

/// One element of a pairwise combination: an operation and the hidden state it reads.
///
/// State 0 is the output of the previous cell, state 1 the output of the cell before that; pair `k`
/// computes state `k + 2` (the numbering of the released TensorFlow code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Branch {
    /// The operation.
    pub operation: Operation,
    /// The hidden state that it reads.
    pub state: usize,
}

impl Branch {
    /// `operation` applied to hidden state `state`.
    #[must_use]
    pub const fn new(operation: Operation, state: usize) -> Self {
        Self { operation, state }
    }

    /// A branch of pair number `pair` that applies the operation of this name.
    pub(super) fn named(pair: usize, operation: &str, state: usize) -> Result<Self, NasnetError> {
        match Operation::from_name(operation) {
            Some(operation) => Ok(Self { operation, state }),
            None => Err(NasnetError::UnknownOperation {
                pair,
                name: operation.to_owned(),
            }),
        }
    }
}

/// Two branches whose sum is a new hidden state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PairwiseCombination {
    /// The first element.
    pub left: Branch,
    /// The second element.
    pub right: Branch,
}

impl PairwiseCombination {
    /// The sum of two branches.
    #[must_use]
    pub const fn new(left: Branch, right: Branch) -> Self {
        Self { left, right }
    }

    /// Both branches, the left one first.
    #[must_use]
    pub const fn branches(&self) -> [Branch; 2] {
        [self.left, self.right]
    }
}

/// A cell: pairwise combinations in order, and the states that its output concatenates.
///
/// A cell is always valid: [`Cell::new`] and all parsers check it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    pairs: Vec<PairwiseCombination>,
    concat: Option<Vec<usize>>,
}

impl Cell {
    /// A cell that concatenates its unused states, or the states of an explicit list.
    ///
    /// # Errors
    /// [`NasnetError`] if there are no pairs, a pair reads a state that is not computed yet (pair `k` may
    /// read states `0..=k + 1`), or the concat list is empty, repeats a state or names a state that the
    /// cell doesn't have.
    pub fn new(
        pairs: Vec<PairwiseCombination>,
        concat: Option<Vec<usize>>,
    ) -> Result<Self, NasnetError> {
        if pairs.is_empty() {
            return Err(NasnetError::NoPairs);
        }
        for (pair, combination) in pairs.iter().enumerate() {
            for branch in combination.branches() {
                if branch.state > pair + 1 {
                    return Err(NasnetError::StateNotComputed {
                        pair,
                        state: branch.state,
                        last: pair + 1,
                    });
                }
            }
        }
        if let Some(concat) = &concat {
            if concat.is_empty() {
                return Err(NasnetError::EmptyConcat);
            }
            let mut seen = BTreeSet::new();
            for &state in concat {
                if state >= pairs.len() + 2 {
                    return Err(NasnetError::UnknownConcatState {
                        state,
                        last: pairs.len() + 1,
                    });
                }
                if !seen.insert(state) {
                    return Err(NasnetError::RepeatedConcatState { state });
                }
            }
        }
        Ok(Self { pairs, concat })
    }

    /// The pairwise combinations; pair `k` computes state `k + 2`.
    #[must_use]
    pub fn pairs(&self) -> &[PairwiseCombination] {
        &self.pairs
    }

    /// The explicit concat list, if the cell has one.
    #[must_use]
    pub fn declared_concat(&self) -> Option<&[usize]> {
        self.concat.as_deref()
    }

    /// The states that no operation reads, in order. These are the states that the paper's rule
    /// concatenates.
    ///
    /// Never empty, because no pair can read the last state.
    #[must_use]
    pub fn unused_states(&self) -> Vec<usize> {
        let mut used = vec![false; self.pairs.len() + 2];
        for branch in self.pairs.iter().flat_map(PairwiseCombination::branches) {
            used[branch.state] = true;
        }
        (0..used.len()).filter(|&state| !used[state]).collect()
    }

    /// The states whose concatenation is the cell's output: the explicit list if there is one, otherwise
    /// [`Cell::unused_states`].
    #[must_use]
    pub fn concat(&self) -> Vec<usize> {
        self.concat.clone().unwrap_or_else(|| self.unused_states())
    }

    /// The same pairs without an explicit concat list.
    #[must_use]
    pub fn with_derived_concat(mut self) -> Self {
        self.concat = None;
        self
    }

    pub(crate) fn branch_mut(&mut self, pair: usize, left: bool) -> &mut Branch {
        let combination = &mut self.pairs[pair];
        if left {
            &mut combination.left
        } else {
            &mut combination.right
        }
    }

    /// Replaces a pair by one that reads states that are computed before it, and drops the concat list.
    pub(super) fn replace_pair(&mut self, pair: usize, by: PairwiseCombination) {
        self.pairs[pair] = by;
        self.concat = None;
    }

    pub(crate) fn derive_concat(&mut self) {
        self.concat = None;
    }
}
