//! The loss that the controller minimizes.

use burn::tensor::{Tensor, TensorData};

use super::controller::{Controller, Sample};

/// A completed trial to learn from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lesson {
    pub(super) sample: Sample,
    /// The amount by which its reward exceeds the baseline.
    pub(super) advantage: f64,
}

/// The negated clipped objective of PPO (Schulman et al. 2017, equation 7) less the weighted entropy,
/// per genotype: the mean over the lessons of
/// `-sum over decisions of (min(r A, clip(r, 1 - e, 1 + e) A) + w H)`.
///
/// `A` is the advantage and `H` the entropy of a decision in nats. `r` is the ratio of a choice's
/// current probability to that with which it was drawn: every decision is an action. Where nothing is
/// clipped and all ratios are 1, the gradient is that of `-A log p(genotype)`, with the joint
/// probability of the genotype.
///
/// # Shapes
/// - output: `[1]`
pub(super) fn loss(
    controller: &Controller,
    lessons: &[Lesson],
    clip: f64,
    entropy_weight: f64,
) -> Tensor<1> {
    let device = controller.device();
    let choices: Vec<&[usize]> = lessons
        .iter()
        .map(|lesson| lesson.sample.choices.as_slice())
        .collect();
    let (mut chosen, mut entropy) = (Vec::new(), Vec::new());
    for (decision, logs) in controller
        .log_probabilities(&choices)
        .into_iter()
        .enumerate()
    {
        let places = controller.choices(&choices, decision).unsqueeze_dim(1);
        chosen.push(logs.clone().gather(1, places));
        entropy.push(-(logs.clone().exp() * logs).sum_dim(1));
    }
    let drawn_at = lessons
        .iter()
        .flat_map(|lesson| lesson.sample.log_probabilities.iter().copied())
        .collect::<Vec<f32>>();
    let shape = [lessons.len(), chosen.len()];
    let drawn_at = Tensor::<2>::from_data(TensorData::new(drawn_at, shape), &device);
    let advantages: Vec<f32> = lessons
        .iter()
        .map(|lesson| lesson.advantage as f32)
        .collect();
    let advantages =
        Tensor::<2>::from_data(TensorData::new(advantages, [lessons.len(), 1]), &device);

    let ratios = (Tensor::cat(chosen, 1) - drawn_at).exp();
    let clipped = ratios.clone().clamp(1.0 - clip, 1.0 + clip) * advantages.clone();
    let objective = (ratios * advantages).min_pair(clipped);
    let entropy = Tensor::cat(entropy, 1);
    -(objective + entropy * entropy_weight).sum() / lessons.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::ppo::controller::values;
    use crate::randomness::stream;
    use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
    use burn::optim::GradientsParams;
    use burn::tensor::Device;

    const COUNTS: [usize; 3] = [3, 2, 4];

    fn controller() -> Controller {
        let device = Device::flex().autodiff();
        Controller::new(&COUNTS, 3, 1.0, &mut stream(1, 0), &device)
    }

    /// Two lessons whose probabilities clip some ratios but not others.
    fn lessons() -> Vec<Lesson> {
        let lesson = |choices: [usize; 3], probabilities: [f32; 3], advantage| Lesson {
            sample: Sample {
                choices: choices.to_vec(),
                log_probabilities: probabilities.map(f32::ln).to_vec(),
            },
            advantage,
        };
        vec![
            lesson([2, 0, 3], [0.4, 0.2, 0.1], 1.5),
            lesson([0, 1, 1], [0.3, 0.9, 0.25], -0.7),
        ]
    }

    fn value(controller: &Controller, lessons: &[Lesson], clip: f64, weight: f64) -> f64 {
        f64::from(loss(controller, lessons, clip, weight).into_scalar::<f32>())
    }

    /// Adds to one weight, given by its index among all weights.
    struct Nudge {
        weight: usize,
        by: f32,
        seen: usize,
    }

    impl ModuleMapper for Nudge {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let values = param.val().into_data().try_to_vec::<f32>().unwrap();
            let place = self.weight.checked_sub(self.seen);
            self.seen += values.len();
            match place.filter(|&place| place < values.len()) {
                Some(place) => param.map(|tensor| {
                    let (device, shape) = (tensor.device(), tensor.dims());
                    let mut values = values;
                    values[place] += self.by;
                    Tensor::from_data(TensorData::new(values, shape), &device)
                }),
                None => param,
            }
        }
    }

    /// All gradients in the order of the weights.
    struct Slopes<'a> {
        gradients: &'a GradientsParams,
        slopes: Vec<f32>,
    }

    impl ModuleVisitor for Slopes<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = self.gradients.get::<D>(param.id).unwrap();
            self.slopes
                .extend(gradient.into_data().try_to_vec::<f32>().unwrap());
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_loss_by_finite_differences() {
        let (controller, lessons) = (controller(), lessons());
        let (clip, weight) = (0.3, 0.5);
        let gradients = loss(&controller, &lessons, clip, weight).backward();
        let gradients = GradientsParams::from_grads(gradients, &controller);
        let mut slopes = Slopes {
            gradients: &gradients,
            slopes: Vec::new(),
        };
        controller.visit(&mut slopes);
        // 12 for the start, 60 for two inputs, 36 recurrent, 27 and 9 for the heads.
        assert_eq!(slopes.slopes.len(), 12 + 60 + 36 + 27 + 9);
        let mut different = 0;
        for (place, &slope) in slopes.slopes.iter().enumerate() {
            let at = |by| {
                let mut nudge = Nudge {
                    weight: place,
                    by,
                    seen: 0,
                };
                value(&controller.clone().map(&mut nudge), &lessons, clip, weight)
            };
            let difference = (at(5e-3) - at(-5e-3)) / 1e-2;
            assert!(
                (f64::from(slope) - difference).abs() < 2e-4,
                "weight {place}: {slope} against {difference}"
            );
            different += usize::from(slope != 0.0);
        }
        assert!(different > 100, "only {different} weights matter");
    }

    #[test]
    fn a_clipped_ratio_has_a_gradient_only_toward_1() {
        let controller = controller();
        let probability = |choices: &[usize]| -> Vec<f32> {
            controller
                .log_probabilities(&[choices])
                .into_iter()
                .zip(choices)
                .map(|(logs, &choice)| values(logs)[choice])
                .collect()
        };
        // The choices have become e^0.5 times as likely since they were drawn.
        let choices = vec![1, 1, 2];
        let drawn_at = probability(&choices).into_iter().map(|log| log - 0.5);
        let sample = Sample {
            log_probabilities: drawn_at.collect(),
            choices,
        };
        let steepest = |advantage| {
            let lesson = Lesson {
                sample: sample.clone(),
                advantage,
            };
            let gradients = loss(&controller, &[lesson], 0.2, 0.0).backward();
            let gradients = GradientsParams::from_grads(gradients, &controller);
            let mut slopes = Slopes {
                gradients: &gradients,
                slopes: Vec::new(),
            };
            controller.visit(&mut slopes);
            let steeper = |highest: f32, slope: f32| highest.max(slope.abs());
            slopes.slopes.into_iter().fold(0.0, steeper)
        };
        assert_eq!(steepest(1.0), 0.0, "a good choice is likely enough");
        assert!(steepest(-1.0) > 0.01, "a bad one must become less likely");
    }

    #[test]
    fn the_loss_is_the_documented_formula() {
        let (controller, lessons) = (controller(), lessons());
        let (clip, weight) = (0.3, 0.5);
        let mut expected = 0.0;
        for lesson in &lessons {
            let heads = controller.log_probabilities(&[&lesson.sample.choices]);
            for (decision, head) in heads.into_iter().enumerate() {
                let logs: Vec<f64> = values(head).into_iter().map(f64::from).collect();
                let now = logs[lesson.sample.choices[decision]];
                let ratio = (now - f64::from(lesson.sample.log_probabilities[decision])).exp();
                let clipped = ratio.clamp(1.0 - clip, 1.0 + clip);
                let entropy: f64 = logs.iter().map(|log| -log * log.exp()).sum();
                let objective = (ratio * lesson.advantage).min(clipped * lesson.advantage);
                expected -= (objective + weight * entropy) / lessons.len() as f64;
            }
        }
        let found = value(&controller, &lessons, clip, weight);
        assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
    }
}
