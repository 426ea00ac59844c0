//! Counting a module's parameters.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// The number of trainable parameters of a module: those that receive a gradient.
///
/// Burn's `num_params` also counts batch norm's running statistics, which published sizes exclude.
#[must_use]
pub fn trainable_parameters<M: Module>(module: &M) -> usize {
    let mut count = Count(0);
    // Without autodiff no parameter requires a gradient; `train` restores which ones do.
    module.clone().train().visit(&mut count);
    count.0
}

struct Count(usize);

impl ModuleVisitor for Count {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            self.0 += param.lazy_shape().num_elements();
        }
    }
}
