//! What a network costs, without building it.

use super::{LayerPlan, NetworkPlan};

/// Parameters and multiply-adds of a network.
///
/// Counted are convolution weights, batch norm's scale and shift and the classifier's weights and
/// bias; not batch norm's running statistics. Multiply-adds are those of convolutions and the
/// classifier, for one image. These are the conventions of the paper's tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Trainable parameters.
    pub parameters: u64,
    /// Multiply-adds of one image.
    pub multiply_adds: u64,
}

/// Height and width.
type Size = [u64; 2];

impl Cost {
    /// The cost of a planned network.
    #[must_use]
    pub fn of(plan: &NetworkPlan) -> Self {
        let image = plan.config.image;
        let mut cost = Self::default();
        let stem = cost.add_all(&plan.stem, [image.height as u64, image.width as u64]);
        let (mut previous, mut before) = (stem, stem);
        for cell in &plan.cells {
            let mut states = vec![
                cost.add_all(&cell.base, previous),
                cost.add_all(&cell.align, before),
            ];
            for pair in cell.branches.chunks(2) {
                let sizes: Vec<Size> = pair
                    .iter()
                    .map(|branch| cost.add_all(&branch.layers, states[branch.state]))
                    .collect();
                states.push(sizes[0]);
            }
            let mut output = previous;
            for part in &cell.concat {
                output = cost.add_all(&part.layers, states[part.state]);
            }
            before = previous;
            previous = output;
        }
        let (features, classes) = (plan.features as u64, plan.config.classes as u64);
        cost.parameters += features * classes + classes;
        cost.multiply_adds += features * classes;
        cost
    }

    fn add_all(&mut self, layers: &[LayerPlan], size: Size) -> Size {
        layers
            .iter()
            .fold(size, |size, layer| self.add(layer, size))
    }

    /// Adds one layer and returns the size of its output.
    fn add(&mut self, layer: &LayerPlan, size: Size) -> Size {
        match layer {
            LayerPlan::Relu => size,
            LayerPlan::BatchNorm { channels } => {
                self.parameters += 2 * *channels as u64;
                size
            }
            LayerPlan::Convolution(plan) => {
                let weights = (plan.input / plan.groups * plan.output) as u64
                    * (plan.kernel[0] * plan.kernel[1]) as u64;
                let size = strided(size, plan.stride);
                self.parameters += weights;
                self.multiply_adds += weights * size[0] * size[1];
                size
            }
            LayerPlan::Pool { stride, .. } => strided(size, [*stride, *stride]),
            LayerPlan::FactorizedReduction { input, output } => {
                let weights = (input * output) as u64;
                let size = strided(size, [2, 2]);
                self.parameters += weights + 2 * *output as u64;
                self.multiply_adds += weights * size[0] * size[1];
                size
            }
        }
    }
}

/// SAME padding: a stride divides the size, rounded up.
const fn strided(size: Size, stride: [usize; 2]) -> Size {
    [
        size[0].div_ceil(stride[0] as u64),
        size[1].div_ceil(stride[1] as u64),
    ]
}
