//! The networks of NAS-Bench-201 as Burn modules.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use evonas_kernels::HiddenState;
use rand::Rng;

use super::{CELLS_PER_STACK, CHANNELS, COLORS, NasBench201Network};
use crate::network::config::{BatchNormSettings, ImageShape, NetworkConfig};
use crate::network::error::NetworkError;
use crate::network::layers::{ConvolutionPlan, LayerPlan, PoolKind, PoolPlan};
use crate::network::modules::{Layer, Sequence};
use crate::network::padding::Padding;
use crate::spaces::nasbench201::{EDGE_ENDS, EdgeOperation, NasBench201Cell};

/// The image classifier that NAS-Bench-201 builds around a cell, by [`NasBench201Network`].
///
/// Layers, wiring, padding and batch norm are those of the benchmark's own program (`nats_bench`, `TinyNetwork`); the
/// initial weights are drawn as those of a [`CellNetwork`](crate::network::CellNetwork) are, which isn't how that program
/// draws them.
#[derive(Module, Debug)]
pub struct NasBench201Classifier {
    stem: Sequence,
    stacks: Vec<Stack>,
    features: Sequence,
    classifier: Layer,
}

/// Cells with the same channels, after a residual block except in the first stack.
#[derive(Module, Debug)]
struct Stack {
    reduction: Option<ResidualBlock>,
    cells: Vec<EdgesOfCell>,
}

/// Halves height and width.
#[derive(Module, Debug)]
struct ResidualBlock {
    convolutions: Sequence,
    shortcut: Sequence,
}

/// Layers on every edge. Those of [`EdgeOperation::None`] have no output, and no layers.
#[derive(Module, Debug)]
struct EdgesOfCell {
    edges: Vec<Sequence>,
    #[module(skip)]
    operations: [EdgeOperation; EDGE_ENDS.len()],
}

impl NasBench201Classifier {
    /// Builds the network of a cell, with weights drawn from `rng`.
    ///
    /// # Errors
    /// [`NetworkError`] if there is no class, or the size of the images can't be halved twice.
    pub fn new(
        cell: &NasBench201Cell,
        network: NasBench201Network,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let [size, classes] = [network.size, network.classes].map(|count| count as usize);
        for (figure, count) in [("size of the images", size), ("number of classes", classes)] {
            if count == 0 {
                return Err(NetworkError::Zero { figure });
            }
        }
        if !size.is_multiple_of(1 << (CHANNELS.len() - 1)) {
            return Err(NetworkError::OutOfRange {
                figure: "size of the images",
                value: size as f64,
                allowed: "a multiple of 4, to be halved twice",
            });
        }
        let config = NetworkConfig::new(ImageShape::rgb(size, size), classes)
            .batch_norm(BatchNormSettings::CIFAR.unbiased_variance(true));
        let mut sequence = |layers: &[LayerPlan]| Sequence::new(layers, &config, rng, device);
        let channels = CHANNELS.map(|channels| channels as usize);
        let [first, .., last] = channels;
        let stem = [
            convolution(COLORS as usize, first, 3, 1),
            LayerPlan::BatchNorm { channels: first },
        ];
        let stem = sequence(&stem);
        let mut stacks = Vec::with_capacity(channels.len());
        let mut before = None;
        for channels in channels {
            stacks.push(Stack {
                reduction: before.map(|before| ResidualBlock::new(before, channels, &mut sequence)),
                cells: (0..CELLS_PER_STACK)
                    .map(|_| EdgesOfCell::new(cell, channels, &mut sequence))
                    .collect(),
            });
            before = Some(channels);
        }
        let features = sequence(&[
            LayerPlan::BatchNorm { channels: last },
            LayerPlan::Relu,
            LayerPlan::GlobalAveragePool,
        ]);
        let classifier = LayerPlan::Linear {
            input: last,
            output: classes,
        };
        Ok(Self {
            stem,
            stacks,
            features,
            classifier: Layer::new(&classifier, &config, rng, device),
        })
    }

