//! Integers on a device.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

/// Indices of images, on a device.
pub(in crate::training) fn places(indices: &[usize], device: &Device) -> Tensor<1, Int> {
    let indices = indices.iter();
    let places =
        indices.map(|&index| i32::try_from(index).expect("an image's index is far below 2^31"));
    integers(places.collect(), device)
}

/// Integers, on a device, `[values]`.
pub(super) fn integers(values: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), (device, DType::I32))
}
