//! Sums over many groups in two steps, so that no thread adds up more than a few dozen.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{empty, threads};

/// The number of groups that one thread adds up.
const FEW: usize = 16;

/// The number of groups to fold this many into; `None` if they are few enough.
pub(super) const fn folds(groups: usize) -> Option<usize> {
    if groups <= FEW {
        None
    } else {
        Some(groups.isqrt())
    }
}

/// One thread for each value of the result.
#[cube(launch)]
fn fold_kernel(sums: &Tensor<f32>, folded: &mut Tensor<f32>) {
    if ABSOLUTE_POS >= folded.len() {
        terminate!();
    }
    let folds = folded.shape(0);
    let values = folded.len() / folds;
    let place = ABSOLUTE_POS % values;
    let mut group = ABSOLUTE_POS / values;
    let mut sum = f32::new(0.0);
    while group < sums.shape(0) {
        sum += sums[group * values + place];
        group += folds;
    }
    folded[ABSOLUTE_POS] = sum;
}

/// Folds `[groups, …]`, contiguous, into fewer groups with the same sum.
pub(super) fn folded(sums: CubeTensor) -> CubeTensor {
    let [groups, values, channels] = sums.shape().dims();
    let Some(folds) = folds(groups) else {
        return sums;
    };
    let folded = empty(&sums, [folds, values, channels].into(), DType::F32);
    let (count, dim) = threads(&sums, folds * values * channels);
    fold_kernel::launch(
        &sums.client.clone(),
        count,
        dim,
        sums.into_tensor_arg(),
        folded.clone().into_tensor_arg(),
    );
    folded
}
