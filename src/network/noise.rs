//! The random layers: dropout and drop path.

use std::fmt;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use evonas_kernels::{HiddenState, PART_ALIGNMENT};
use rand::{Rng, RngExt};

use super::drop_path::DropPath;
use super::layers::LayerPlan;
use super::plan::NetworkPlan;
use super::walk::LayerPath;

/// What the random layers need in one forward pass of a training: its progress and a random number
/// generator.
///
/// Random numbers are drawn on the host from this generator, never from the device's, so that training
/// is the same on every device, regardless of other work there.
pub struct TrainingPass<'a> {
    progress: f64,
    rng: &'a mut dyn Rng,
    drawn: Option<DrawnFactors>,
    /// Factors to use instead of drawing them.
    given: Option<Tensor<1>>,
    draws: Draws,
}

/// What a pass has drawn.
#[derive(Clone, Debug, Default)]
pub(crate) enum Draws {
    /// No random number.
    #[default]
    Nothing,
    /// The factors of all random layers of a network, before its first operation.
    AtOnce(FactorPlan),
    /// Something else too.
    Otherwise,
}

impl fmt::Debug for TrainingPass<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrainingPass")
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

impl<'a> TrainingPass<'a> {
    /// A pass after this share of the training, from 0 to 1. Other numbers count as the nearer end, and
    /// NaN as 0.
    pub fn new(progress: f64, rng: &'a mut dyn Rng) -> Self {
        Self {
            progress: if progress.is_nan() {
                0.0
            } else {
                progress.clamp(0.0, 1.0)
            },
            rng,
            drawn: None,
            given: None,
            draws: Draws::default(),
        }
    }

    /// The share of the training that is over, from 0 to 1.
    pub(crate) const fn progress(&self) -> f64 {
        self.progress
    }

    /// Draws the values of all factors, as the network would.
    pub(crate) fn values_of(&mut self, plan: &FactorPlan) -> Vec<f32> {
        plan.values(self.progress, self.rng)
    }

    /// Gives the pass the factors of all random layers of the network, which it doesn't draw then.
    pub(crate) fn give(&mut self, factors: Option<Tensor<1>>) {
        self.given = factors;
        self.draws = Draws::default();
    }

    /// What the pass has drawn, or was given.
    pub(crate) fn take_draws(&mut self) -> Draws {
        std::mem::take(&mut self.draws)
    }

    /// Draws the factors of all random layers of a network, in the order in which they act, and copies them to the
    /// device at once.
    pub(super) fn draw(&mut self, layers: &[NoiseLayer], batch: usize, device: &Device) {
        let plan = FactorPlan {
            layers: layers.to_vec(),
            batch,
        };
        let factors = match self.given.take() {
            Some(given) => Some(given),
            None => {
                let values = plan.values(self.progress, self.rng);
                (!values.is_empty()).then(|| Tensor::from_data(values.as_slice(), device))
            }
        };
        self.drawn = factors.map(|factors| DrawnFactors { factors, next: 0 });
        self.draws = match self.draws {
            Draws::Nothing => Draws::AtOnce(plan),
            _ => Draws::Otherwise,
        };
    }

    /// Factors of this shape: `1 / keep` with probability `keep`, 0 otherwise. They are the next ones that were
    /// drawn, if any were.
    fn factors(&mut self, keep: f64, shape: [usize; 4], device: &Device) -> Tensor<4> {
        let count = shape.iter().product();
        if let Some(drawn) = &mut self.drawn {
            return drawn.take(count).reshape(shape);
        }
        self.draws = Draws::Otherwise;
        let mut factors = Vec::with_capacity(count);
        append(&mut factors, keep, count, self.rng);
        Tensor::from_data(TensorData::new(factors, shape), device)
    }
}

fn append(factors: &mut Vec<f32>, keep: f64, count: usize, rng: &mut dyn Rng) {
    let kept = (1.0 / keep) as f32;
    factors.extend((0..count).map(|_| {
        if rng.random::<f64>() < keep {
            kept
        } else {
            0.0
        }
    }));
}

