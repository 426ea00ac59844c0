//! Pooling.

use proptest::prelude::*;

use super::{
    WindowPadding, assert_close, assert_gradients, doubles, each_pixel, padded_window, random,
    values, window,
};
use crate::cpu::primitives::{self, Values, tensor};
use crate::pooling::Pooling;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn poolings_and_their_gradients(
        size in (1_usize..=3, 1_usize..=12, 1_usize..=12),
        channels in prop::sample::select(vec![1_usize, 3, 4, 8, 12, 16, 24, 40]),
        kernel in prop::sample::select(vec![2_usize, 3, 5]),
        stride in 1_usize..=3,
        take in prop::sample::select(vec![Pooling::Average, Pooling::Max, Pooling::Min]),
        pads: bool,
        seed: u64,
    ) {
        let (images, height, width) = size;
        let padding = if pads || height.min(width) < kernel { WindowPadding::Same } else { WindowPadding::Valid };
        let window = padded_window([height, width], [kernel; 2], [stride; 2], 1, padding);
        let image = random(images * height * width * channels, seed);
        let definition = |inputs: &[Vec<f64>]| {
            let mut output = vec![0.0; images * window.out_pixels() * channels];
            let mut counts = vec![0.0; output.len()];
            for n in 0..images {
                for c in 0..channels {
                    each_pixel(&window, &mut |out, _, pixel| {
                        let value = inputs[0][(n * height * width + pixel) * channels + c];
                        let place = (n * window.out_pixels() + out) * channels + c;
                        let before: f64 = output[place];
                        output[place] = match take {
                            Pooling::Average => before + value,
                            _ if counts[place] == 0.0 => value,
                            Pooling::Max => before.max(value),
                            Pooling::Min => before.min(value),
                        };
                        counts[place] += 1.0;
                    });
                }
            }
            if take == Pooling::Average {
                for (output, count) in output.iter_mut().zip(counts) {
                    *output /= count;
                }
            }
            output
        };
        let exact = vec![doubles(&image)];
        let expected = definition(&exact);
        let image = Values::new(tensor(image, [images, height, width, channels]));
        assert_close("output", &values(primitives::pool_forward(&image, &window, take)), &expected);
        let gradient = random(expected.len(), seed ^ 1);
        let shape = [images, window.out_height, window.out_width, channels];
        let by = primitives::pool_backward(&image, tensor(gradient.clone(), shape), &window, take);
        assert_gradients(&exact, &doubles(&gradient), &definition, &[values(by)]);
    }
}

#[test]
fn of_equal_values_the_first_gets_the_gradient_of_a_pooling() {
    let window = window([1, 2], [2, 2], [2, 2], 1);
    let image = Values::new(tensor(vec![1.0, 1.0], [1, 1, 2, 1]));
    for take in [Pooling::Max, Pooling::Min] {
        let by = primitives::pool_backward(&image, tensor(vec![3.0], [1, 1, 1, 1]), &window, take);
        assert_eq!(values(by), [3.0, 0.0]);
    }
}
