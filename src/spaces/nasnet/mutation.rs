//! The paper's mutations. Each draws a cell, one of its pairs and one of the pair's two elements
//! uniformly, and changes that element.

use rand::{Rng, RngExt};
use serde_json::{Value, json};

use super::Operation;
use super::cell_kind::CellKind;
use super::genotype::NasnetGenotype;
use crate::space::Mutation;

/// The element that a mutation changes.
struct Element {
    cell: CellKind,
    pair: usize,
    left: bool,
}

fn draw_element(genotype: &NasnetGenotype, rng: &mut dyn Rng) -> Element {
    let cell = if rng.random() {
        CellKind::Normal
    } else {
        CellKind::Reduction
    };
    let pair = rng.random_range(0..genotype.cell(cell).pairs().len());
    let left = rng.random();
    Element { cell, pair, left }
}

/// Draws uniformly from `0..count`, leaving out `current` if `exclude` is set and it isn't the only
/// one.
fn draw_index(count: usize, current: Option<usize>, exclude: bool, rng: &mut dyn Rng) -> usize {
    match current {
        Some(current) if exclude && count > 1 => {
            let index = rng.random_range(0..count - 1);
            index + usize::from(index >= current)
        }
        _ => rng.random_range(0..count),
    }
}

/// Rewires one element to another hidden state of the same cell that is computed before its pair, so
/// that no loop can form.
///
/// "Another" is taken to mean different from the current one, unless
/// [`HiddenStateMutation::allow_current`] is set. The paper recomputes which states the cell
/// concatenates, so an explicit concat list of the mutated cell is dropped.
#[derive(Clone, Copy, Debug, Default)]
pub struct HiddenStateMutation {
    allow_current: bool,
}

impl HiddenStateMutation {
    /// Allows drawing the current state, so that the child may equal its parent.
    #[must_use]
    pub const fn allow_current(mut self) -> Self {
        self.allow_current = true;
        self
    }
}

impl Mutation<NasnetGenotype> for HiddenStateMutation {
    fn mutate(&self, parent: &NasnetGenotype, rng: &mut dyn Rng) -> NasnetGenotype {
        let mut child = parent.clone();
        let Element { cell, pair, left } = draw_element(parent, rng);
        let cell = child.cell_mut(cell);
        let branch = cell.branch_mut(pair, left);
        branch.state = draw_index(pair + 2, Some(branch.state), !self.allow_current, rng);
        cell.derive_concat();
        child
    }

    fn describe(&self) -> Value {
        json!({"type": "HiddenStateMutation", "allow_current": self.allow_current})
    }
}

/// Replaces the operation of one element by one drawn from a list.
///
/// The paper doesn't say whether the current operation may be drawn. Here it may not, unless
/// [`OperationMutation::allow_current`] is set.
#[derive(Clone, Debug)]
pub struct OperationMutation {
    operations: Vec<Operation>,
    allow_current: bool,
}

impl OperationMutation {
    /// Draws from these operations. With an empty list, the child equals its parent.
    #[must_use]
    pub const fn new(operations: Vec<Operation>) -> Self {
        Self {
            operations,
            allow_current: false,
        }
    }

    /// Allows drawing the current operation, so that the child may equal its parent.
    #[must_use]
    pub const fn allow_current(mut self) -> Self {
        self.allow_current = true;
        self
    }
}

impl Mutation<NasnetGenotype> for OperationMutation {
    fn mutate(&self, parent: &NasnetGenotype, rng: &mut dyn Rng) -> NasnetGenotype {
        let mut child = parent.clone();
        if self.operations.is_empty() {
            return child;
        }
        let Element { cell, pair, left } = draw_element(parent, rng);
        let branch = child.cell_mut(cell).branch_mut(pair, left);
        let current = self
            .operations
            .iter()
            .position(|&operation| operation == branch.operation);
        let index = draw_index(self.operations.len(), current, !self.allow_current, rng);
        branch.operation = self.operations[index];
        child
    }

    fn describe(&self) -> Value {
        json!({
            "type": "OperationMutation",
            "operations": self.operations.iter().map(|operation| operation.name()).collect::<Vec<_>>(),
            "allow_current": self.allow_current,
        })
    }
}
