//! Visits every layer of a planned network, with shapes.

use std::fmt;

use super::config::ImageShape;
use super::layers::LayerPlan;
use super::plan::HeadPlan;
use super::plan::{CellPlan, NetworkPlan};

/// The position of a layer in a network. Displayed, it is the layer's path in the Burn module, such as
/// `cells.3.branches.1.layers.4`; a parameter's path adds the parameter's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerPath {
    /// In the stem, before any cell.
    Stem {
        /// The index of the layer.
        layer: usize,
    },
    /// In the layers that compute a cell's state 0.
    Base {
        /// The index of the cell.
        cell: usize,
        /// The index of the layer.
        layer: usize,
    },
    /// In the layers that compute a cell's state 1.
    Align {
        /// The index of the cell.
        cell: usize,
        /// The index of the layer.
        layer: usize,
    },
    /// In an operation.
    Branch {
        /// The index of the cell.
        cell: usize,
        /// The index of the branch: `2 · pair`, plus 1 for the right branch of the pair.
        branch: usize,
        /// The index of the layer.
        layer: usize,
    },
    /// In the layers that fit a state to the cell's output.
    Part {
        /// The index of the cell.
        cell: usize,
        /// The position in the concatenation.
        part: usize,
        /// The index of the layer.
        layer: usize,
    },
    /// In the auxiliary head.
    Auxiliary {
        /// The index of the layer among those before the classifier; `None` for the classifier.
        layer: Option<usize>,
    },
    /// In the head.
    Head {
        /// The index of the layer among those before the classifier; `None` for the classifier.
        layer: Option<usize>,
    },
}

impl fmt::Display for LayerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = |f: &mut fmt::Formatter<'_>, name, layer: Option<usize>| match layer {
            Some(layer) => write!(f, "{name}.features.layers.{layer}"),
            None => write!(f, "{name}.classifier"),
        };
        match *self {
            Self::Stem { layer } => write!(f, "stem.layers.{layer}"),
            Self::Base { cell, layer } => write!(f, "cells.{cell}.base.layers.{layer}"),
            Self::Align { cell, layer } => write!(f, "cells.{cell}.align.layers.{layer}"),
            Self::Branch {
                cell,
                branch,
                layer,
            } => write!(f, "cells.{cell}.branches.{branch}.layers.{layer}"),
            Self::Part { cell, part, layer } => {
                write!(f, "cells.{cell}.parts.{part}.layers.{layer}")
            }
            Self::Auxiliary { layer } => head(f, "auxiliary", layer),
            Self::Head { layer } => head(f, "head", layer),
        }
    }
}

/// Receives a layer's path, the layer, and the shapes of its input and output.
type Visit<'a> = dyn FnMut(LayerPath, &LayerPlan, ImageShape, ImageShape) + 'a;

impl NetworkPlan {
    /// Visits every layer in the order in which an image passes through it, with its path and the
    /// shapes of its input and output.
    pub fn visit(&self, visit: &mut Visit<'_>) {
        let stem = pass(&self.stem, self.config.image, visit, |layer| {
            LayerPath::Stem { layer }
        });
        let mut outputs = vec![stem];
        for (index, cell) in self.cells.iter().enumerate() {
            outputs.push(pass_cell(index, cell, &outputs, visit));
            match &self.auxiliary {
                Some(auxiliary) if auxiliary.after_cell == index => {
                    let input = outputs[index + 1];
                    pass_head(&auxiliary.head, input, visit, |layer| {
                        LayerPath::Auxiliary { layer }
                    });
                }
                _ => {}
            }
        }
        pass_head(&self.head, outputs[self.cells.len()], visit, |layer| {
            LayerPath::Head { layer }
        });
    }
}

fn pass(
    layers: &[LayerPlan],
    input: ImageShape,
    visit: &mut Visit<'_>,
    path: impl Fn(usize) -> LayerPath,
) -> ImageShape {
    let mut shape = input;
    for (index, layer) in layers.iter().enumerate() {
        let output = layer.output(shape);
        visit(path(index), layer, shape, output);
        shape = output;
    }
    shape
}

fn pass_head(
    head: &HeadPlan,
    input: ImageShape,
    visit: &mut Visit<'_>,
    path: impl Fn(Option<usize>) -> LayerPath,
) {
    let features = pass(&head.features, input, visit, |layer| path(Some(layer)));
    let output = head.classifier.output(features);
    visit(path(None), &head.classifier, features, output);
}

fn pass_cell(
    index: usize,
    plan: &CellPlan,
    outputs: &[ImageShape],
    visit: &mut Visit<'_>,
) -> ImageShape {
    let cell = index;
    let [previous, before] = plan.inputs.map(|input| outputs[input]);
    let mut states = vec![
        pass(&plan.base, previous, visit, |layer| LayerPath::Base {
            cell,
            layer,
        }),
        pass(&plan.align, before, visit, |layer| LayerPath::Align {
            cell,
            layer,
        }),
    ];
    for (index, pair) in plan.branches.chunks(2).enumerate() {
        let mut sum = states[0];
        for (side, branch) in pair.iter().enumerate() {
            sum = pass(&branch.layers, states[branch.state], visit, |layer| {
                LayerPath::Branch {
                    cell,
                    branch: 2 * index + side,
                    layer,
                }
            });
        }
        states.push(sum);
    }
    let mut output = ImageShape {
        channels: 0,
        height: 0,
        width: 0,
    };
    for (index, part) in plan.concat.iter().enumerate() {
        let shape = pass(&part.layers, states[part.state], visit, |layer| {
            LayerPath::Part {
                cell,
                part: index,
                layer,
            }
        });
        output = ImageShape {
            channels: output.channels + shape.channels,
            height: shape.height,
            width: shape.width,
        };
    }
    output
}
