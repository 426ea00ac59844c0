//! Cells that mean the same.

use std::collections::BTreeSet;

use super::Operation;
use super::genotype::{Branch, Cell, NasnetGenotype, PairwiseCombination};

impl Cell {
    /// The form that all cells share which differ from this one only in the order of a pair's two
    /// elements, and in the order of pairs that don't read each other.
    ///
    /// It is the one whose list of pairs is the least in lexicographic order. Cells of the same form
    /// have the same networks but for the order of channels in the concatenation, and of drawing
    /// weights; an explicit concat list is sorted.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let mut renamed = vec![None; self.pairs().len() + 2];
        renamed[0] = Some(0);
        renamed[1] = Some(1);
        let mut search = Search {
            cell: self,
            renamed,
            ordered: Vec::new(),
            least: None,
        };
        search.extend();
        let (pairs, concat) = search
            .least
            .expect("a valid cell has an order in which every pair reads what comes before it");
        let concat = self.declared_concat().map(|_| concat);
        Self::new(pairs, concat).expect("renaming the states of a valid cell keeps it valid")
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

/// Tries the orders of the pairs that may be the least.
struct Search<'a> {
    cell: &'a Cell,
    /// What each state is called now, if its pair has its place.
    renamed: Vec<Option<usize>>,
    ordered: Vec<PairwiseCombination>,
    least: Option<(Vec<PairwiseCombination>, Vec<usize>)>,
}

/// Who reads a state and by which operation, and whether the explicit concat list has it: pairs
/// that compute the same and are used the same can be exchanged without changing anything.
type Uses = (Vec<(usize, Operation)>, bool);

impl Search<'_> {
    /// Gives the next place to each pair that can have it in the least order.
    fn extend(&mut self) {
        if self.ordered.len() == self.cell.pairs().len() {
            let found = (self.ordered.clone(), self.concat());
            if self.least.as_ref().is_none_or(|least| found < *least) {
                self.least = Some(found);
            }
            return;
        }
        let ready: Vec<(PairwiseCombination, usize)> = self
            .cell
            .pairs()
            .iter()
            .enumerate()
            .filter(|(pair, _)| self.renamed[pair + 2].is_none())
            .filter_map(|(pair, combination)| Some((self.rename(combination)?, pair)))
            .collect();
        let Some(next) = ready.iter().map(|(combination, _)| *combination).min() else {
            return;
        };
        let mut tried: BTreeSet<Uses> = BTreeSet::new();
        for (combination, pair) in ready {
            if combination == next && tried.insert(self.uses(pair + 2)) {
                self.renamed[pair + 2] = Some(self.ordered.len() + 2);
                self.ordered.push(combination);
                self.extend();
                self.ordered.pop();
                self.renamed[pair + 2] = None;
            }
        }
    }

    /// A combination with the new names of what it reads, its lesser element first; none if it reads
    /// a state that has no place yet.
    fn rename(&self, combination: &PairwiseCombination) -> Option<PairwiseCombination> {
        let rename = |branch: Branch| {
            let state = self.renamed[branch.state]?;
            Some(Branch::new(branch.operation, state))
        };
        let (left, right) = (rename(combination.left)?, rename(combination.right)?);
        Some(PairwiseCombination::new(left.min(right), left.max(right)))
    }

    fn uses(&self, state: usize) -> Uses {
        let mut readers: Vec<(usize, Operation)> = Vec::new();
        for (reader, combination) in self.cell.pairs().iter().enumerate() {
            for branch in combination.branches() {
                if branch.state == state {
                    readers.push((reader, branch.operation));
                }
            }
        }
        readers.sort_unstable();
        let declared = self.cell.declared_concat();
        (
            readers,
            declared.is_some_and(|states| states.contains(&state)),
        )
    }

    /// The explicit concat list in new names, sorted.
    fn concat(&self) -> Vec<usize> {
        let declared = self.cell.declared_concat().unwrap_or_default();
        let mut states: Vec<usize> = declared
            .iter()
            .filter_map(|&state| self.renamed[state])
            .collect();
        states.sort_unstable();
        states
    }
}