    /// The logits of a batch of images.
    ///
    /// While the module trains (`network.train()`, on a device with autodiff), batch norm uses the batch's statistics
    /// and adds them to the running ones; in `network.valid()` it uses the running ones.
    ///
    /// # Shapes
    /// - `images`: `[batch, 3, height, width]`, with a height and a width that can be halved twice
    /// - output: `[batch, classes]`
    #[must_use]
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let mut state = self.stem.forward(HiddenState::enter(images), None);
        for stack in &self.stacks {
            if let Some(reduction) = &stack.reduction {
                state = reduction.forward(state);
            }
            for cell in &stack.cells {
                state = cell.forward(state);
            }
        }
        let features = self.features.forward(state, None);
        self.classifier.forward(features, None).flatten()
    }
}

impl ResidualBlock {
    fn new(
        input: usize,
        channels: usize,
        sequence: &mut impl FnMut(&[LayerPlan]) -> Sequence,
    ) -> Self {
        let convolutions = [
            relu_convolution(input, channels, 3, 2),
            relu_convolution(channels, channels, 3, 1),
        ];
        let pool = PoolPlan {
            kind: PoolKind::Average,
            kernel: 2,
            stride: 2,
            padding: Padding::Valid,
        };
        Self {
            convolutions: sequence(&convolutions.concat()),
            shortcut: sequence(&[LayerPlan::Pool(pool), convolution(input, channels, 1, 1)]),
        }
    }

    fn forward(&self, input: HiddenState) -> HiddenState {
        let shortcut = self.shortcut.forward(input.clone(), None);
        self.convolutions.forward_plus(input, None, Some(shortcut))
    }
}

impl EdgesOfCell {
    fn new(
        cell: &NasBench201Cell,
        channels: usize,
        sequence: &mut impl FnMut(&[LayerPlan]) -> Sequence,
    ) -> Self {
        let layers = |operation| match operation {
            EdgeOperation::None | EdgeOperation::SkipConnect => Vec::new(),
            EdgeOperation::Conv1x1 => relu_convolution(channels, channels, 1, 1).to_vec(),
            EdgeOperation::Conv3x3 => relu_convolution(channels, channels, 3, 1).to_vec(),
            EdgeOperation::AvgPool3x3 => vec![LayerPlan::Pool(PoolPlan {
                kind: PoolKind::Average,
                kernel: 3,
                stride: 1,
                padding: Padding::Around(1),
            })],
        };
        let operations = cell.operations;
        let edges = operations.map(|operation| sequence(&layers(operation)));
        Self {
            edges: edges.to_vec(),
            operations,
        }
    }

    fn forward(&self, input: HiddenState) -> HiddenState {
        let mut nodes = vec![input];
        let last = EDGE_ENDS[EDGE_ENDS.len() - 1].1;
        for node in 1..=last {
            let edges = self.edges.iter().zip(self.operations).zip(EDGE_ENDS);
            let sum = edges
                .filter(|((_, operation), (_, to))| {
                    *to == node && *operation != EdgeOperation::None
                })
                .fold(None, |sum, ((edge, _), (from, _))| {
                    Some(edge.forward_plus(nodes[from].clone(), None, sum))
                });
            let output = sum.unwrap_or_else(|| nodes[0].zeros_like());
            nodes.push(output);
        }
        nodes.swap_remove(last)
    }
}

/// A convolution without bias, with PyTorch's padding: half of the kernel on every side.
fn convolution(input: usize, output: usize, kernel: usize, stride: usize) -> LayerPlan {
    LayerPlan::Convolution(ConvolutionPlan {
        input,
        output,
        kernel: [kernel; 2],
        stride: [stride; 2],
        dilation: 1,
        groups: 1,
        padding: Padding::Around(kernel / 2),
    })
}

/// ReLU, convolution, batch norm.
fn relu_convolution(input: usize, output: usize, kernel: usize, stride: usize) -> [LayerPlan; 3] {
    [
        LayerPlan::Relu,
        convolution(input, output, kernel, stride),
        LayerPlan::BatchNorm { channels: output },
    ]
}
