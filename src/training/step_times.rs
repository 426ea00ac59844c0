//! How long steps of a training take.

use std::time::Instant;

use burn::tensor::{ElementConversion as _, Int, Tensor, TensorData};
use rand::RngExt;

use super::trainer::Learner;
use super::{ImageClassifier, Trainer};
use crate::network::{ImageShape, TrainingPass};
use crate::randomness::stream;

/// The times of a training's first steps, in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct StepTimes {
    /// The first, which on a GPU compiles and tunes its kernels.
    pub first: f64,
    /// Those behind the warm-up, at least one, from the shortest to the longest.
    pub timed: Vec<f64>,
}

impl StepTimes {
    /// Times `timed` training steps, at least one, behind `warm_up` others, on a batch of random
    /// images: forward, backward, and the optimizer's step. The device is waited for after each.
    ///
    /// # Panics
    /// If the network doesn't take images of this shape, or has no class.
    #[must_use]
    pub fn of<M: ImageClassifier>(
        network: M,
        trainer: &Trainer,
        image: ImageShape,
        classes: usize,
        warm_up: usize,
        timed: usize,
    ) -> Self {
        let config = trainer.config();
        let mut rng = stream(0, 1);
        let device = network.devices().into_iter().next().unwrap_or_default();
        let device = device.inner();
        let shape = [config.batch_size, image.channels, image.height, image.width];
        let pixels: Vec<f32> = (0..shape.iter().product())
            .map(|_| rng.random::<f32>() - 0.5)
            .collect();
        let labels: Vec<i32> = (0..config.batch_size)
            .map(|_| rng.random_range(0..classes) as i32)
            .collect();
        let images = Tensor::<4>::from_data(TensorData::new(pixels, shape), &device);
        let labels = TensorData::new(labels, [config.batch_size]);
        let labels = Tensor::<1, Int>::from_data(labels, &device);
        let mut learner = Learner::new(network, config);
        let mut times = Vec::new();
        for _ in 0..1 + warm_up + timed.max(1) {
            let start = Instant::now();
            let mut pass = TrainingPass::new(0.0, &mut rng);
            let batch = (images.clone(), labels.clone());
            let sums;
            (learner, sums) = learner.step(batch, config, &mut pass, config.learning_rate);
            // Reading the loss waits for the device.
            let _ = sums.loss.into_scalar::<f32>().elem::<f64>();
            times.push(1e3 * start.elapsed().as_secs_f64());
        }
        let first = times[0];
        let mut timed = times.split_off(1 + warm_up);
        timed.sort_by(f64::total_cmp);
        Self { first, timed }
    }

    /// The time in the middle.
    #[must_use]
    pub fn median(&self) -> f64 {
        let middle = self.timed.len() / 2;
        if self.timed.len() % 2 == 1 {
            self.timed[middle]
        } else {
            (self.timed[middle - 1] + self.timed[middle]) / 2.0
        }
    }

    /// The shortest.
    #[must_use]
    pub fn shortest(&self) -> f64 {
        self.timed[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_time_in_the_middle() {
        let times = |timed: &[f64]| StepTimes {
            first: 9.0,
            timed: timed.to_vec(),
        };
        assert_eq!(times(&[1.0, 2.0, 7.0]).median(), 2.0);
        assert_eq!(times(&[1.0, 2.0, 4.0, 7.0]).median(), 3.0);
        assert_eq!(times(&[1.0, 2.0]).shortest(), 1.0);
    }
}
