//! A whole network without weights.

use super::layers::{self, LayerPlan};
use super::{NetworkConfig, NetworkError};
use crate::spaces::nasnet::{Cell, CellKind, NasnetGenotype};

/// A network, layer by layer.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkPlan {
    /// 3x3 convolution to 3F filters and batch norm (the CIFAR stem of the released code).
    pub stem: Vec<LayerPlan>,
    /// The cells in order. The first reads the stem's output twice.
    pub cells: Vec<CellPlan>,
    /// Channels of the last cell's output, which the classifier reads after ReLU and global average
    /// pooling.
    pub features: usize,
    /// What it was made for.
    pub config: NetworkConfig,
}

/// One cell of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct CellPlan {
    /// Normal or reduction.
    pub kind: CellKind,
    /// Its filters.
    pub filters: usize,
    /// Makes state 0 of the previous cell's output.
    pub base: Vec<LayerPlan>,
    /// Makes state 1 of the output of the cell before; empty where it is taken as it is.
    pub align: Vec<LayerPlan>,
    /// The branches, two of each pair in turn.
    pub branches: Vec<BranchPlan>,
    /// What the output concatenates.
    pub concat: Vec<ConcatPlan>,
    /// Channels of the output.
    pub output: usize,
}

/// One branch of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct BranchPlan {
    /// The state it reads.
    pub state: usize,
    /// Its layers; none for an identity.
    pub layers: Vec<LayerPlan>,
}

/// One part of a cell's output.
#[derive(Clone, Debug, PartialEq)]
pub struct ConcatPlan {
    /// The state.
    pub state: usize,
    /// What brings it to the size and width of the others; none where it has them.
    pub layers: Vec<LayerPlan>,
}

/// Where a cell's state 1 comes from.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// The stem, before the first cell: taken raw.
    Stem,
    /// A cell with an output of the same size as the previous cell's.
    SameSize,
    /// A cell before a reduction: its output is twice as large.
    Larger,
}

impl NetworkPlan {
    /// The network of a genotype.
    ///
    /// # Errors
    /// [`NetworkError`] if the configuration can't be.
    pub fn new(genotype: &NasnetGenotype, config: &NetworkConfig) -> Result<Self, NetworkError> {
        config.validate()?;
        let stem_filters = 3 * config.filters;
        let stem = vec![
            layers::convolution(config.image.channels, stem_filters, [3, 3], [1, 1], 1),
            LayerPlan::BatchNorm {
                channels: stem_filters,
            },
        ];
        let mut cells: Vec<CellPlan> = Vec::new();
        let (mut previous, mut before, mut origin) = (stem_filters, stem_filters, Before::Stem);
        let mut filters = config.filters;
        for stack in 0..3 {
            let reductions = usize::from(stack > 0);
            if stack > 0 {
                filters *= 2;
            }
            for index in 0..reductions + config.cells_per_stack {
                let kind = if index < reductions {
                    CellKind::Reduction
                } else {
                    CellKind::Normal
                };
                let cell = CellPlan::new(
                    genotype.cell(kind),
                    kind,
                    filters,
                    [previous, before],
                    origin,
                );
                before = previous;
                previous = cell.output;
                origin = match kind {
                    CellKind::Normal => Before::SameSize,
                    CellKind::Reduction => Before::Larger,
                };
                cells.push(cell);
            }
        }
        Ok(Self {
            stem,
            cells,
            features: previous,
            config: config.clone(),
        })
    }
}

impl CellPlan {
    fn new(
        cell: &Cell,
        kind: CellKind,
        filters: usize,
        [previous, before]: [usize; 2],
        origin: Before,
    ) -> Self {
        let (align, state_1) = match origin {
            Before::Stem => (Vec::new(), before),
            Before::Larger => {
                let reduction = LayerPlan::FactorizedReduction {
                    input: before,
                    output: filters,
                };
                (vec![LayerPlan::Relu, reduction], filters)
            }
            Before::SameSize if before == filters => (Vec::new(), filters),
            Before::SameSize => (layers::relu_project(before, filters, 1), filters),
        };
        let width = |state| if state == 1 { state_1 } else { filters };
        let reduced = |state| kind == CellKind::Reduction && state < 2;
        let branches = cell
            .pairs()
            .iter()
            .flat_map(|pair| pair.branches())
            .map(|branch| {
                let stride = if reduced(branch.state) { 2 } else { 1 };
                BranchPlan {
                    state: branch.state,
                    layers: layers::operation(
                        branch.operation,
                        width(branch.state),
                        filters,
                        stride,
                    ),
                }
            })
            .collect();
        let concat: Vec<_> = cell
            .concat()
            .into_iter()
            .map(|state| ConcatPlan {
                state,
                layers: if reduced(state) {
                    vec![LayerPlan::FactorizedReduction {
                        input: width(state),
                        output: filters,
                    }]
                } else if width(state) != filters {
                    layers::project(width(state), filters, 1)
                } else {
                    Vec::new()
                },
            })
            .collect();
        Self {
            kind,
            filters,
            base: layers::relu_project(previous, filters, 1),
            align,
            branches,
            output: filters * concat.len(),
            concat,
        }
    }
}
