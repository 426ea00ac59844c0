//! Clipping the gradient of a whole network by its norm.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{DType, Tensor};

/// Scales the gradients of all parameters by one factor, so that their joint L2 norm is at most
/// `most`. Nothing is read from the device.
pub(super) fn clip<M: Module>(
    gradients: GradientsParams,
    network: &M,
    most: f64,
) -> GradientsParams {
    let mut squares = Squares {
        gradients: &gradients,
        sum: None,
    };
    network.visit(&mut squares);
    let Some(sum) = squares.sum else {
        return gradients;
    };
    // The factor of a gradient of 0 is infinite before it is clamped.
    let factor = (sum.sqrt().recip() * most).clamp_max(1.0);
    let mut scaled = Scaled { gradients, factor };
    network.visit(&mut scaled);
    scaled.gradients
}

/// The sum of the squares of all gradients.
struct Squares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let square = gradient.cast(DType::F32).square().sum();
            self.sum = Some(match self.sum.take() {
                Some(sum) => sum + square,
                None => square,
            });
        }
    }
}

struct Scaled {
    gradients: GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Scaled {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let factor = self.factor.clone().cast(gradient.dtype()).reshape([1; D]);
            self.gradients.register(param.id, gradient * factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Device;

    use super::*;

    fn norm(most: f64, scale: f64) -> (f64, f64) {
        let device = Device::flex().autodiff();
        let layer: Linear = LinearConfig::new(3, 2).init(&device);
        let input = Tensor::<2>::from_data([[1.0_f32, -2.0, 3.0]], &device);
        let gradients = (layer.forward(input) * scale).sum().backward();
        let gradients = GradientsParams::from_grads(gradients, &layer);
        let length = |gradients: &GradientsParams| {
            let mut squares = Squares {
                gradients,
                sum: None,
            };
            layer.visit(&mut squares);
            f64::from(squares.sum.unwrap().into_scalar::<f32>()).sqrt()
        };
        let before = length(&gradients);
        (before, length(&clip(gradients, &layer, most)))
    }

    #[test]
    fn long_gradients_are_shortened_and_short_ones_are_unchanged() {
        // Each of the two outputs has the gradient (1, -2, 3), and 1 for the bias.
        let (before, after) = norm(2.0, 1.0);
        assert!((before - 30_f64.sqrt()).abs() < 1e-5, "{before}");
        assert!((after - 2.0).abs() < 1e-5, "{after}");
        let (before, after) = norm(6.0, 1.0);
        assert!((before - after).abs() < 1e-6, "{before} {after}");
    }

    #[test]
    fn gradients_of_0_stay_0() {
        let (before, after) = norm(1.0, 0.0);
        assert_eq!((before, after), (0.0, 0.0));
    }
}
