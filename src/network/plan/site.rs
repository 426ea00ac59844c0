//! The layers of a cell, given its position in the network.

use super::cell::{BranchPlan, CellPlan, ConcatPlan};
use super::misfit::Misfit;
use crate::network::config::ImageShape;
use crate::network::error::NarrowLayer;
use crate::network::layers::LayerPlan;
use crate::network::operations::{self, bottleneck_width, project, relu_project};
use crate::spaces::nasnet::{Cell, CellKind, Operation};

/// The position of a cell in a network.
pub(super) struct CellSite {
    pub(super) index: usize,
    pub(super) kind: CellKind,
    pub(super) filters: usize,
    pub(super) inputs: [usize; 2],
    /// The shapes of its two inputs.
    pub(super) shapes: [ImageShape; 2],
}

impl CellSite {
    /// Whether an operation on this state has stride 2.
    const fn strides(&self, state: usize) -> bool {
        matches!(self.kind, CellKind::Reduction) && state < 2
    }

    fn check(&self) -> Result<(), Misfit> {
        if self.filters == 0 {
            return Err(Misfit::Narrow(NarrowLayer::StemCell { cell: self.index }));
        }
        let [previous, _] = self.shapes;
        if self.kind == CellKind::Reduction && previous.height.min(previous.width) < 2 {
            return Err(Misfit::Small("reduction cells"));
        }
        Ok(())
    }

    fn factorized_reduction(&self, input: usize) -> Result<LayerPlan, Misfit> {
        if self.filters < 2 {
            return Err(Misfit::Narrow(NarrowLayer::FactorizedReduction {
                cell: self.index,
                filters: self.filters,
            }));
        }
        Ok(LayerPlan::FactorizedReduction {
            input,
            output: self.filters,
        })
    }

    /// The layers that compute state 1, and its channels.
    fn align(&self) -> Result<(Vec<LayerPlan>, usize), Misfit> {
        let ([previous, before], filters) = (self.shapes, self.filters);
        if self.inputs[0] == self.inputs[1] {
            // The first cell reads the stem's output unchanged.
            return Ok((Vec::new(), before.channels));
        }
        let layers = if before.height > previous.height || before.width > previous.width {
            vec![LayerPlan::Relu, self.factorized_reduction(before.channels)?]
        } else if before.channels != filters {
            relu_project(before.channels, filters, 1)
        } else {
            Vec::new()
        };
        Ok((layers, filters))
    }

    fn branch(
        &self,
        operation: Operation,
        state: usize,
        input: usize,
    ) -> Result<BranchPlan, Misfit> {
        if bottleneck_width(operation, self.filters) == Some(0) {
            return Err(Misfit::Narrow(NarrowLayer::Bottleneck {
                operation,
                cell: self.index,
                filters: self.filters,
            }));
        }
        let stride = if self.strides(state) { 2 } else { 1 };
        Ok(BranchPlan {
            state,
            operation,
            layers: operations::operation(operation, input, self.filters, stride),
        })
    }

    fn part(&self, state: usize, input: usize) -> Result<ConcatPlan, Misfit> {
        let layers = if self.strides(state) {
            vec![self.factorized_reduction(input)?]
        } else if input != self.filters {
            project(input, self.filters, 1)
        } else {
            Vec::new()
        };
        Ok(ConcatPlan { state, layers })
    }
}

impl CellPlan {
    pub(super) fn new(cell: &Cell, site: &CellSite) -> Result<Self, Misfit> {
        site.check()?;
        let filters = site.filters;
        let (align, state_1) = site.align()?;
        let width = |state| if state == 1 { state_1 } else { filters };
        let branches = cell
            .pairs()
            .iter()
            .flat_map(|pair| pair.branches())
            .map(|branch| site.branch(branch.operation, branch.state, width(branch.state)))
            .collect::<Result<_, _>>()?;
        let concat = cell
            .concat()
            .into_iter()
            .map(|state| site.part(state, width(state)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            kind: site.kind,
            filters,
            inputs: site.inputs,
            base: relu_project(site.shapes[0].channels, filters, 1),
            align,
            branches,
            concat,
        })
    }

    /// Adds drop path to the end of every operation except identities.
    pub(super) fn add_drop_path(&mut self, layer: LayerPlan) {
        let droppable = |branch: &&mut BranchPlan| branch.operation != Operation::Identity;
        for branch in self.branches.iter_mut().filter(droppable) {
            branch.layers.push(layer.clone());
        }
    }
}
