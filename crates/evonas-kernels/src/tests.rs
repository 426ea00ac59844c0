//! The crate's operations as a network calls them: the CPU's kernels, in single precision, against Burn's
//! operations, which run in double precision.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::{
    BatchNorm, Convolution, Epilogue, FactorizedPaths, HiddenState, Normalized, Pooling, Products,
    Unit, Window,
};

fn random(shape: [usize; 4], seed: u64) -> Tensor<4> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| rng.random::<f32>() - 0.5)
        .collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn assert_close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-2_f64, |most, v| most.max(v.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= 1e-4 * scale,
            "{what}: {found}, not {expected}"
        );
    }
}

/// The output of an operation and the gradients of its squares' sum, by the input and by weights.
fn results(inputs: Vec<Tensor<4>>, operation: &dyn Fn(&[Tensor<4>]) -> Tensor<4>) -> Vec<Vec<f64>> {
    let inputs: Vec<_> = inputs.into_iter().map(Tensor::require_grad).collect();
    let output = operation(&inputs);
    let gradients = output.clone().powi_scalar(2).sum().backward();
    let mut results = vec![values(output)];
    for input in inputs {
        results.push(values(input.grad(&gradients).expect("every input has one")));
    }
    results
}

/// Both implementations of an operation agree.
fn assert_agree(what: &str, inputs: &[Tensor<4>], operation: &dyn Fn(&[Tensor<4>]) -> Tensor<4>) {
    let single = results(inputs.to_vec(), operation);
    let double = inputs.iter().cloned();
    let double = results(
        double.map(|tensor| tensor.cast(FloatDType::F64)).collect(),
        operation,
    );
    for (single, double) in single.iter().zip(&double) {
        assert_close(what, single, double);
    }
}

struct ToDouble;

impl ModuleMapper for ToDouble {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let trains = tensor.is_require_grad();
        let device = tensor.device();
        let data = tensor.detach().into_data().convert::<f64>();
        let tensor = Tensor::from_data(data, (&device, DType::F64)).set_require_grad(trains);
        Param::from_mapped_value(id, tensor, mapper)
    }
}

fn same(size: [usize; 2], kernel: usize) -> Window {
    Window {
        kernel: [kernel; 2],
        before: [(kernel / 2) as isize; 2],
        ..Window::pixel(size)
    }
}

const SIZE: [usize; 2] = [7, 6];

fn convolution(weight: &Tensor<4>, kernel: usize) -> Option<Convolution> {
    Some(Convolution {
        weight: weight.clone().into(),
        window: same(SIZE, kernel),
        products: Products::Single,
    })
}

#[test]
fn a_hidden_state_leaves_as_it_entered() {
    let images = random([2, 3, 5, 4], 1);
    for images in [images.clone(), images.cast(FloatDType::F64)] {
        let state = HiddenState::enter(images.clone());
        assert_eq!(state.dims(), [2, 3, 5, 4]);
        assert_eq!(state.size(), [5, 4]);
        assert_eq!(values(state.clone().flatten()), values(images.clone()));
        assert_eq!(values(state.leave()), values(images));
    }
}

#[test]
fn features_of_one_pixel_come_back() {
    let features = random([4, 6, 1, 1], 2).reshape([4, 6]);
    let state = HiddenState::from_features(features.clone());
    assert_eq!(state.dims(), [4, 6, 1, 1]);
    assert_eq!(values(state.flatten()), values(features));
}

#[test]
fn units_without_batch_norm_agree() {
    let image = random([2, 4, SIZE[0], SIZE[1]], 3);
    let depthwise = random([4, 1, 3, 3], 4);
    let dense = random([5, 4, 1, 1], 5);
    let whole = random([5, 4, 3, 3], 6);
    let inputs = [image.clone(), depthwise, dense];
    assert_agree("separable", &inputs, &|inputs| {
        let unit = Unit {
            relu: true,
            depthwise: convolution(&inputs[1], 3),
            dense: convolution(&inputs[2], 1),
            ..Unit::default()
        };
        unit.forward(HiddenState::enter(inputs[0].clone())).leave()
    });
    assert_agree("dense", &[image, whole], &|inputs| {
        let unit = Unit {
            dense: convolution(&inputs[1], 3),
            ..Unit::default()
        };
        unit.forward(HiddenState::enter(inputs[0].clone())).leave()
    });
}

