//! Hidden states in half precision. WGSL has no bfloat16, but 16-bit floats take the same way through the kernels.

use burn::tensor::{Device, FloatDType, Tensor};
use evonas::randomness::stream;
use evonas_kernels::{
    BatchNorm, Convolution, Epilogue, FactorizedPaths, HiddenState, Normalized, Pooling, Products,
    Unit, Window, round_together,
};
use rand::RngExt as _;

use super::device;

const BATCH: usize = 6;
const SIZE: [usize; 2] = [9, 7];

/// Tensors that get gradients, and the numbers they are drawn from.
struct Leaves<'a> {
    device: &'a Device,
    drawn: u64,
    tensors: Vec<Tensor<4>>,
    /// The type to which dense weights are rounded before they are used, if they are.
    rounded: Option<FloatDType>,
}

impl Leaves<'_> {
    fn next(&mut self, shape: [usize; 4]) -> Tensor<4> {
        let mut rng = stream(11, self.drawn);
        self.drawn += 1;
        let scale = ((shape[1] * shape[2] * shape[3]) as f32).sqrt().recip();
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count)
            .map(|_| (rng.random::<f32>() - 0.5) * 4.0 * scale)
            .collect();
        let tensor = Tensor::<1>::from_data(values.as_slice(), self.device).reshape(shape);
        self.tensors.push(tensor.require_grad());
        self.tensors[self.tensors.len() - 1].clone()
    }

    fn convolution(
        &mut self,
        shape: [usize; 4],
        [height, width]: [usize; 2],
        stride: usize,
    ) -> Convolution {
        let kernel = shape[3];
        let weight = self.next(shape);
        let is_dense = shape[1] > 1;
        Convolution {
            weight: match self.rounded.filter(|_| is_dense) {
                Some(dtype) => round_together(vec![weight], dtype).remove(0),
                None => weight.into(),
            },
            window: window([height, width], kernel, stride),
            products: Products::Single,
        }
    }
}

fn window([height, width]: [usize; 2], kernel: usize, stride: usize) -> Window {
    Window {
        kernel: [kernel; 2],
        stride: [stride; 2],
        before: [(kernel / 2) as isize; 2],
        out_height: height.div_ceil(stride),
        out_width: width.div_ceil(stride),
        ..Window::pixel([height, width])
    }
}

/// Logits, and the gradients by all weights, of a small network that has every operation, with states of a type.
fn results(device: &Device, stored: FloatDType, rounded: Option<FloatDType>) -> Vec<Vec<f32>> {
    let device = device.clone().autodiff();
    let mut leaves = Leaves {
        device: &device,
        drawn: 0,
        tensors: Vec::new(),
        rounded,
    };
    let images = leaves.next([BATCH, 3, SIZE[0], SIZE[1]]) * 3.0;
    let norms = [(); 10].map(|()| BatchNorm::new(8, &device));
    let unit = |relu, depthwise, dense, norm| Unit {
        relu,
        depthwise,
        dense,
        norm: Some(norm),
        ..Unit::default()
    };
    let separable = |leaves: &mut Leaves<'_>, size, kernel, stride, norm| {
        let depthwise = leaves.convolution([8, 1, kernel, kernel], size, stride);
        let size = [depthwise.window.out_height, depthwise.window.out_width];
        let dense = leaves.convolution([8, 8, 1, 1], size, 1);
        unit(true, Some(depthwise), Some(dense), norm)
    };
    let state = HiddenState::enter(images.cast(stored));
    let stem = leaves.convolution([8, 3, 3, 3], SIZE, 1);
    let stem = unit(false, None, Some(stem), &norms[0]).forward(state);
    let factors = [1.5_f32, 0.0, 1.5, 1.5, 0.0, 1.5];
    let factors = Tensor::<1>::from_data(factors.as_slice(), &device).reshape([BATCH, 1, 1, 1]);
    let straight = separable(&mut leaves, SIZE, 5, 1, &norms[1]).forward_with(
        stem.clone(),
        Epilogue {
            factors: Some(factors.clone()),
            plus: Some(stem.clone()),
        },
    );
    // A separable and a 1x1 convolution that normalize their inputs, and a sum of what is still to be normalized.
    let apart = |unit: Unit<'_>, before, state| {
        let unit = Unit {
            before,
            norm: None,
            ..unit
        };
        unit.forward(state)
    };
    let [half, other] = [7, 3].map(|kernel| {
        let unit = separable(&mut leaves, SIZE, kernel, 1, &norms[6]);
        apart(unit, None, stem.clone())
    });
    let second = separable(&mut leaves, SIZE, 5, 1, &norms[7]);
    let pixels = leaves.convolution([8, 8, 1, 1], SIZE, 1);
    let pixels = unit(true, None, Some(pixels), &norms[8]);
    let addends = [
        (apart(second, Some(&norms[6]), half), &norms[7]),
        (apart(pixels, Some(&norms[9]), other), &norms[8]),
    ];
    let sum = Normalized::sum(addends.map(|(state, norm)| Normalized {
        state,
        norm,
        factors: Some(factors.clone()),
    }));
    let pooled = [Pooling::Average, Pooling::Max].map(|pooling| {
        let epilogue = Epilogue {
            factors: Some(factors.clone()),
            plus: Some(straight.clone()),
        };
        stem.clone()
            .pool_with(pooling, window(SIZE, 3, 1), epilogue)
    });
    let [average, extreme] = pooled;
    let joined = HiddenState::concatenate_for_relu(vec![straight, average, extreme, sum]);
    let squeezed = leaves.convolution([8, 32, 1, 1], SIZE, 1);
    let squeezed = unit(true, None, Some(squeezed), &norms[2]).forward(joined.clone());
    let paths = FactorizedPaths {
        relu: true,
        first: leaves.next([4, 32, 1, 1]).into(),
        second: leaves.next([4, 32, 1, 1]).into(),
        products: Products::Single,
    };
    let reduced = unit(false, None, None, &norms[3]).forward(paths.forward(joined));
    let strided = separable(&mut leaves, SIZE, 3, 2, &norms[4]).forward(squeezed.clone());
    let minimum = squeezed.pool(Pooling::Min, window(SIZE, 3, 2));
    let last = HiddenState::concatenate(vec![reduced + strided, minimum]);
    let narrow = leaves.convolution([8, 16, 1, 1], last.size(), 1);
    let last = unit(true, None, Some(narrow), &norms[5]).forward(last);
    assert_eq!(last.clone().leave().dtype(), stored.into());
    let classifier = leaves.next([1, 1, 8, 5]).reshape([8, 5]);
    let logits = last.relu().global_average_pool().linear(classifier, None);
    let mut gradients = logits.clone().powi_scalar(3).sum().backward();
    let values = |tensor: Tensor<4>| tensor.into_data().iter::<f32>().collect::<Vec<f32>>();
    let mut results = vec![values(logits.inner().reshape([1, 1, BATCH, 5]))];
    for leaf in leaves.tensors {
        let gradient = leaf.grad_remove(&mut gradients).unwrap();
        results.push(values(gradient));
    }
    results
}