/// The random layers of a network and the examples of a batch: which factors a pass draws.
#[derive(Clone, Debug)]
pub(crate) struct FactorPlan {
    layers: Vec<NoiseLayer>,
    batch: usize,
}

impl FactorPlan {
    /// The values of all factors, in the order in which the layers act, each layer's padded.
    fn values(&self, progress: f64, rng: &mut dyn Rng) -> Vec<f32> {
        let mut factors = Vec::new();
        for layer in &self.layers {
            let keep = layer.keep(progress);
            if keep < 1.0 {
                append(
                    &mut factors,
                    keep,
                    self.batch * layer.factors_of_example(),
                    rng,
                );
                factors.resize(factors.len().next_multiple_of(PART_ALIGNMENT), 0.0);
            }
        }
        factors
    }

    /// Which layers drop something after this share of a training.
    pub(crate) fn active(&self, progress: f64) -> Vec<bool> {
        let layers = self.layers.iter();
        layers.map(|layer| layer.keep(progress) < 1.0).collect()
    }
}

/// The factors of all random layers of a pass, on the device.
struct DrawnFactors {
    factors: Tensor<1>,
    next: usize,
}

impl DrawnFactors {
    fn take(&mut self, count: usize) -> Tensor<1> {
        let end = self.next + count;
        let factors = self.factors.clone().narrow(0, self.next, count);
        self.next = end.next_multiple_of(PART_ALIGNMENT);
        factors
    }
}

/// A random layer, as far as its factors depend on it.
#[derive(Clone, Copy, Debug)]
pub(super) enum NoiseLayer {
    Dropout {
        share: f64,
        /// Values of an example that pass through it.
        values: usize,
    },
    DropPath {
        drop_path: DropPath,
        cell: usize,
        cells: usize,
    },
}

impl NoiseLayer {
    /// The random layers of a network, in the order in which they act in a training.
    pub(super) fn all_of(plan: &NetworkPlan) -> Vec<Self> {
        let (mut layers, mut of_auxiliary) = (Vec::new(), Vec::new());
        plan.visit(&mut |path, layer, input, _| {
            let noise = match *layer {
                LayerPlan::Dropout { share } => Self::Dropout {
                    share,
                    values: input.channels * input.height * input.width,
                },
                LayerPlan::DropPath {
                    drop_path,
                    cell,
                    cells,
                } => Self::DropPath {
                    drop_path,
                    cell,
                    cells,
                },
                _ => return,
            };
            // The auxiliary head runs after all cells, before the head.
            match path {
                LayerPath::Auxiliary { .. } => of_auxiliary.push(noise),
                LayerPath::Head { .. } => {
                    layers.append(&mut of_auxiliary);
                    layers.push(noise);
                }
                _ => layers.push(noise),
            }
        });
        layers.append(&mut of_auxiliary);
        layers
    }

    /// The probability to keep a value or an example after this share of a training.
    fn keep(&self, progress: f64) -> f64 {
        match self {
            Self::Dropout { share, .. } => 1.0 - share,
            Self::DropPath {
                drop_path,
                cell,
                cells,
            } => drop_path.keep(*cell, *cells, progress),
        }
    }

    const fn factors_of_example(&self) -> usize {
        match self {
            Self::Dropout { values, .. } => *values,
            Self::DropPath { .. } => 1,
        }
    }
}

/// Sets a share of all values to 0 in training, and divides the others by the share that is kept.
#[derive(Module, Debug)]
pub(crate) struct Dropout {
    #[module(skip)]
    share: f64,
}

impl Dropout {
    pub(super) const fn new(share: f64) -> Self {
        Self { share }
    }

    pub(super) fn forward(
        &self,
        input: HiddenState,
        training: Option<&mut TrainingPass<'_>>,
    ) -> HiddenState {
        match training {
            Some(pass) if self.share > 0.0 => {
                let factors = pass.factors(1.0 - self.share, input.dims(), &input.device());
                input.multiply(factors)
            }
            _ => input,
        }
    }
}

