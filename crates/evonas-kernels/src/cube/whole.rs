//! The mean of whole images, and its gradient: an average pooling whose window is not unrolled.

use cubecl::prelude::*;

use super::optional::{Factors, Optional, added, multiplied};
use crate::window::Window;

/// Whether a window sees the whole image, once.
pub(super) fn is_whole(window: &Window) -> bool {
    let out = [window.out_height, window.out_width];
    let sees_all = window.kernel == [window.height, window.width] && window.dilation == 1;
    sees_all && window.before == [0, 0] && out == [1, 1]
}

/// One thread for each vector of the output, `[images, 1, 1, channels]`.
#[cube(launch)]
pub(super) fn whole_average_kernel<F: Float, N: Size>(
    image: &Tensor<Vector<F, N>>,
    factors: &Factors,
    plus: &Optional<F, N>,
    output: &mut Tensor<Vector<F, N>>,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let channels = output.shape(3) / output.vector_size();
    let own = ABSOLUTE_POS / channels;
    let pixels = image.shape(1) * image.shape(2);
    let mut sum = Vector::<f32, N>::zeroed();
    for pixel in 0..pixels {
        let place = (own * pixels + pixel) * channels + ABSOLUTE_POS % channels;
        sum += Vector::cast_from(image[place]);
    }
    let mean = sum / Vector::new(f32::cast_from(pixels));
    let mean = multiplied::<N>(mean, factors, own);
    output[ABSOLUTE_POS] = Vector::cast_from(added::<F, N>(mean, plus, ABSOLUTE_POS));
}

/// One thread for each vector of the image.
#[cube(launch)]
pub(super) fn whole_average_gradient_kernel<F: Float, N: Size>(
    gradient: &[Vector<F, N>],
    factors: &Factors,
    onto: &Optional<F, N>,
    image: &mut Tensor<Vector<F, N>>,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= image.len() {
        terminate!();
    }
    let channels = image.shape(3) / image.vector_size();
    let pixels = image.shape(1) * image.shape(2);
    let own = ABSOLUTE_POS / channels / pixels;
    let value = Vector::<f32, N>::cast_from(gradient[own * channels + ABSOLUTE_POS % channels]);
    let share = value / Vector::new(f32::cast_from(pixels));
    let share = multiplied::<N>(share, factors, own);
    image[ABSOLUTE_POS] = Vector::cast_from(added::<F, N>(share, onto, ABSOLUTE_POS));
}