/// The largest difference of a tensor, relative to its largest value.
fn furthest(found: &[Vec<f32>], expected: &[Vec<f32>]) -> Vec<f32> {
    assert_eq!(found.len(), expected.len());
    let of_pair = |(found, expected): (&Vec<f32>, &Vec<f32>)| {
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().all(|value| value.is_finite()), "{found:?}");
        let most = |values: &mut dyn Iterator<Item = f32>| {
            values.fold(0.0_f32, |most, value| most.max(value.abs()))
        };
        let largest = most(&mut expected.iter().copied());
        most(&mut found.iter().zip(expected).map(|(a, b)| a - b)) / largest
    };
    found.iter().zip(expected).map(of_pair).collect()
}

#[test]
fn states_in_half_precision_differ_by_rounding() {
    let Some(device) = device() else { return };
    let cpu = Device::flex();
    let expected = results(&cpu, FloatDType::F32, None);
    let single = furthest(&results(&device, FloatDType::F32, None), &expected);
    assert!(single.iter().all(|&one| one < 1e-4), "{single:?}");
    if !device.supports_dtype(FloatDType::F16) {
        let skipped = "skipped: the device has no 16-bit floats";
        assert!(
            std::env::var_os("EVONAS_REQUIRE_WGPU").is_none(),
            "{skipped}"
        );
        println!("{skipped}");
        return;
    }
    // What rounding does, from Burn's own operations on the CPU.
    let by_burn = furthest(&results(&cpu, FloatDType::F16, None), &expected);
    let found = results(&device, FloatDType::F16, None);
    let half = furthest(&found, &expected);
    println!("Burn's operations: {by_burn:?}\nkernels: {half:?}");
    for (number, (half, by_burn)) in half.iter().zip(by_burn).enumerate() {
        assert!(
            *half > 0.0 && *half < 5e-3_f32.max(2.0 * by_burn),
            "{number}: {half}"
        );
    }
    // Rounding the weights before they are used changes nothing.
    assert_eq!(
        results(&device, FloatDType::F16, Some(FloatDType::F16)),
        found
    );
}

#[test]
#[should_panic(expected = "the weights were rounded to another type")]
fn weights_that_were_rounded_for_other_states_are_refused() {
    let device = device().expect("the weights were rounded to another type");
    let _ = results(&device, FloatDType::F32, Some(FloatDType::F16));
}
