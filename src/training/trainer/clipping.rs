//! Clipping the gradient of a whole network by its norm.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{DType, Tensor};
use evonas_kernels::Clipping;

/// Scales the gradients of all parameters by one factor, so that their joint L2 norm is at most
/// `clipping.most_norm`. Nothing is read from the device.
///
/// If `clipping.decayed`, weight decay is added to the gradients first: `weight_decay` has that of
/// parameters of rank 1, and of all others.
pub(super) fn clip<M: Module>(
    mut gradients: GradientsParams,
    network: &M,
    clipping: Clipping,
    weight_decay: [f64; 2],
) -> GradientsParams {
    if clipping.decayed {
        let mut decayed = Decayed {
            gradients,
            weight_decay,
        };
        network.visit(&mut decayed);
        gradients = decayed.gradients;
    }
    let mut squares = Squares {
        gradients: &gradients,
        sum: None,
    };
    network.visit(&mut squares);
    let Some(sum) = squares.sum else {
        return gradients;
    };
    // The factor of a gradient of 0 is infinite before it is clamped.
    let factor = (sum.sqrt().recip() * clipping.most_norm).clamp_max(1.0);
    let mut scaled = Scaled { gradients, factor };
    network.visit(&mut scaled);
    scaled.gradients
}

struct Decayed {
    gradients: GradientsParams,
    weight_decay: [f64; 2],
}

impl ModuleVisitor for Decayed {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let decay = self.weight_decay[usize::from(D > 1)];
        if decay > 0.0
            && let Some(gradient) = self.gradients.remove::<D>(param.id)
        {
            let gradient = param.val().inner() * decay + gradient;
            self.gradients.register(param.id, gradient);
        }
    }
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
        let clipping = Clipping {
            most_norm: most,
            decayed: false,
        };
        (before, length(&clip(gradients, &layer, clipping, [0.0; 2])))
    }

    #[test]
    fn weight_decay_counts_towards_the_norm_if_it_is_clipped_too() {
        let device = Device::flex().autodiff();
        let layer: Linear = LinearConfig::new(3, 2).init(&device);
        let input = Tensor::<2>::from_data([[1.0_f32, -2.0, 3.0]], &device);
        let gradients = layer.forward(input).sum().backward();
        let gradients = GradientsParams::from_grads(gradients, &layer);
        let clipping = Clipping {
            most_norm: 1.0,
            decayed: true,
        };
        let clipped = clip(gradients, &layer, clipping, [0.0, 0.5]);
        let values = |tensor: Tensor<2>| -> Vec<f32> { tensor.into_data().try_to_vec().unwrap() };
        let weight = values(layer.weight.val().inner());
        // The weight is [inputs, outputs]; the bias has the gradient 1 and doesn't decay.
        let slopes = [1.0, 1.0, -2.0, -2.0, 3.0, 3.0];
        let whole: Vec<f32> = (0..6)
            .map(|place| slopes[place] + 0.5 * weight[place])
            .collect();
        let norm = (whole.iter().map(|value| value * value).sum::<f32>() + 2.0).sqrt();
        let found = values(clipped.get::<2>(layer.weight.id).unwrap());
        for (found, whole) in found.into_iter().zip(whole) {
            assert!((found - whole / norm).abs() < 1e-5, "{found} {whole}");
        }
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
