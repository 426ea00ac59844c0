//! Random images and labels to measure with.

use burn::tensor::{Device, Int, Tensor, TensorData};
use evonas::network::ImageShape;
use evonas::prelude::{Rng, RngExt as _};

/// Random images with pixels from -0.5 to 0.5, `[images, channels, height, width]`, and random labels,
/// `[images]`. The same `rng` draws the same batch on every device.
pub(super) fn random_batch(
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
