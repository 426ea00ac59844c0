//! NaN, and machines without vector instructions.

use burn::backend::flex::FlexTensor;

use super::units::{Sizes, all_of, inputs_of, same_size, values_of};
use super::{assert_close, doubles, random, values, window};
use crate::Products;
use crate::cpu::primitives::{self, Inputs, Normalized, Values, tensor};
use crate::pooling::Pooling;
use crate::unit_shape::{Rows, UnitShape};

#[test]
fn nan_is_not_swallowed() {
    let image = || tensor(vec![1.0, f32::NAN, -1.0, 2.0], [1, 2, 2, 1]);
    let rectified = |rows: Rows, weights: [Option<FlexTensor>; 2]| {
        values(
            Inputs::new(
                UnitShape {
                    rows,
                    relu: true,
                    products: Products::Single,
                },
                image(),
                weights,
            )
            .forward(),
        )
    };
    let pixels = rectified(Rows::Pixels, [None, None]);
    assert!(pixels[1].is_nan());
    assert_eq!([pixels[0], pixels[2], pixels[3]], [1.0, 0.0, 2.0]);
    // Of windows that see all pixels, every output is NaN.
    let all = window([2, 2], [3, 3], [1, 1], 1);
    let ones = |taps: usize| tensor(vec![1.0; taps], [1, 1, 1, taps]);
    for output in [
        rectified(Rows::Depthwise(all), [Some(ones(9)), None]),
        rectified(Rows::Patches(all), [None, Some(ones(9))]),
    ] {
        assert!(output.iter().all(|value| value.is_nan()), "{output:?}");
    }
    let single = window([2, 2], [1, 1], [1, 1], 1);
    let picked = rectified(Rows::Patches(single), [None, Some(ones(1))]);
    assert!(picked[1].is_nan());
    assert_eq!([picked[0], picked[2], picked[3]], [1.0, 0.0, 2.0]);
    let window = window([2, 2], [2, 2], [2, 2], 1);
    for take in [Pooling::Average, Pooling::Max, Pooling::Min] {
        let pooled = values(primitives::pool_forward(
            &Values::new(image()),
            &window,
            take,
        ));
        assert!(pooled[0].is_nan());
    }
}

#[test]
fn a_machine_without_vectors_computes_the_same() {
    let unit = |rows| UnitShape {
        rows,
        relu: true,
        products: Products::Single,
    };
    let pooled = |take| {
        let image = Values::new(tensor(random(3 * 81 * 12, 9), [3, 9, 9, 12]));
        let window = same_size(9, [3, 3], [2, 2]);
        let output = primitives::pool_forward(&image, &window, take);
        let by = primitives::pool_backward(&image, output.clone(), &window, take);
        [values(output), values(by)]
    };
    let all = || {
        let sizes = |channels, outputs| Sizes {
            images: 3,
            height: 9,
            width: 9,
            channels,
            outputs: Some(outputs),
        };
        let mut found = Vec::new();
        for (rows, sizes) in [
            (Rows::Depthwise(same_size(9, [5, 5], [2, 2])), sizes(16, 8)),
            (Rows::Depthwise(same_size(9, [1, 7], [1, 1])), sizes(5, 24)),
            (Rows::Patches(same_size(9, [3, 3], [1, 1])), sizes(4, 12)),
            (Rows::Pixels, sizes(24, 16)),
        ] {
            found.extend(all_of(unit(rows), sizes));
            let inputs = inputs_of(unit(rows), sizes, &values_of(unit(rows), sizes, 7));
            let channels = sizes.out_channels();
            let one = |seed| tensor(random(channels, seed), [channels]);
            let (saved, made) = Normalized::forward(inputs, one(1), one(2), 1e-3);
            let (by, by_norm) = saved.backward(made.output.clone(), true);
            found.extend([made.output, made.mean, made.variance].map(values));
            found.extend(by.image.map(values));
            found.extend(by_norm.map(values));
        }
        found.extend(
            [Pooling::Average, Pooling::Max, Pooling::Min]
                .map(pooled)
                .concat(),
        );
        found
    };
    let by_vectors = all();
    let portably = crate::cpu::vector::portably(all);
    assert_eq!(by_vectors.len(), portably.len());
    for (number, (by_vectors, portably)) in by_vectors.iter().zip(portably).enumerate() {
        // One of them may round products before adding them, the other not.
        assert_close(
            &format!("result {number},"),
            &portably,
            &doubles(by_vectors),
        );
    }
}
