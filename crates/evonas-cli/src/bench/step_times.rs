//! How long training steps take.

use std::time::Instant;

use burn::tensor::ElementConversion as _;
use evonas::network::{ImageShape, TrainingPass};
use evonas::randomness::stream;
use evonas::training::{Augmentation, DeviceImages, ImageClassifier, Learner, Trainer};

use super::random_batch::random_images;

/// The times of some steps, in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StepTimes {
    /// The first step, which on a GPU compiles and tunes its kernels.
    pub(super) first: f64,
    /// The steps after the warm-up, at least one, from the shortest to the longest.
    timed: Vec<f64>,
    /// How long the host worked on each of them until all was submitted, from the shortest to the longest.
    submitted: Vec<f64>,
    /// How many steps the device repeated from a recording.
    pub(super) repeated: u64,
}

impl StepTimes {
    /// Times `timed` training steps, at least one, after a first one and `warm_up` others, on a batch of
    /// random images: forward, backward, and the optimizer's step. Waits for the device after each, and calls
    /// `step_done`.
    ///
    /// # Panics
    /// If the network doesn't accept images of this shape, or has no class.
    pub(super) fn of<M: ImageClassifier>(
        network: M,
        trainer: &Trainer,
        image: ImageShape,
        classes: usize,
        warm_up: usize,
        timed: usize,
        mut step_done: impl FnMut(),
    ) -> Self {
        let config = trainer.config();
        let mut rng = stream(0, 1);
        let device = network.devices().into_iter().next().unwrap_or_default();
        let images = random_images(config.batch_size, image, classes, &mut rng);
        let images = DeviceImages::new(&images, &images, &device.inner());
        let all: Vec<usize> = (0..images.len()).collect();
        let (batch, labels) = images.batch(&all);
        let mut learner = Learner::new(network, trainer);
        let mut times = Self::of_steps(warm_up, timed, || {
            let mut pass = TrainingPass::new(0.0, &mut rng);
            let batch = (batch.clone(), labels.clone());
            let result = learner.step(&images, batch, &mut pass, config.learning_rate);
            let submitted = Instant::now();
            // Reading the loss waits for the device.
            let _ = result.loss.into_scalar::<f32>().elem::<f64>();
            step_done();
            submitted
        });
        times.repeated = learner.repeated_steps();
        times
    }

    /// Times `timed` batches, at least one, after a first one and `warm_up` others: random images are gathered,
    /// augmented and normalized on their device. This is what a training step spends on its data.
    pub(super) fn of_batches(
        images: &DeviceImages,
        batch_size: usize,
        augmentation: &Augmentation,
        warm_up: usize,
        timed: usize,
    ) -> Self {
        let mut rng = stream(0, 2);
        let mut places = (0..images.len()).cycle().step_by(7);
        Self::of_steps(warm_up, timed, || {
            let indices: Vec<usize> = places.by_ref().take(batch_size).collect();
            let (batch, _) = images.augmented_batch(&indices, augmentation, &mut rng);
            let submitted = Instant::now();
            let _ = batch.slice([0..1, 0..1, 0..1, 0..1]).into_data();
            submitted
        })
    }

    /// A step returns when it had submitted its work to the device.
    fn of_steps(warm_up: usize, timed: usize, mut step: impl FnMut() -> Instant) -> Self {
        let mut times: Vec<(f64, f64)> = (0..1 + warm_up + timed.max(1))
            .map(|_| {
                let start = Instant::now();
                let submitted = step().duration_since(start);
                let whole = start.elapsed();
                (1e3 * whole.as_secs_f64(), 1e3 * submitted.as_secs_f64())
            })
            .collect();
        let first = times[0].0;
        let (mut timed, mut submitted): (Vec<_>, Vec<_>) =
            times.split_off(1 + warm_up).into_iter().unzip();
        timed.sort_by(f64::total_cmp);
        submitted.sort_by(f64::total_cmp);
        Self {
            first,
            timed,
            submitted,
            repeated: 0,
        }
    }

    /// The median time.
    pub(super) fn median(&self) -> f64 {
        middle(&self.timed)
    }

    /// The median of the host's part.
    pub(super) fn host(&self) -> f64 {
        middle(&self.submitted)
    }

    /// The shortest time.
    pub(super) fn shortest(&self) -> f64 {
        self.timed[0]
    }
}

/// The median of sorted times.
fn middle(times: &[f64]) -> f64 {
    let middle = times.len() / 2;
    if times.len() % 2 == 1 {
        times[middle]
    } else {
        (times[middle - 1] + times[middle]) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_time() {
        let times = |timed: &[f64]| StepTimes {
            first: 9.0,
            timed: timed.to_vec(),
            submitted: timed.iter().map(|time| time / 2.0).collect(),
            repeated: 0,
        };
        assert_eq!(times(&[1.0, 2.0, 7.0]).median(), 2.0);
        assert_eq!(times(&[1.0, 2.0, 4.0, 7.0]).median(), 3.0);
        assert_eq!(times(&[1.0, 2.0]).shortest(), 1.0);
        assert_eq!(times(&[1.0, 2.0, 7.0]).host(), 1.0);
    }

    #[test]
    fn the_first_step_and_the_warm_up_are_not_timed() {
        let mut steps = 0;
        let times = StepTimes::of_steps(3, 4, || {
            steps += 1;
            Instant::now()
        });
        assert_eq!((steps, times.timed.len()), (8, 4));
        assert!(times.host() <= times.median());
        assert_eq!(StepTimes::of_steps(0, 0, Instant::now).timed.len(), 1);
    }
}
