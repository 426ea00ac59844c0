//! One operation of a cell as a Burn module.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use evonas_kernels::HiddenState;
use rand::Rng;

use super::config::{ImageShape, NetworkConfig};
use super::error::NetworkError;
use super::modules::Sequence;
use super::noise::TrainingPass;
use super::plan::NetworkPlan;
use super::precision::Precision;
use crate::spaces::nasnet::{CellKind, NasnetGenotype, Operation};

/// One operation of a cell, with the layers and weights that it has in a network: what
/// [`CellNetwork`](super::CellNetwork) is built from, for measuring an operation or comparing devices.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use evonas::network::{ImageShape, NetworkConfig, OperationModule};
/// use evonas::spaces::nasnet::{CellKind, Operation};
///
/// let config = NetworkConfig::new(ImageShape::rgb(16, 16), 10).filters(8);
/// let mut rng = evonas::randomness::stream(0, 0);
/// let (operation, kind) = (Operation::Separable3x3, CellKind::Reduction);
/// let device = Device::flex();
/// let module = OperationModule::new(operation, kind, &config, &mut rng, &device)?;
/// let channels = module.input().channels;
/// let output = module.forward(Tensor::ones([2, channels, 16, 16], &device), None);
/// assert_eq!(output.dims(), [2, channels, 8, 8]);
/// # Ok::<(), evonas::network::NetworkError>(())
/// ```
#[derive(Module, Debug)]
pub struct OperationModule {
    layers: Sequence,
    #[module(skip)]
    input: ImageShape,
    #[module(skip)]
    precision: Precision,
}

impl OperationModule {
    /// Builds an operation as the first cell of this kind has it, on a state that was projected to the
    /// cell's filters: with stride 1 in a normal cell, 2 in a reduction cell. Its weights are drawn from
    /// `rng`.
    ///
    /// # Errors
    /// [`NetworkError`] if a network of cells with this operation alone is impossible, or the
    /// device doesn't compute in the configuration's precision.
    pub fn new(
        operation: Operation,
        kind: CellKind,
        config: &NetworkConfig,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        config.precision.check(device)?;
        let plan = NetworkPlan::new(&NasnetGenotype::of_operation(operation), config)?;
        let (filters, branch) = plan
            .cells
            .iter()
            .filter(|cell| cell.kind == kind)
            .flat_map(|cell| cell.branches.iter().map(|branch| (cell.filters, branch)))
            .find(|(_, branch)| branch.state == 0 && branch.operation == operation)
            .expect("both cells of a genotype of one operation apply it to state 0");
        Ok(Self {
            layers: Sequence::new(&branch.layers, config, rng, device),
            input: ImageShape {
                channels: filters,
                ..config.image
            },
            precision: config.precision,
        })
    }

    /// The shape that it is meant for: the cell's filters, and the configuration's height and width. It
    /// accepts any height and width.
    #[must_use]
    pub const fn input(&self) -> ImageShape {
        self.input
    }

    /// Applies the operation. Drop path acts only with a training pass; batch norm uses the batch's
    /// statistics while the module trains.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`, with [`input`](Self::input)'s channels
    /// - output: the same channels; half the height and width, rounded up, in a reduction cell. It is of the images' type, or
    ///   in bfloat16 if that is the configured precision.
    #[must_use]
    pub fn forward(&self, images: Tensor<4>, training: Option<&mut TrainingPass<'_>>) -> Tensor<4> {
        let images = HiddenState::enter(self.precision.stored(images));
        self.layers.forward(images, training).leave()
    }
}