#[test]
fn batch_norm_agrees_and_keeps_the_same_running_statistics() {
    let norm = || BatchNorm::new(4, &Device::flex().autodiff());
    let run = |norm: &BatchNorm, image: Tensor<4>| {
        let unit = Unit {
            relu: true,
            norm: Some(norm),
            ..Unit::default()
        };
        values(unit.forward(HiddenState::enter(image)).leave())
    };
    let image = random([3, 4, SIZE[0], SIZE[1]], 7);
    let (single, double) = (norm().train(), norm().train().map(&mut ToDouble));
    let found = run(&single, image.clone());
    assert_close(
        "output",
        &found,
        &run(&double, image.clone().cast(FloatDType::F64)),
    );
    for (single, double) in [
        (&single.running_mean, &double.running_mean),
        (&single.running_var, &double.running_var),
    ] {
        let [found, expected] = [single, double].map(|of| values(of.value()));
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
        }
    }
    let evaluated = run(&single.valid(), image.clone().inner());
    assert_ne!(evaluated, found);
}

#[test]
fn an_unbiased_running_variance_is_larger_by_the_share_of_one_value() {
    let device = Device::flex().autodiff();
    let image = random([3, 4, SIZE[0], SIZE[1]], 7);
    for image in [image.clone(), image.cast(FloatDType::F64)] {
        let [biased, unbiased] = [false, true].map(|unbiased| {
            let norm = BatchNorm::new(4, &device)
                .momentum(1.0)
                .unbiased_variance(unbiased);
            let norm = match image.dtype() {
                DType::F64 => norm.map(&mut ToDouble),
                _ => norm,
            };
            let unit = Unit {
                norm: Some(&norm),
                ..Unit::default()
            };
            let _ = unit.forward(HiddenState::enter(image.clone()));
            values(norm.running_var.value())
        });
        let count = (3 * SIZE[0] * SIZE[1]) as f64;
        for (biased, unbiased) in biased.into_iter().zip(unbiased) {
            let expected = biased * count / (count - 1.0);
            assert!((unbiased - expected).abs() < 1e-6, "{unbiased} {expected}");
        }
    }
}

/// An operation with each epilogue, and the same with operations of their own.
fn epilogues_agree(
    what: &str,
    inputs: &[Tensor<4>],
    operation: &dyn Fn(HiddenState, &[Tensor<4>], Epilogue) -> HiddenState,
) {
    let [batch, ..] = inputs[0].dims();
    let factors = |like: &Tensor<4>| {
        let values: Vec<f32> = (0..batch).map(|image| image as f32 * 0.5).collect();
        let data = TensorData::new(values, [batch, 1, 1, 1]);
        Tensor::from_data(data, (&like.device(), like.dtype()))
    };
    for (scales, adds) in [(false, true), (true, false), (true, true)] {
        // What is added is read by a pooling too, and the image by both: their gradients come from several operations.
        let forward = |inputs: &[Tensor<4>], apart: bool| {
            let state = HiddenState::enter(inputs[0].clone() * 2.0);
            let plus = state.clone().pool(Pooling::Average, same(SIZE, 3));
            let epilogue = Epilogue {
                factors: scales.then(|| factors(&inputs[0])),
                plus: adds.then(|| plus.clone()),
            };
            let output = match apart {
                true => epilogue.apply(operation(state, inputs, Epilogue::default())),
                false => operation(state, inputs, epilogue),
            };
            (output + plus.pool(Pooling::Max, same(SIZE, 3))).leave()
        };
        assert_agree(what, inputs, &|inputs| forward(inputs, false));
        let [together, apart] =
            [false, true].map(|apart| results(inputs.to_vec(), &|inputs| forward(inputs, apart)));
        for (together, apart) in together.iter().zip(&apart) {
            assert_close(what, together, apart);
        }
    }
}

#[test]
fn operations_agree_with_every_epilogue() {
    let image = random([3, 4, SIZE[0], SIZE[1]], 16);
    for pooling in [Pooling::Average, Pooling::Max] {
        let inputs = std::slice::from_ref(&image);
        epilogues_agree("pooling", inputs, &|state, inputs, epilogue| {
            // Also where an epilogue saves nothing, the kernels have it.
            match inputs[0].dtype() {
                DType::F32 => state.pool_in_one(pooling, same(SIZE, 3), epilogue),
                _ => state.pool_with(pooling, same(SIZE, 3), epilogue),
            }
        });
    }
    let inputs = [image, random([4, 1, 3, 3], 17), random([4, 4, 1, 1], 18)];
    let norm = || BatchNorm::new(4, &Device::flex().autodiff()).train();
    for normalizes in [false, true] {
        epilogues_agree("unit", &inputs, &|state, inputs, epilogue| {
            let norm = match inputs[0].dtype() {
                DType::F64 => norm().map(&mut ToDouble),
                _ => norm(),
            };
            let unit = Unit {
                relu: true,
                depthwise: convolution(&inputs[1], 3),
                dense: convolution(&inputs[2], 1),
                norm: normalizes.then_some(&norm),
                ..Unit::default()
            };
            match inputs[0].dtype() {
                DType::F32 => unit.compute(state, epilogue),
                _ => unit.forward_with(state, epilogue),
            }
        });
    }
}

