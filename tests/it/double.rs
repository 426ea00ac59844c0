//! Networks in double precision, in which Burn's own operations run.

use burn::module::{ModuleMapper, Param};
use burn::tensor::{DType, Tensor};

/// Converts a network's weights to double precision.
pub(crate) struct ToDouble;

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
