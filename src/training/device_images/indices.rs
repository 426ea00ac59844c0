//! Integers on a device.

use std::ops::Range;

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use evonas_kernels::PART_ALIGNMENT;

/// Integers that a batch needs on its device, copied there at once.
#[derive(Debug, Default)]
pub(in crate::training) struct Integers {
    values: Vec<i32>,
}

impl Integers {
    /// The places of some images, and none else yet.
    pub(in crate::training) fn of_images(images: &[usize]) -> (Self, Range<usize>) {
        let mut integers = Self::default();
        let images = images.iter();
        let places =
            images.map(|&image| i32::try_from(image).expect("an image's index is far below 2^31"));
        let places = integers.add(places);
        (integers, places)
    }

    /// Adds some, and returns where they are.
    pub(super) fn add(&mut self, values: impl IntoIterator<Item = i32>) -> Range<usize> {
        let first = self.values.len().next_multiple_of(PART_ALIGNMENT);
        self.values.resize(first, 0);
        self.values.extend(values);
        first..self.values.len()
    }

    pub(in crate::training) fn on(self, device: &Device) -> DeviceIntegers {
        DeviceIntegers(integers(self.values, device))
    }
}

/// Integers that were copied to a device.
#[derive(Debug)]
pub(in crate::training) struct DeviceIntegers(Tensor<1, Int>);

impl DeviceIntegers {
    /// Those that were added there, `[values]`.
    pub(in crate::training) fn take(&self, range: Range<usize>) -> Tensor<1, Int> {
        self.0.clone().slice([range])
    }
}

/// Integers, on a device, `[values]`.
pub(super) fn integers(values: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), (device, DType::I32))
}
