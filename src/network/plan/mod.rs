//! The plan of a whole network, without weights.

mod heads;
mod misfit;
mod site;

use misfit::Misfit;
use site::CellSite;

use super::{ConvolutionPlan, ImageShape, LayerPlan, NetworkConfig, NetworkError, Padding, Stem};
use crate::spaces::nasnet::{CellKind, NasnetGenotype, Operation};

/// The plan of a network, layer by layer.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkPlan {
    /// The stem's convolution and batch norm.
    pub stem: Vec<LayerPlan>,
    /// The cells in order, the stem's included.
    pub cells: Vec<CellPlan>,
    /// The auxiliary head, if there is one.
    pub auxiliary: Option<AuxiliaryPlan>,
    /// The classifier of the last cell's output.
    pub head: HeadPlan,
    /// The configuration it was planned for.
    pub config: NetworkConfig,
}

/// The plan of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellPlan {
    /// Normal or reduction.
    pub kind: CellKind,
    /// Its filters.
    pub filters: usize,
    /// The two outputs it reads, the previous one and the one before: 0 is the stem's convolution,
    /// `i + 1` is cell `i`.
    pub inputs: [usize; 2],
    /// Computes state 0 from the previous output.
    pub base: Vec<LayerPlan>,
    /// Computes state 1 from the output before; empty if it is used unchanged.
    pub align: Vec<LayerPlan>,
    /// The branches, two for each pair in turn.
    pub branches: Vec<BranchPlan>,
    /// The parts that the output concatenates.
    pub concat: Vec<ConcatPlan>,
}

/// The plan of one branch of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct BranchPlan {
    /// The state it reads.
    pub state: usize,
    /// The operation.
    pub operation: Operation,
    /// Its layers; empty for an identity that changes nothing.
    pub layers: Vec<LayerPlan>,
}

/// The plan of one part of a cell's output.
#[derive(Clone, Debug, PartialEq)]
pub struct ConcatPlan {
    /// The state.
    pub state: usize,
    /// The layers that bring it to the others' size and channels; empty if it has them.
    pub layers: Vec<LayerPlan>,
}

/// The plan of a classifier.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadPlan {
    /// The layers that reduce the image to one pixel of features.
    pub features: Vec<LayerPlan>,
    /// The linear classifier.
    pub classifier: LayerPlan,
}

/// The plan of an auxiliary head.
#[derive(Clone, Debug, PartialEq)]
pub struct AuxiliaryPlan {
    /// The cell whose output it reads: the last one of the second stack.
    pub after_cell: usize,
    /// Its layers.
    pub head: HeadPlan,
    /// The weight of its loss.
    pub loss_weight: f64,
}

impl NetworkPlan {
    /// Plans the network of a genotype.
    ///
    /// # Errors
    /// [`NetworkError`] if the configuration is invalid, the image is too small, or one of the
    /// genotype's operations needs more filters.
    pub fn new(genotype: &NasnetGenotype, config: &NetworkConfig) -> Result<Self, NetworkError> {
        config.validate()?;
        Self::build(genotype, config).map_err(|misfit| misfit.explain(genotype, config))
    }

    fn build(genotype: &NasnetGenotype, config: &NetworkConfig) -> Result<Self, Misfit> {
        let (stem, stem_shape) = stem(config)?;
        let mut cells: Vec<CellPlan> = Vec::new();
        let mut outputs = vec![stem_shape];
        for (index, (kind, filters)) in layout(config).enumerate() {
            let previous = outputs.len() - 1;
            let before = match cells.last() {
                Some(last)
                    if config.skip_reduction_input
                        && index > config.stem_cells()
                        && kind == CellKind::Normal
                        && last.kind == CellKind::Reduction =>
                {
                    last.inputs[1]
                }
                // The first cell reads the stem twice.
                _ => previous.saturating_sub(1),
            };
            let site = CellSite {
                index,
                kind,
                filters,
                inputs: [previous, before],
                shapes: [outputs[previous], outputs[before]],
            };
            let mut cell = CellPlan::new(genotype.cell(kind), &site)?;
            if config.drop_path.keep_probability < 1.0 {
                cell.add_drop_path(LayerPlan::DropPath {
                    drop_path: config.drop_path,
                    cell: index,
                    cells: config.total_cells(),
                });
            }
            outputs.push(ImageShape {
                channels: filters * cell.concat.len(),
                ..halved_if(kind, site.shapes[0])
            });
            cells.push(cell);
        }
        let auxiliary = match &config.auxiliary {
            Some(auxiliary) => {
                let after_cell = cells.len() - config.cells_per_stack - 2;
                let input = outputs[after_cell + 1];
                Some(AuxiliaryPlan::new(auxiliary, after_cell, input, config)?)
            }
            None => None,
        };
        Ok(Self {
            stem,
            auxiliary,
            head: HeadPlan::main(outputs[cells.len()].channels, config),
            cells,
            config: config.clone(),
        })
    }
}

/// The kind and filters of every cell, in order.
fn layout(config: &NetworkConfig) -> impl Iterator<Item = (CellKind, usize)> {
    let filters = config.filters;
    let stem = match config.stem {
        Stem::Cifar => [].as_slice(),
        Stem::ImageNet { .. } => &[4, 2],
    };
    let stem = stem
        .iter()
        .map(move |divisor| (CellKind::Reduction, filters / divisor));
    let cells = config.cells_per_stack;
    let stacks = (0..3).flat_map(move |stack| {
        let filters = filters << stack;
        let reduction = (stack > 0).then_some((CellKind::Reduction, filters));
        reduction
            .into_iter()
            .chain(std::iter::repeat_n((CellKind::Normal, filters), cells))
    });
    stem.chain(stacks)
}

fn halved_if(kind: CellKind, shape: ImageShape) -> ImageShape {
    match kind {
        CellKind::Normal => shape,
        CellKind::Reduction => ImageShape {
            height: shape.height.div_ceil(2),
            width: shape.width.div_ceil(2),
            ..shape
        },
    }
}

/// The stem's convolution and batch norm, and the shape of their output.
fn stem(config: &NetworkConfig) -> Result<(Vec<LayerPlan>, ImageShape), Misfit> {
    let (output, stride, padding) = match config.stem {
        Stem::Cifar => (3 * config.filters, 1, Padding::Same),
        Stem::ImageNet { filters } => (filters, 2, Padding::Valid),
    };
    let convolution = LayerPlan::Convolution(ConvolutionPlan {
        input: config.image.channels,
        output,
        kernel: [3, 3],
        stride: [stride, stride],
        dilation: 1,
        groups: 1,
        padding,
    });
    let shape = convolution.output(config.image);
    if shape.height == 0 || shape.width == 0 {
        return Err(Misfit::Small("stem's convolution"));
    }
    Ok((
        vec![convolution, LayerPlan::BatchNorm { channels: output }],
        shape,
    ))
}