#[test]
#[should_panic(expected = "a factor for each example")]
fn an_epilogue_with_other_factors_is_refused() {
    let state = HiddenState::enter(random([2, 3, SIZE[0], SIZE[1]], 19));
    let epilogue = Epilogue {
        factors: Some(random([3, 1, 1, 1], 20)),
        ..Epilogue::default()
    };
    let _ = state.pool_with(Pooling::Max, same(SIZE, 3), epilogue);
}

#[test]
#[should_panic(expected = "of the output's shape")]
fn an_epilogue_that_adds_another_shape_is_refused() {
    let state = |channels| HiddenState::enter(random([2, channels, SIZE[0], SIZE[1]], 21));
    let epilogue = Epilogue {
        plus: Some(state(4)),
        ..Epilogue::default()
    };
    let _ = state(3).pool_with(Pooling::Max, same(SIZE, 3), epilogue);
}

#[test]
fn poolings_agree() {
    let image = random([2, 3, SIZE[0], SIZE[1]], 8);
    for pooling in [Pooling::Average, Pooling::Max, Pooling::Min] {
        assert_agree("pooling", std::slice::from_ref(&image), &|inputs| {
            let state = HiddenState::enter(inputs[0].clone());
            state.pool(pooling, same(SIZE, 3)).leave()
        });
    }
}

#[test]
fn factorized_paths_agree() {
    let inputs = [
        random([2, 3, SIZE[0], SIZE[1]], 9),
        random([2, 3, 1, 1], 10),
        random([3, 3, 1, 1], 11),
    ];
    for relu in [false, true] {
        assert_agree("factorized reduction", &inputs, &|inputs| {
            let paths = FactorizedPaths {
                relu,
                first: inputs[1].clone().into(),
                second: inputs[2].clone().into(),
                products: Products::Single,
            };
            let output = paths.forward(HiddenState::enter(inputs[0].clone()));
            assert_eq!(output.dims(), [2, 5, 4, 3]);
            output.leave()
        });
    }
}

#[test]
fn what_has_no_weights_agrees() {
    let inputs = [
        random([2, 3, SIZE[0], SIZE[1]], 12),
        random([2, 3, SIZE[0], SIZE[1]], 13),
        random([2, 1, 1, 1], 14),
    ];
    assert_agree(
        "sums, products, means, concatenations",
        &inputs,
        &|inputs| {
            let [a, b] = [0, 1].map(|input| HiddenState::enter(inputs[input].clone()));
            let sum = (a.clone() + b.relu()).multiply(inputs[2].clone());
            let parts = vec![a, sum.clone(), sum];
            let all = HiddenState::concatenate(parts);
            (all.clone() + all.clone()).global_average_pool().leave()
        },
    );
}

#[test]
#[should_panic(expected = "images of another size")]
fn a_window_for_another_size_is_refused() {
    let state = HiddenState::enter(random([1, 3, 4, 4], 15));
    let _ = state.pool(Pooling::Max, same(SIZE, 3));
}

/// The output of a unit on images of a type, and the gradients by its weight and by the images.
fn unit_of(dtype: DType) -> [Vec<f32>; 3] {
    let weight = random([6, 4, 3, 3], 1).require_grad();
    let images = random([2, 4, SIZE[0], SIZE[1]], 2).require_grad();
    let norm = BatchNorm::new(6, &Device::flex().autodiff());
    let unit = Unit {
        relu: true,
        dense: Some(Convolution {
            weight: weight.clone().into(),
            window: same(SIZE, 3),
            products: Products::Single,
        }),
        norm: Some(&norm),
        ..Unit::default()
    };
    let output = unit
        .forward(HiddenState::enter(images.clone().cast(dtype)))
        .leave();
    assert_eq!(output.dtype(), dtype);
    let gradients = output
        .clone()
        .cast(DType::F32)
        .powi_scalar(3)
        .sum()
        .backward();
    let by = [weight, images].map(|of| of.grad(&gradients).unwrap());
    let [by_weight, by_images] = by.map(|gradient| {
        assert_eq!(gradient.dtype(), DType::F32);
        gradient.into_data().try_to_vec().unwrap()
    });
    let output = output.inner().cast(DType::F32).into_data();
    [output.try_to_vec().unwrap(), by_weight, by_images]
}

#[test]
fn half_precision_rounds_a_hidden_state_and_keeps_the_weights_gradient_in_single_precision() {
    let exact = unit_of(DType::F32);
    // Eight and eleven bits of precision.
    for (dtype, bound) in [(DType::BF16, 0.04), (DType::F16, 0.005)] {
        for (exact, rounded) in exact.iter().zip(unit_of(dtype)) {
            assert_ne!(exact, &rounded);
            let largest = exact
                .iter()
                .fold(0.0_f32, |most, value| most.max(value.abs()));
            for (exact, rounded) in exact.iter().zip(rounded) {
                assert!(
                    (exact - rounded).abs() <= bound * largest,
                    "{dtype:?}: {exact} {rounded}"
                );
            }
        }
    }
}

