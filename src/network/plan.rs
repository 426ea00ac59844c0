//! A whole network without weights.

use super::error::{NarrowLayer, NetworkError};
use super::operations::{self, bottleneck_width, project, relu_project};
use super::{
    AuxiliaryHead, ConvolutionPlan, ImageShape, LayerPlan, NetworkConfig, Padding, PoolKind,
    PoolPlan, Stem,
};
use crate::spaces::nasnet::{Cell, CellKind, NasnetGenotype, Operation};

/// A network, layer by layer.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkPlan {
    /// The stem's convolution and batch norm.
    pub stem: Vec<LayerPlan>,
    /// The cells in order, the stem's included.
    pub cells: Vec<CellPlan>,
    /// The auxiliary head, if there is one.
    pub auxiliary: Option<AuxiliaryPlan>,
    /// What classifies the last cell's output.
    pub head: HeadPlan,
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
    /// What it reads as previous output and as the one before: 0 is the stem's convolution, `i + 1`
    /// cell `i`.
    pub inputs: [usize; 2],
    /// Makes state 0 of the previous output.
    pub base: Vec<LayerPlan>,
    /// Makes state 1 of the output before; empty where it is taken as it is.
    pub align: Vec<LayerPlan>,
    /// The branches, two of each pair in turn.
    pub branches: Vec<BranchPlan>,
    /// What the output concatenates.
    pub concat: Vec<ConcatPlan>,
}

/// One branch of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct BranchPlan {
    /// The state it reads.
    pub state: usize,
    /// The operation.
    pub operation: Operation,
    /// Its layers; none for an identity that changes nothing.
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

/// What classifies.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadPlan {
    /// What makes one value of each feature.
    pub features: Vec<LayerPlan>,
    /// The linear classifier.
    pub classifier: LayerPlan,
}

impl HeadPlan {
    /// The head on the last cell's output.
    fn main(channels: usize, config: &NetworkConfig) -> Self {
        let mut features = vec![LayerPlan::Relu, LayerPlan::GlobalAveragePool];
        if config.dropout > 0.0 {
            features.push(LayerPlan::Dropout {
                share: config.dropout,
            });
        }
        Self {
            features,
            classifier: LayerPlan::Linear {
                input: channels,
                output: config.classes,
            },
        }
    }
}

/// The auxiliary head of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct AuxiliaryPlan {
    /// The cell whose output it reads: the last one of the second stack.
    pub after_cell: usize,
    /// Its layers.
    pub head: HeadPlan,
    /// The weight of its loss.
    pub loss_weight: f64,
}

/// Why a genotype has no network of a configuration.
enum Misfit {
    Narrow(NarrowLayer),
    Small(&'static str),
}

impl NetworkPlan {
    /// The network of a genotype.
    ///
    /// # Errors
    /// [`NetworkError`] if the configuration can't be, the image is too small, or there are too few
    /// filters for one of the genotype's operations.
    pub fn new(genotype: &NasnetGenotype, config: &NetworkConfig) -> Result<Self, NetworkError> {
        config.validate()?;
        Self::build(genotype, config).map_err(|misfit| explain(&misfit, genotype, config))
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

/// The error of a misfit, with the smallest figure that fits.
fn explain(misfit: &Misfit, genotype: &NasnetGenotype, config: &NetworkConfig) -> NetworkError {
    let smallest = |config: &dyn Fn(usize) -> NetworkConfig, same: fn(&Misfit) -> bool| {
        (1..)
            .find(
                |&figure| match NetworkPlan::build(genotype, &config(figure)) {
                    Ok(_) => true,
                    Err(misfit) => !same(&misfit),
                },
            )
            .unwrap_or(usize::MAX)
    };
    match *misfit {
        // One figure is searched while the other is large enough for anything.
        Misfit::Narrow(narrow) => NetworkError::TooFewFilters {
            filters: config.filters,
            narrow,
            smallest: smallest(
                &|filters| NetworkConfig {
                    filters,
                    image: ImageShape::new(config.image.channels, 1024, 1024),
                    ..config.clone()
                },
                |misfit| matches!(misfit, Misfit::Narrow(_)),
            ),
        },
        Misfit::Small(part) => {
            let square = |side| NetworkConfig {
                filters: 64,
                image: ImageShape::new(config.image.channels, side, side),
                ..config.clone()
            };
            NetworkError::ImageTooSmall {
                height: config.image.height,
                width: config.image.width,
                part,
                smallest: smallest(&square, |misfit| matches!(misfit, Misfit::Small(_))),
            }
        }
    }
}

/// The kind and filters of every cell in order.
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

/// The stem's convolution and batch norm, and the shape they make.
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

/// Where a cell stands.
struct CellSite {
    index: usize,
    kind: CellKind,
    filters: usize,
    inputs: [usize; 2],
    /// Of its two inputs.
    shapes: [ImageShape; 2],
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

    /// What makes state 1, and its channels.
    fn align(&self) -> Result<(Vec<LayerPlan>, usize), Misfit> {
        let ([previous, before], filters) = (self.shapes, self.filters);
        if self.inputs[0] == self.inputs[1] {
            // The first cell takes the stem raw.
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
    fn new(cell: &Cell, site: &CellSite) -> Result<Self, Misfit> {
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
}

impl CellPlan {
    /// Ends every operation but the identities with drop path.
    fn add_drop_path(&mut self, layer: LayerPlan) {
        let droppable = |branch: &&mut BranchPlan| branch.operation != Operation::Identity;
        for branch in self.branches.iter_mut().filter(droppable) {
            branch.layers.push(layer.clone());
        }
    }
}

impl AuxiliaryPlan {
    fn new(
        auxiliary: &AuxiliaryHead,
        after_cell: usize,
        input: ImageShape,
        config: &NetworkConfig,
    ) -> Result<Self, Misfit> {
        let [middle, features] = auxiliary.channels();
        let pool = LayerPlan::Pool(PoolPlan {
            kind: PoolKind::Average,
            kernel: 5,
            stride: 3,
            padding: Padding::Valid,
        });
        let pooled = pool.output(input);
        if pooled.height == 0 || pooled.width == 0 {
            return Err(Misfit::Small("auxiliary head"));
        }
        let mut layers = vec![LayerPlan::Relu, pool];
        layers.extend(project(input.channels, middle, 1));
        layers.extend([
            LayerPlan::Relu,
            LayerPlan::Convolution(ConvolutionPlan {
                input: middle,
                output: features,
                kernel: [pooled.height, pooled.width],
                stride: [1, 1],
                dilation: 1,
                groups: 1,
                padding: Padding::Valid,
            }),
            LayerPlan::BatchNorm { channels: features },
            LayerPlan::Relu,
        ]);
        Ok(Self {
            after_cell,
            // Dropout is the main classifier's alone.
            head: HeadPlan {
                features: layers,
                classifier: LayerPlan::Linear {
                    input: features,
                    output: config.classes,
                },
            },
            loss_weight: auxiliary.loss_weight,
        })
    }
}
