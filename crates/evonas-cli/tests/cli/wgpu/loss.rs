//! The loss of a classifier.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor};
use evonas::randomness::stream;
use evonas_kernels::ClassifierLoss;
use rand::RngExt as _;

use super::device;

const BATCH: usize = 13;

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Logits, of which some examples' are all the same, and labels, on a device.
fn examples(classes: usize, device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
    let mut rng = stream(17, classes as u64);
    let mut logits: Vec<f32> = (0..BATCH * classes)
        .map(|_| (rng.random::<f32>() - 0.5) * 20.0)
        .collect();
    logits[..2 * classes].fill(1.5);
    let labels: Vec<i32> = (0..BATCH).map(|one| (one * 7 % classes) as i32).collect();
    // Some are classified correctly.
    for one in 4..8 {
        logits[one * classes + labels[one] as usize] = 30.0;
    }
    let logits = Tensor::<1>::from_data(logits.as_slice(), device).reshape([BATCH, classes]);
    (logits, Tensor::from_data(labels.as_slice(), device))
}

#[test]
fn the_loss_of_a_classifier_and_its_gradient_are_those_of_burn() {
    let Some(device) = device() else { return };
    assert!(own(&Device::flex(), 3, 0.0).is_none());
    for (classes, smoothing) in [(2, 0.0), (10, 0.1), (70, 0.1)] {
        let cpu = Device::flex().autodiff();
        let (logits, labels) = examples(classes, &cpu);
        let logits = logits.require_grad();
        let loss = CrossEntropyLossConfig::new()
            .with_smoothing((smoothing > 0.0).then_some(smoothing))
            .init(&cpu)
            .forward(logits.clone(), labels.clone());
        let gradient = logits.grad(&(loss.clone() * 3.0).backward()).unwrap();
        let predicted = logits.inner().argmax(1).reshape([BATCH]);
        let correct = predicted.equal(labels.inner()).int().sum().float();
        let expected = [values(loss.inner()), values(gradient), values(correct)];

        let found = own(&device, classes, smoothing).unwrap();
        for (found, expected) in found.into_iter().zip(&expected) {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                let difference = (found - expected).abs();
                assert!(
                    difference <= 2e-6 * expected.abs().max(1.0),
                    "{classes}: {found}, not {expected}"
                );
            }
        }
        assert!(expected[2][0] >= 4.0);
    }
}

/// The mean, the gradient of three times the mean, and how many are correct.
fn own(device: &Device, classes: usize, smoothing: f32) -> Option<[Vec<f32>; 3]> {
    let (logits, labels) = examples(classes, &device.clone().autodiff());
    let logits = logits.require_grad();
    let loss = ClassifierLoss::of(logits.clone(), labels, f64::from(smoothing))?;
    let gradients = (loss.mean.clone() * 3.0).backward();
    let gradient = logits.grad(&gradients).unwrap();
    Some([loss.mean.inner(), gradient.reshape([-1]), loss.correct].map(values))
}
