//! Images and labels for measurements.

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::{Rng, RngExt};

use super::ImageShape;

/// As many random images, of pixels from -0.5 to 0.5, with random labels; the same from equal `rng`
/// on any device.
pub(crate) fn random_batch(
    images: usize,
    shape: ImageShape,
    classes: usize,
    rng: &mut dyn Rng,
    device: &Device,
) -> (Tensor<4>, Tensor<1, Int>) {
    let shape = [images, shape.channels, shape.height, shape.width];
    let pixels: Vec<f32> = (0..shape.iter().product())
        .map(|_| rng.random::<f32>() - 0.5)
        .collect();
    let labels: Vec<i32> = (0..images)
        .map(|_| rng.random_range(0..classes) as i32)
        .collect();
    let labels = TensorData::new(labels, [images]);
    (
        Tensor::from_data(TensorData::new(pixels, shape), device),
        Tensor::from_data(labels, device),
    )
}
