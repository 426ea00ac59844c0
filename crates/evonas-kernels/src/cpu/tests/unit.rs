//! Units, with batch norm and without.

use proptest::prelude::*;

use super::units::{Sizes, all_of, define, define_norm, inputs_of, same_size, units, values_of};
use super::{assert_close, assert_gradients, doubles, random, values};
use crate::Products;
use crate::cpu::primitives::{self, Normalized, tensor};
use crate::unit_shape::{Rows, UnitShape};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn units_and_their_gradients((unit, sizes, seed) in units()) {
        let values_of_unit = values_of(unit, sizes, seed);
        let inputs = inputs_of(unit, sizes, &values_of_unit);
        let exact: Vec<Vec<f64>> = values_of_unit.iter().map(|values| doubles(values)).collect();
        let expected = define(unit, sizes, &exact);
        assert_close("output", &values(inputs.forward()), &expected);

        let gradient = random(expected.len(), seed ^ 3);
        let shape = sizes.output(unit);
        let by = inputs.backward(tensor(gradient.clone(), shape), true);
        let found: Vec<Vec<f32>> = [by.image, by.depthwise, by.dense]
            .into_iter()
            .map(|gradient| gradient.map(values).unwrap_or_default())
            .collect();
        let definition = |inputs: &[Vec<f64>]| define(unit, sizes, inputs);
        assert_gradients(&exact, &doubles(&gradient), &definition, &found);

        // The gradients by the weights are the same without the one by the image.
        let alone = inputs.backward(tensor(gradient, shape), false);
        prop_assert!(alone.image.is_none());
        for (alone, both) in [(alone.depthwise, &found[1]), (alone.dense, &found[2])] {
            prop_assert_eq!(&alone.map(values).unwrap_or_default(), both);
        }
    }

    #[test]
    fn units_with_batch_norm_and_their_gradients((unit, sizes, seed) in units()) {
        let channels = sizes.out_channels();
        let count = sizes.images * sizes.out_pixels(unit);
        // Batch norm of few values is ill-conditioned.
        prop_assume!(count >= 8);
        let epsilon = 1e-2;
        let unit_values = values_of(unit, sizes, seed);
        let [gamma, beta] = [random(channels, seed ^ 4), random(channels, seed ^ 5)];
        let inputs = inputs_of(unit, sizes, &unit_values);
        let one = |values: &[f32]| tensor(values.to_vec(), [channels]);
        let (saved, made) = Normalized::forward(inputs.clone(), one(&gamma), one(&beta), epsilon);
        let mut exact: Vec<Vec<f64>> = unit_values.iter().map(|values| doubles(values)).collect();
        exact.push(doubles(&gamma));
        exact.push(doubles(&beta));
        let definition = |inputs: &[Vec<f64>]| {
            let between = define(unit, sizes, inputs);
            define_norm(&between, &inputs[3], &inputs[4], epsilon)
        };
        let expected = definition(&exact);
        assert_close("output", &values(made.output), &expected);

        let gradient = random(expected.len(), seed ^ 3);
        let shape = sizes.output(unit);
        let (by, by_norm) = saved.backward(tensor(gradient.clone(), shape), true);
        let mut found: Vec<Vec<f32>> = [by.image, by.depthwise, by.dense]
            .into_iter()
            .map(|gradient| gradient.map(values).unwrap_or_default())
            .collect();
        found.extend(by_norm.map(values));
        assert_gradients(&exact, &doubles(&gradient), &definition, &found);

        // The statistics are those of the definition, and applying them gives the same output.
        let (mean, variance) = (values(made.mean), values(made.variance));
        let scale: Vec<f32> = gamma
            .iter()
            .zip(&variance)
            .map(|(gamma, variance)| gamma / (variance + epsilon as f32).sqrt())
            .collect();
        let shift: Vec<f32> = beta
            .iter()
            .zip(mean.iter().zip(&scale))
            .map(|(beta, (mean, scale))| beta - mean * scale)
            .collect();
        let evaluated = primitives::affine_of(&inputs, one(&scale), one(&shift));
        assert_close("evaluation", &values(evaluated), &expected);
    }
}

#[test]
fn batches_of_many_tasks_and_groups_are_those_of_single_images() {
    // More images than tasks, the last task shorter; more pixels than a group takes.
    for (rows, images, size, channels, outputs) in [
        (
            Rows::Depthwise(same_size(12, [5, 5], [2, 2])),
            33,
            12,
            16,
            Some(24),
        ),
        (
            Rows::Depthwise(same_size(4, [3, 3], [1, 1])),
            35,
            4,
            8,
            None,
        ),
        (
            Rows::Patches(same_size(12, [1, 7], [1, 2])),
            33,
            12,
            8,
            Some(8),
        ),
        (Rows::Pixels, 67, 13, 24, Some(24)),
        (Rows::Pixels, 33, 13, 5, Some(3)),
    ] {
        let unit = UnitShape {
            rows,
            relu: true,
            products: Products::Single,
        };
        let sizes = Sizes {
            images,
            height: size,
            width: size,
            channels,
            outputs,
        };
        let unit_values = values_of(unit, sizes, 7);
        let [output, by_image, depthwise, dense] = all_of(unit, sizes);
        let gradient = random(output.len(), 8);
        let alone = Sizes { images: 1, ..sizes };
        let mut sums = [vec![0.0; depthwise.len()], vec![0.0; dense.len()]];
        for image in 0..images {
            let part = |of: &[f32]| {
                let length = of.len() / images;
                of[image * length..(image + 1) * length].to_vec()
            };
            let [all, weights, matrix] = &unit_values;
            let inputs = inputs_of(unit, alone, &[part(all), weights.clone(), matrix.clone()]);
            assert_eq!(values(inputs.forward()), part(&output));
            let by = inputs.backward(tensor(part(&gradient), alone.output(unit)), true);
            assert_eq!(by.image.map(values), Some(part(&by_image)));
            for (sum, by) in sums.iter_mut().zip([by.depthwise, by.dense]) {
                let by = by.map(values).unwrap_or_default();
                for (sum, value) in sum.iter_mut().zip(by) {
                    *sum += f64::from(value);
                }
            }
        }
        assert_close("depthwise", &depthwise, &sums[0]);
        assert_close("dense", &dense, &sums[1]);
    }
}

#[test]
fn a_gradient_that_is_part_of_a_tensor_is_not_overwritten() {
    let unit = UnitShape {
        rows: Rows::Pixels,
        relu: true,
        products: Products::Single,
    };
    let sizes = Sizes {
        images: 2,
        height: 3,
        width: 3,
        channels: 8,
        outputs: Some(8),
    };
    let inputs = inputs_of(unit, sizes, &values_of(unit, sizes, 1));
    let whole = random(3 * 72, 2);
    let alone = inputs.backward(tensor(whole[72..].to_vec(), [2, 3, 3, 8]), true);
    let part = tensor(whole, [3, 3, 3, 8]).narrow(0, 1, 2);
    let by = inputs.backward(part, true);
    assert_eq!(by.image.map(values), alone.image.map(values));
    assert_eq!(by.dense.map(values), alone.dense.map(values));
}
