//! A network's values by name.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Bool, DType, Int, Tensor, TensorData};

/// All values of a network (weights, running statistics and any others) by their paths in it.
pub(super) fn collect<M: Module>(network: &M) -> Vec<(String, TensorData)> {
    let mut collector = Collector::default();
    // `valid` is what applies the last training pass to batch norm's running statistics.
    network.valid().visit(&mut collector);
    collector.values
}

/// The shapes and types of a network's float values, in the order of a visit.
pub(super) fn shapes<M: Module>(network: &M) -> Vec<(Vec<usize>, DType)> {
    let mut shapes = Shapes(Vec::new());
    network.visit(&mut shapes);
    shapes.0
}

/// The most bytes of a checkpoint of a network with these values: the network, its moving average, and twice as much
/// that an optimizer keeps; and as much again for what isn't a float value, but 64 MiB at least.
pub(super) fn most_bytes(shapes: &[(Vec<usize>, DType)]) -> u64 {
    let bytes = shapes.iter().map(|(shape, dtype)| {
        let values = shape
            .iter()
            .fold(1_u64, |values, &side| values.saturating_mul(side as u64));
        values.saturating_mul(dtype.size() as u64)
    });
    let once = bytes.fold(0, u64::saturating_add);
    once.saturating_mul(4)
        .saturating_add(once.saturating_mul(4).max(64 << 20))
}

/// Checks what an optimizer keeps for the parameters of these shapes: values of the parameter's own shape and type,
/// under names that begin with its position.
///
/// # Errors
/// The first name that doesn't fit, and the reason.
pub(super) fn check_state(
    state: &BTreeMap<String, TensorData>,
    shapes: &[(Vec<usize>, DType)],
) -> Result<(), (String, String)> {
    for (name, data) in state {
        let place = name
            .split_once('.')
            .and_then(|(place, _)| place.parse().ok());
        let reason = match place.and_then(|place: usize| shapes.get(place)) {
            None => "the network has no parameter of this number".to_owned(),
            Some((shape, dtype)) if data.shape().to_vec() != *shape || data.dtype() != *dtype => {
                other_form(data, shape, *dtype)
            }
            Some(_) => continue,
        };
        return Err((format!("optimizer.{name}"), reason));
    }
    Ok(())
}

fn other_form(data: &TensorData, shape: &[usize], dtype: DType) -> String {
    format!(
        "its shape and type are {:?} and {:?} in the checkpoint, but {shape:?} and {dtype:?} in the network",
        data.shape().to_vec(),
        data.dtype()
    )
}

/// Puts values into a network.
///
/// # Errors
/// The first parameter that doesn't fit, and the reason.
pub(super) fn restore<M: Module>(
    network: M,
    values: BTreeMap<String, TensorData>,
) -> Result<M, (String, String)> {
    let mut restorer = Restorer {
        path: Vec::new(),
        values,
        wrong: None,
    };
    let network = network.map(&mut restorer);
    let left = restorer.values.into_keys().next();
    let left = left.map(|name| (name, "the network has no such parameter".to_owned()));
    match restorer.wrong.or(left) {
        Some(wrong) => Err(wrong),
        None => Ok(network),
    }
}

#[derive(Default)]
struct Collector {
    path: Vec<String>,
    values: Vec<(String, TensorData)>,
}

impl Collector {
    fn add(&mut self, data: TensorData) {
        self.values.push((self.path.join("."), data));
    }
}

impl ModuleVisitor for Collector {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.add(param.val().into_data());
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.add(param.val().into_data());
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.add(param.val().into_data());
    }
}

struct Shapes(Vec<(Vec<usize>, DType)>);

impl ModuleVisitor for Shapes {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        self.0.push((value.dims().to_vec(), value.dtype()));
    }
}

struct Restorer {
    path: Vec<String>,
    values: BTreeMap<String, TensorData>,
    wrong: Option<(String, String)>,
}

impl Restorer {
    /// The value for a parameter of this shape and type, if there is one and it fits.
    fn value(&mut self, shape: Vec<usize>, dtype: DType) -> Option<TensorData> {
        let name = self.path.join(".");
        let reason = match self.values.remove(&name) {
            None => "the checkpoint has no such parameter".to_owned(),
            Some(data) => {
                if (data.shape().to_vec(), data.dtype()) == (shape.clone(), dtype) {
                    return Some(data);
                }
                other_form(&data, &shape, dtype)
            }
        };
        self.wrong.get_or_insert((name, reason));
        None
    }
}

/// Restores a value of one kind.
macro_rules! restored {
    ($restorer:ident, $param:ident) => {
        $param.map(
            |old| match $restorer.value(old.dims().to_vec(), old.dtype()) {
                Some(data) => {
                    let dtype = data.dtype();
                    Tensor::from_data(data, (&old.device(), dtype))
                }
                None => old,
            },
        )
    };
}

impl ModuleMapper for Restorer {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        restored!(self, param)
    }

    fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
        restored!(self, param)
    }

    fn map_bool<const D: usize>(
        &mut self,
        param: Param<Tensor<D, Bool>>,
    ) -> Param<Tensor<D, Bool>> {
        restored!(self, param)
    }
}
