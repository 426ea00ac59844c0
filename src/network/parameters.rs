//! Counting a module's parameters.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// How many trainable parameters a module has: those that take a gradient.
///
/// Burn's own `num_params` also counts batch norm's running statistics, which published sizes
/// leave out.
#[must_use]
pub fn trainable_parameters<M: Module>(module: &M) -> usize {
    let mut count = Count(0);
    // Without autodiff no parameter takes a gradient; `train` restores which ones would.
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