/// A batch norm in the precision of images, whose factors and summands differ between channels.
fn uneven_norm(like: &Tensor<4>, seed: u64) -> BatchNorm {
    let [_, channels, ..] = like.dims();
    let mut norm = BatchNorm::new(channels, &Device::flex().autodiff()).train();
    let values = |seed| random([channels, 1, 1, 1], seed).reshape([channels]);
    norm.gamma = Param::from_tensor(values(seed) + 1.0);
    norm.beta = Param::from_tensor(values(seed + 1));
    match like.dtype() {
        DType::F64 => norm.map(&mut ToDouble),
        _ => norm,
    }
}

#[test]
fn convolutions_after_batch_norm_agree() {
    let image = random([3, 4, SIZE[0], SIZE[1]], 22);
    let inputs = [image, random([4, 1, 3, 3], 23), random([4, 4, 1, 1], 24)];
    for (relu, normalizes) in [(true, true), (false, true), (true, false)] {
        assert_agree("a unit with a batch norm before it", &inputs, &|inputs| {
            let (before, norm) = (uneven_norm(&inputs[0], 25), uneven_norm(&inputs[0], 27));
            let unit = Unit {
                before: Some(&before),
                relu,
                depthwise: convolution(&inputs[1], 3),
                dense: convolution(&inputs[2], 1),
                norm: normalizes.then_some(&norm),
            };
            let state = HiddenState::enter(inputs[0].clone());
            let output = match inputs[0].dtype() {
                DType::F32 => unit.compute(state, Epilogue::default()),
                _ => unit.forward(state),
            };
            let variance = values(before.running_var.value());
            assert!(variance.iter().all(|&value| value != 1.0));
            // The squares of a normalized channel alone always add up to the same.
            let weighting = random([3, 4, SIZE[0], SIZE[1]], 36);
            output.leave() * weighting.cast(inputs[0].dtype())
        });
    }
}

#[test]
fn sums_of_normalized_states_agree() {
    let inputs = [28, 29].map(|seed| random([3, 4, SIZE[0], SIZE[1]], seed));
    for scales in [false, true] {
        assert_agree("a sum of normalized states", &inputs, &|inputs| {
            let norms = [30, 32].map(|seed| uneven_norm(&inputs[0], seed));
            let [first, second] = [0, 1].map(|number| {
                let factors = TensorData::new(vec![0.5_f32, 0.0, 2.0], [3, 1, 1, 1]);
                let device = inputs[0].device();
                Normalized {
                    state: HiddenState::enter(inputs[number].clone()),
                    norm: &norms[number],
                    factors: scales
                        .then(|| Tensor::from_data(factors, (&device, inputs[0].dtype()))),
                }
            });
            let sum = match inputs[0].dtype() {
                DType::F32 => Normalized::sum_in_one([first, second]),
                _ => Normalized::sum([first, second]),
            };
            for norm in &norms {
                let variance = values(norm.running_var.value());
                assert!(variance.iter().all(|&value| value != 1.0));
            }
            sum.leave()
        });
    }
}

#[test]
#[should_panic(expected = "of the output's shape")]
fn a_sum_of_normalized_states_of_two_shapes_is_refused() {
    let states = [3, 4].map(|channels| random([2, channels, SIZE[0], SIZE[1]], 34));
    let norms = states.each_ref().map(|state| uneven_norm(state, 35));
    let [first, second] = [0, 1].map(|number| Normalized {
        state: HiddenState::enter(states[number].clone()),
        norm: &norms[number],
        factors: None,
    });
    let _ = Normalized::sum([first, second]);
}

#[test]
fn a_state_is_added_to_itself_and_read_by_others() {
    let image = random([3, 4, SIZE[0], SIZE[1]], 37);
    assert_agree(
        "a state added to itself",
        std::slice::from_ref(&image),
        &|inputs| {
            let norms = [38, 40].map(|seed| uneven_norm(&inputs[0], seed));
            let state = HiddenState::enter(inputs[0].clone() * 2.0);
            let addends = norms.each_ref().map(|norm| Normalized {
                state: state.clone(),
                norm,
                factors: None,
            });
            let sum = match inputs[0].dtype() {
                DType::F32 => Normalized::sum_in_one(addends),
                _ => Normalized::sum(addends),
            };
            // It is the first of the readers on the way back.
            (sum + state.pool(Pooling::Max, same(SIZE, 3))).leave()
        },
    );
}
