//! Plans a network: the stem, the cells in their positions, and the heads.

use super::cell::CellPlan;
use super::misfit::Misfit;
use super::network::{AuxiliaryPlan, HeadPlan, NetworkPlan};
use super::site::CellSite;
use crate::network::config::{ImageShape, NetworkConfig, Stem};
use crate::network::layers::{ConvolutionPlan, LayerPlan};
use crate::network::padding::Padding;
use crate::spaces::nasnet::{CellKind, NasnetGenotype};

/// Plans the network of a genotype whose configuration was checked.
pub(super) fn build(
    genotype: &NasnetGenotype,
    config: &NetworkConfig,
) -> Result<NetworkPlan, Misfit> {
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
    Ok(NetworkPlan {
        stem,
        auxiliary,
        head: HeadPlan::main(outputs[cells.len()].channels, config),
        cells,
        config: config.clone(),
    })
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
