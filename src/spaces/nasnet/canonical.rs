//! Cells that mean the same.

use super::genotype::{Branch, Cell, NasnetGenotype, PairwiseCombination};
use super::labelling;

impl Cell {
    /// The form that all cells share which differ from this one only in the order of a pair's two
    /// elements, and in the order of pairs that don't read each other.
    ///
    /// Cells of the same form have the same networks but for the order of channels in the
    /// concatenation, and of drawing weights; an explicit concat list is sorted. The form of a form is
    /// itself.
    ///
    /// It takes little time for a cell whose equal pairs are used in equal ways too. In theory there are
    /// cells of dozens of pairs so regular that the search for the form would not end; it is given
    /// up after a while. Then the form is still that of a cell that means the same, but another one
    /// may have another: an equal cell may go unnoticed, but different cells are never taken for equal.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let labels = labelling::canonical(self);
        let mut renamed: Vec<Option<usize>> = vec![None; self.pairs().len() + 2];
        (renamed[0], renamed[1]) = (Some(0), Some(1));
        let mut ordered = Vec::with_capacity(self.pairs().len());
        // The least pair of those that can come next, by what it reads, then by its label.
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
    /// The genotype with both cells in [canonical](Cell::canonical) form: equal for genotypes that
    /// mean the same.
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self::new(self.normal.canonical(), self.reduction.canonical())
    }
}

/// A combination with the new names of what it reads, its lesser element first; none if it reads a
/// state that has no place yet.
fn rename(
    combination: &PairwiseCombination,
    renamed: &[Option<usize>],
) -> Option<PairwiseCombination> {
    let rename = |branch: Branch| Some(Branch::new(branch.operation, renamed[branch.state]?));
    let (left, right) = (rename(combination.left)?, rename(combination.right)?);
    Some(PairwiseCombination::new(left.min(right), left.max(right)))
}
