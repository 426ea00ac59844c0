//! Concatenation.

use burn::backend::flex::FlexTensor;
use burn::tensor::{Device, Tensor, TensorData, activation};

use super::{random, values};
use crate::cpu::primitives::{self, Values, tensor};
use crate::operations::{self, Input};

#[test]
fn many_parts_are_put_together_with_their_gradients() {
    let device = Device::flex().autodiff();
    for count in [2, 5, 6, 7, 13] {
        let parts: Vec<Tensor<4>> = (0..count)
            .map(|part| {
                let shape = [2, 3, 5, 1 + part % 4];
                let data = TensorData::new(random(shape.iter().product(), part as u64), shape);
                Tensor::from_data(data, &device).require_grad()
            })
            .collect();
        let weighting = Tensor::<1>::from_floats([2.0, -1.0, 3.0], &device).reshape([1, 3, 1, 1]);
        let pairs = [false, true].map(|relu| {
            let inputs = parts.iter().cloned().map(Input::new);
            let joined = Tensor::cat(parts.clone(), 3);
            let expected = match relu {
                true => activation::relu(joined),
                false => joined,
            };
            [operations::concatenate(inputs.collect(), relu), expected]
        });
        for pair in pairs {
            let results = pair.map(|joined| {
                let gradients = (joined.clone().powi_scalar(2) * weighting.clone())
                    .sum()
                    .backward();
                let mut all = vec![joined.into_data()];
                for part in &parts {
                    all.push(part.grad(&gradients).unwrap().into_data());
                }
                all
            });
            assert_eq!(results[0].len(), count + 1);
            assert!(results[0] == results[1], "{count} parts");
        }
    }
}

#[test]
#[should_panic(expected = "same number and size")]
fn parts_of_other_sizes_are_not_put_together() {
    let part = |images| Values::new(tensor(vec![0.0; images * 6], [images, 3, 2, 1]));
    let _ = primitives::joined(&[part(2), part(1)]);
}

#[test]
fn channels_are_put_together_and_taken_apart() {
    // The last are more pixels than one task takes.
    for (size, counts) in [
        ([2, 3, 2], [1, 3, 8]),
        ([2, 3, 2], [16, 5, 24]),
        ([2, 3, 2], [4, 32, 2]),
        ([2, 3, 2], [40, 9, 13]),
        ([6, 27, 27], [1, 3, 8]),
    ] {
        let [images, height, width] = size;
        let pixels = images * height * width;
        let mut next = 0.0_f32;
        let parts = counts.map(|count| {
            let values = (0..pixels * count).map(|_| {
                next += 1.0;
                next
            });
            tensor(values.collect::<Vec<_>>(), [images, height, width, count])
        });
        let joined = primitives::joined(&parts.clone().map(Values::new));
        let expected: Vec<f32> = (0..pixels)
            .flat_map(|pixel| {
                let of_part = |part: &FlexTensor| {
                    let count = part.layout().shape()[3];
                    part.as_slice::<f32>().unwrap()[pixel * count..][..count].to_vec()
                };
                parts.iter().flat_map(of_part).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(values(joined.clone()), expected);
        let apart = primitives::separate(joined, &counts);
        for (found, part) in apart.into_iter().zip(parts) {
            assert_eq!(values(found), values(part));
        }
    }
}
