//! Canonical forms of equivalent cells.

use super::cell::{Branch, Cell, PairwiseCombination};
use super::genotype::NasnetGenotype;
use super::labeling;

impl Cell {
    /// The canonical form of this cell: the same for all cells that differ only in the order of the two
    /// elements of a pair, and in the order of pairs that don't read each other.
    ///
    /// Cells with the same canonical form have the same network, apart from the order of channels in
    /// the concatenation and the order in which weights are drawn. An explicit concat list is sorted.
    /// The canonical form of a canonical form is itself.
    ///
    /// This is fast for all but extremely regular cells of dozens of pairs, for which the search for
    /// the form is cut off after a fixed effort. The result is then still an equivalent cell, but
    /// equivalent cells may get different ones: an equal cell may go unnoticed, but different cells are
    /// never taken for equal.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let labels = labeling::canonical(self);
        let mut renamed: Vec<Option<usize>> = vec![None; self.pairs().len() + 2];
        (renamed[0], renamed[1]) = (Some(0), Some(1));
        let mut ordered = Vec::with_capacity(self.pairs().len());
        // Of the pairs that can come next, the least by what it reads, then by its label.
        while let Some((combination, _, pair)) = self
            .pairs()
            .iter()
            .enumerate()
            .filter(|&(pair, _)| renamed[pair + 2].is_none())
            .filter_map(|(pair, combination)| {
                Some((rename(combination, &renamed)?, labels[pair], pair))
            })
            .min()
        {
            renamed[pair + 2] = Some(ordered.len() + 2);
            ordered.push(combination);
        }
        let concat = self.declared_concat().map(|states| {
            let mut states: Vec<usize> =
                states.iter().filter_map(|&state| renamed[state]).collect();
            states.sort_unstable();
            states
        });
        Self::new(ordered, concat).expect("renaming the states of a valid cell keeps it valid")
    }
}

impl NasnetGenotype {
    /// The genotype with both cells in [canonical](Cell::canonical) form, equal for equivalent
    /// genotypes.
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self::new(self.normal.canonical(), self.reduction.canonical())
    }
}

/// A combination with its states renamed and its smaller element first; `None` if it reads a state that
/// has no new number yet.
fn rename(
    combination: &PairwiseCombination,
    renamed: &[Option<usize>],
) -> Option<PairwiseCombination> {
    let rename = |branch: Branch| Some(Branch::new(branch.operation, renamed[branch.state]?));
    let (left, right) = (rename(combination.left)?, rename(combination.right)?);
    Some(PairwiseCombination::new(left.min(right), left.max(right)))
}