/// Sets the whole output of an operation to 0 for some examples in training; see [`DropPath`].
#[derive(Module, Debug)]
pub(crate) struct DropPathLayer {
    #[module(skip)]
    drop_path: DropPath,
    #[module(skip)]
    cell: usize,
    #[module(skip)]
    cells: usize,
}

impl DropPathLayer {
    pub(super) const fn new(drop_path: DropPath, cell: usize, cells: usize) -> Self {
        Self {
            drop_path,
            cell,
            cells,
        }
    }

    pub(super) fn forward(
        &self,
        input: HiddenState,
        training: Option<&mut TrainingPass<'_>>,
    ) -> HiddenState {
        match self.factors(&input, training) {
            Some(factors) => input.multiply(factors),
            None => input,
        }
    }

    /// The factor of each example of a batch like this one, `[batch, 1, 1, 1]`, unless all are kept.
    pub(super) fn factors(
        &self,
        like: &HiddenState,
        training: Option<&mut TrainingPass<'_>>,
    ) -> Option<Tensor<4>> {
        let pass = training?;
        let keep = self.drop_path.keep(self.cell, self.cells, pass.progress);
        let [batch, ..] = like.dims();
        (keep < 1.0).then(|| pass.factors(keep, [batch, 1, 1, 1], &like.device()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::stream;

    #[test]
    fn drop_path_drops_whole_examples_and_preserves_the_mean() {
        let layer = DropPathLayer::new(DropPath::scheduled(0.6), 4, 5);
        let device = Device::flex();
        let mut rng = stream(3, 0);
        let mut pass = TrainingPass::new(1.0, &mut rng);
        let output = layer
            .forward(
                HiddenState::enter(Tensor::ones([20_000, 2, 1, 3], &device)),
                Some(&mut pass),
            )
            .leave()
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        for example in output.chunks(6) {
            assert!(example.iter().all(|value| value == &example[0]));
            assert!(example[0] == 0.0 || (example[0] - 1.0 / 0.6).abs() < 1e-6);
        }
        // The deviation of the mean is sqrt(0.4 / 0.6 / 20,000) = 0.0058.
        let mean = output.iter().map(|&value| f64::from(value)).sum::<f64>() / output.len() as f64;
        assert!((mean - 1.0).abs() < 0.024, "{mean}");
    }

    #[test]
    fn drop_path_that_keeps_everything_and_evaluation_are_the_identity() {
        let device = Device::flex();
        let images = Tensor::<4>::from_data([[[[1.5_f32, -2.0]]]], &device);
        let input = HiddenState::enter(images.clone());
        let mut rng = stream(3, 0);
        let certain = DropPathLayer::new(DropPath::OFF, 0, 5);
        let kept = certain.forward(input.clone(), Some(&mut TrainingPass::new(1.0, &mut rng)));
        let layer = DropPathLayer::new(DropPath::scheduled(0.2), 4, 5);
        let at_the_start =
            layer.forward(input.clone(), Some(&mut TrainingPass::new(0.0, &mut rng)));
        let evaluated = layer.forward(input.clone(), None);
        let dropout = Dropout::new(0.5).forward(input.clone(), None);
        for output in [kept, at_the_start, evaluated, dropout] {
            assert_eq!(output.leave().into_data(), images.to_data());
        }
    }

    #[test]
    fn dropout_drops_values_one_by_one() {
        let mut rng = stream(3, 0);
        let output = Dropout::new(0.25)
            .forward(
                HiddenState::enter(Tensor::ones([100, 100, 1, 1], &Device::flex())),
                Some(&mut TrainingPass::new(0.0, &mut rng)),
            )
            .leave()
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        let dropped = output.iter().filter(|&&value| value == 0.0).count();
        assert!((2_300..2_700).contains(&dropped), "{dropped}");
    }
}
