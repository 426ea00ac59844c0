//! The space as a policy sees it: a list of choices.

use super::cell::{Branch, Cell, PairwiseCombination};
use super::cell_kind::CellKind;
use super::genotype::NasnetGenotype;
use super::{NasnetSpace, Operation};
use crate::space::CategoricalSpace;

/// The choices of a pair: two hidden states and two operations.
const CHOICES: usize = 4;

/// The normal cell comes first. For each pair in order there are four choices: the left state, the right
/// state, the left operation and the right operation, in the order of the controller of Zoph et al. 2018.
/// Pair `k` chooses among the states `0..=k + 1`, and operations by their index in
/// [`NasnetSpace::operations`].
///
/// The choices don't include what a cell concatenates: an explicit list is lost, and a decoded cell
/// concatenates its unused states. If the space lists an operation twice, encoding uses its first
/// index.
impl CategoricalSpace for NasnetSpace {
    fn alternative_counts(&self) -> Vec<usize> {
        let operations = self.operations().len();
        let cell = (0..self.pairs()).flat_map(|pair| {
            let states = pair + 2;
            [states, states, operations, operations]
        });
        cell.clone().chain(cell).collect()
    }

    /// # Panics
    /// If the genotype applies an operation that this space doesn't have.
    fn encode(&self, genotype: &NasnetGenotype) -> Vec<usize> {
        let place = |operation: Operation| {
            self.operations()
                .iter()
                .position(|&other| other == operation)
                .unwrap_or_else(|| panic!("{operation} is not an operation of this space"))
        };
        [CellKind::Normal, CellKind::Reduction]
            .into_iter()
            .flat_map(|kind| genotype.cell(kind).pairs())
            .flat_map(|PairwiseCombination { left, right }| {
                let operations = [place(left.operation), place(right.operation)];
                [left.state, right.state, operations[0], operations[1]]
            })
            .collect()
    }

    fn decode(&self, choices: &[usize]) -> NasnetGenotype {
        assert_eq!(
            choices.len(),
            2 * CHOICES * self.pairs(),
            "a genotype with {} pairs per cell has four choices for each",
            self.pairs()
        );
        let branch =
            |state: usize, operation: usize| Branch::new(self.operations()[operation], state);
        let cell = |choices: &[usize]| {
            let (pairs, _) = choices.as_chunks::<CHOICES>();
            let pair = |&[left, right, left_operation, right_operation]: &[usize; CHOICES]| {
                PairwiseCombination::new(
                    branch(left, left_operation),
                    branch(right, right_operation),
                )
            };
            Cell::new(pairs.iter().map(pair).collect(), None)
                .expect("every choice is below its number of alternatives")
        };
        let (normal, reduction) = choices.split_at(choices.len() / 2);
        NasnetGenotype::new(cell(normal), cell(reduction))
    }
}
