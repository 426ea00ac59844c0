//! Random images and labels to measure with.

use burn::tensor::{Device, Int, Tensor, TensorData};
use evonas::network::ImageShape;
use evonas::prelude::{Rng, RngExt as _};
use evonas::training::images::LabeledImages;

/// Random images with pixels from -0.5 to 0.5, `[images, channels, height, width]`, and random labels,
/// `[images]`. The same `rng` draws the same batch on every device.
pub(super) fn random_batch(
    images: usize,
    shape: ImageShape,
    classes: usize,
    rng: &mut dyn Rng,
    device: &Device,
) -> (Tensor<4>, Tensor<1, Int>) {
    let (pixels, labels) = random_values(images, shape, classes, rng);
    let shape = [images, shape.channels, shape.height, shape.width];
    let labels: Vec<i32> = labels.into_iter().map(i32::from).collect();
    let labels = TensorData::new(labels, [images]);
    (
        Tensor::from_data(TensorData::new(pixels, shape), device),
        Tensor::from_data(labels, device),
    )
}

/// The same pixels and labels as images in memory.
pub(super) fn random_images(
    images: usize,
    shape: ImageShape,
    classes: usize,
    rng: &mut dyn Rng,
) -> LabeledImages {
    let (pixels, labels) = random_values(images, shape, classes, rng);
    LabeledImages::from_floats(shape, classes, pixels, labels)
        .expect("the pixels are finite, and as many as the images have")
}

fn random_values(
    images: usize,
    shape: ImageShape,
    classes: usize,
    rng: &mut dyn Rng,
) -> (Vec<f32>, Vec<u16>) {
    let values = images * shape.channels * shape.height * shape.width;
    let pixels = (0..values).map(|_| rng.random::<f32>() - 0.5).collect();
    let labels = (0..images).map(|_| rng.random_range(0..classes) as u16);
    (pixels, labels.collect())
}
