//! A file of the PyTorch build, and the Burn network for the same weights.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::store::{KeyRemapper, ModuleSnapshot, PyTorchToBurnAdapter, bridge, burn_pack};
use burn::tensor::{DType, Device, Gradients, Int, Tensor, TensorData};
use evonas::network::{
    AuxiliaryHead, BatchNormSettings, CellNetwork, ImageShape, NetworkConfig, NetworkPlan, Stem,
    TrainingPass,
};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::published;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::double::ToDouble;

/// A file of `parity.py export`, or of another build with the same keys.
pub(crate) struct Fixture {
    network: CellNetwork,
    tensors: BTreeMap<String, TensorData>,
    rounding: f64,
}

/// The largest differences, each relative to the largest value of its tensor.
pub(crate) struct Differences {
    pub(crate) logits: f64,
    pub(crate) loss: f64,
    pub(crate) gradient: f64,
    /// The parameter whose gradient differs most.
    pub(crate) parameter: String,
}

/// The results of a network for a batch.
struct Pass {
    /// In evaluation mode.
    logits: TensorData,
    loss: TensorData,
    /// By our names, in PyTorch's layout.
    gradients: BTreeMap<String, TensorData>,
}

/// The tensors of a file that are neither weights nor gradients.
const OTHERS: [&str; 6] = [
    "input",
    "labels",
    "eval_logits",
    "train_logits",
    "auxiliary_logits",
    "train_loss",
];

impl Fixture {
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = header.metadata().clone().unwrap_or_default();
        let text = metadata
            .get("genotype_text")
            .unwrap_or(&metadata["genotype"]);
        let genotype = published::by_name(text).unwrap_or_else(|| text.parse().unwrap());
        let tensors = tensors(&bytes);
        let config = config(&metadata, &tensors);
        let plan = NetworkPlan::new(&genotype, &config).unwrap();
        let device = Device::flex().autodiff();
        let mut network = CellNetwork::new(&genotype, &config, &mut stream(0, 0), &device).unwrap();
        let weights = renamed(&tensors, "weights", &plan);
        let result = network.apply(weights, None, Some(Box::new(PyTorchToBurnAdapter)), true);
        assert!(result.errors.is_empty(), "{result:?}");
        let unused: Vec<_> = result
            .unused
            .iter()
            .filter(|name| !name.starts_with("grads.") && !OTHERS.contains(&name.as_str()))
            .collect();
        assert!(unused.is_empty(), "not in the network: {unused:?}");
        let rounding = metadata.get("gradient_difference");
        let mut fixture = Self {
            network,
            tensors,
            rounding: rounding.map_or(0.0, |text| text.parse().unwrap()),
        };
        fixture.rename_gradients(&plan);
        fixture
    }

    /// A network and the file that PyTorch wrote for it, which has our names.
    pub(crate) fn of(network: CellNetwork, path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = header.metadata().clone().unwrap_or_default();
        let mut tensors = tensors(&bytes);
        let gradients: Vec<_> = tensors
            .iter()
            .filter_map(|(name, data)| Some((name.strip_prefix("grads.")?, data)))
            .map(|(name, data)| (format!("gradient of {name}"), data.clone()))
            .collect();
        tensors.extend(gradients);
        // With running statistics of its own, which clones share.
        let network = network.valid().train();
        let network = match tensors["input"].dtype() {
            DType::F64 => network.map(&mut ToDouble),
            _ => network,
        };
        Self {
            network,
            tensors,
            rounding: metadata["gradient_difference"].parse().unwrap(),
        }
    }

    /// Whether everything is in double precision.
    pub(crate) fn is_double(&self) -> bool {
        self.tensors["input"].dtype() == DType::F64
    }

    /// How far the file's gradients are from those in double precision, if the file says so.
    pub(crate) fn rounding(&self) -> f64 {
        self.rounding
    }

    /// Stores the gradients under the names of our parameters.
    fn rename_gradients(&mut self, plan: &NetworkPlan) {
        for tensor in renamed(&self.tensors, "grads", plan) {
            let name = format!("gradient of {}", tensor.name);
            self.tensors
                .insert(name, bridge::into_data(tensor).unwrap());
        }
    }

    /// How far the network is from the file.
    pub(crate) fn compare(&self) -> Differences {
        let found = self.pass(self.copy(), &self.tensors["input"]);
        let gradients = self.tensors.keys();
        let gradients = gradients.filter(|name| name.starts_with("grads.")).count();
        assert_eq!(
            found.gradients.len(),
            gradients,
            "parameters with a gradient"
        );
        let expected = Pass {
            logits: self.tensors["eval_logits"].clone(),
            loss: self.tensors["train_loss"].clone(),
            gradients: found
                .gradients
                .keys()
                .map(|name| {
                    let theirs = format!("gradient of {}", torch_name(name));
                    (name.clone(), self.tensors[&theirs].clone())
                })
                .collect(),
        };
        found.compared_with(&expected)
    }

    /// How far the network is from the same network in double precision, on the file's images with every
    /// value moved by up to a millionth, or not at all if `nudge` is 0.
    pub(crate) fn compare_with_double(&self, nudge: u64) -> Differences {
        let mut rng = stream(nudge, 0);
        let images = &self.tensors["input"];
        let moved: Vec<f32> = images
            .iter::<f32>()
            .map(|value| match nudge {
                0 => value,
                _ => value * (1.0 + 2e-6 * (rng.random::<f32>() - 0.5)),
            })
            .collect();
        let images = TensorData::new(moved, images.shape().clone());
        let double = self.copy().map(&mut ToDouble);
        let exact = self.pass(double, &images.clone().convert::<f64>());
        self.pass(self.copy(), &images).compared_with(&exact)
    }

    /// The network with separate running statistics, which clones share.
    fn copy(&self) -> CellNetwork {
        self.network.valid().train()
    }

    fn pass(&self, network: CellNetwork, images: &TensorData) -> Pass {
        let device = Device::flex();
        let images = Tensor::<4>::from_data(images.clone(), (&device, images.dtype()));
        let labels = Tensor::<1, Int>::from_data(self.tensors["labels"].clone(), &device);
        let logits = network.valid().forward(images.clone()).into_data();
        let mut rng = stream(0, 0);
        let output = network.forward_training(images, &mut TrainingPass::new(0.0, &mut rng));
        let cross_entropy = CrossEntropyLossConfig::new().init(&device);
        let mut loss = cross_entropy.forward(output.logits, labels.clone());
        if let Some((logits, weight)) = output.auxiliary {
            loss = loss + cross_entropy.forward(logits, labels) * weight;
        }
        let gradients = loss.backward();
        let mut visitor = GradientVisitor {
            gradients: &gradients,
            found: BTreeMap::new(),
        };
        network.visit(&mut visitor);
        let stored = network.collect(None, None, true).into_iter();
        let gradients = stored.filter_map(|stored| {
            let gradient = visitor.found.get(&stored.param_id?)?;
            Some((stored.name.clone(), to_torch(&stored.name, gradient)))
        });
        Pass {
            logits,
            loss: loss.inner().into_data(),
            gradients: gradients.collect(),
        }
    }
}

impl Pass {
    fn compared_with(&self, expected: &Self) -> Differences {
        let (gradient, parameter) = self
            .gradients
            .iter()
            .map(|(name, found)| (difference(found, &expected.gradients[name]), name.clone()))
            .fold((0.0, String::new()), |worst, one| {
                if one.0 > worst.0 { one } else { worst }
            });
        Differences {
            logits: difference(&self.logits, &expected.logits),
            loss: difference(&self.loss, &expected.loss),
            gradient,
            parameter,
        }
    }
}

/// The configuration, from the file's metadata and shapes.
fn config(
    metadata: &std::collections::HashMap<String, String>,
    tensors: &BTreeMap<String, TensorData>,
) -> NetworkConfig {
    let number = |key: &str| {
        metadata
            .get(key)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let input = tensors["input"].shape().to_vec();
    let classes = tensors["eval_logits"].shape().to_vec()[1];
    let image = ImageShape {
        channels: input[1],
        height: input[2],
        width: input[3],
    };
    let mut config = NetworkConfig::new(image, classes)
        .cells_per_stack(number("cells").unwrap())
        .filters(number("filters").unwrap());
    if metadata.get("stem").is_some_and(|stem| stem == "imagenet") {
        let filters = number("stem_filters").unwrap();
        config = config
            .stem(Stem::ImageNet { filters })
            .batch_norm(BatchNormSettings::IMAGENET);
    }
    if let Some(scale) = metadata.get("aux").and_then(|text| text.parse().ok()) {
        config = config.auxiliary(AuxiliaryHead::new(scale));
    }
    let skip = metadata.get("skip_reduction_input");
    config.skip_reduction_input(skip.is_some_and(|text| text.eq_ignore_ascii_case("true")))
}

/// The tensors of a file. Burn's store would read the header again for each.
fn tensors(bytes: &[u8]) -> BTreeMap<String, TensorData> {
    let tensors = SafeTensors::deserialize(bytes).unwrap().tensors();
    let data = |view: TensorView<'_>| {
        let dtype = match view.dtype() {
            Dtype::F32 => DType::F32,
            Dtype::F64 => DType::F64,
            Dtype::I64 => DType::I64,
            other => panic!("a fixture has no {other:?}"),
        };
        TensorData::from_bytes_vec(view.data().to_vec(), view.shape().to_vec(), dtype)
    };
    tensors
        .into_iter()
        .map(|(name, view)| (name, data(view)))
        .collect()
}

/// All tensors, those below `prefix` under the names of our modules.
fn renamed(
    tensors: &BTreeMap<String, TensorData>,
    prefix: &str,
    plan: &NetworkPlan,
) -> Vec<burn_pack::Tensor> {
    let rules = [
        (r"stem\.(\d+)\.", "stem.layers.$1."),
        (r"cells\.(\d+)\.base\.(\d+)\.", "cells.$1.base.layers.$2."),
        (r"cells\.(\d+)\.align\.(\d+)\.", "cells.$1.align.layers.$2."),
        (
            r"cells\.(\d+)\.align\.reduce\.path1\.",
            "cells.$1.align.layers.1.first.",
        ),
        (
            r"cells\.(\d+)\.align\.reduce\.path2\.",
            "cells.$1.align.layers.1.second.",
        ),
        (
            r"cells\.(\d+)\.align\.reduce\.bn\.",
            "cells.$1.align.layers.1.norm.",
        ),
        (
            r"cells\.(\d+)\.ops\.(\d+)\.project\.0\.",
            "cells.$1.branches.$2.layers.1.",
        ),
        (
            r"cells\.(\d+)\.ops\.(\d+)\.project\.1\.",
            "cells.$1.branches.$2.layers.2.",
        ),
        (
            r"cells\.(\d+)\.ops\.(\d+)\.(\d+)\.",
            "cells.$1.branches.$2.layers.$3.",
        ),
        (r"classifier\.", "head.classifier."),
        (r"auxiliary\.9\.", "auxiliary.classifier."),
        (r"auxiliary\.(\d+)\.", "auxiliary.features.layers.$1."),
    ];
    let mut rules: Vec<(String, String)> = rules
        .into_iter()
        .map(|(from, to)| (from.to_owned(), to.to_owned()))
        .collect();
    // The file names a concatenated part by its state, we by its position.
    for (cell, cell_plan) in plan.cells.iter().enumerate() {
        for (part, concat) in cell_plan.concat.iter().enumerate() {
            let from = format!(r"cells\.{cell}\.reduce\.{}\.", concat.state);
            let to = format!("cells.{cell}.parts.{part}.layers.");
            for (theirs, ours) in [
                (r"path1\.", "0.first."),
                (r"path2\.", "0.second."),
                (r"bn\.", "0.norm."),
                (r"0\.", "0."),
                (r"1\.", "1."),
            ] {
                rules.push((format!("{from}{theirs}"), format!("{to}{ours}")));
            }
        }
    }
    let rules = rules
        .into_iter()
        .map(|(from, to)| (format!(r"^{prefix}\.{from}"), to));
    let tensors = tensors
        .iter()
        .map(|(name, data)| bridge::from_data(data.clone(), name.clone(), None));
    let remapper = KeyRemapper::from_patterns(rules.collect()).unwrap();
    remapper.remap(tensors.collect()).0
}

/// The name of a parameter in PyTorch.
fn torch_name(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((module, "gamma")) => format!("{module}.weight"),
        Some((module, "beta")) => format!("{module}.bias"),
        _ => name.to_owned(),
    }
}

struct GradientVisitor<'a> {
    gradients: &'a Gradients,
    found: BTreeMap<u64, TensorData>,
}

impl ModuleVisitor for GradientVisitor<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            return;
        }
        if let Some(gradient) = param.val().grad(self.gradients) {
            self.found.insert(param.id.val(), gradient.into_data());
        }
    }
}

/// The values in PyTorch's layout, where the matrix of a linear layer is transposed.
fn to_torch(name: &str, gradient: &TensorData) -> TensorData {
    if !name.ends_with("classifier.weight") {
        return gradient.clone();
    }
    let [rows, columns] = gradient.shape().to_vec()[..] else {
        panic!("{name} is not a matrix");
    };
    let values = values(gradient);
    let transposed: Vec<f64> = (0..rows * columns)
        .map(|index| values[index % rows * columns + index / rows])
        .collect();
    TensorData::new(transposed, [columns, rows])
}

fn values(data: &TensorData) -> Vec<f64> {
    data.iter::<f64>().collect()
}

/// The largest difference, relative to the largest expected value.
fn difference(found: &TensorData, expected: &TensorData) -> f64 {
    assert_eq!(found.shape().to_vec(), expected.shape().to_vec());
    let (found, expected) = (values(found), values(expected));
    let largest = |values: &mut dyn Iterator<Item = f64>| {
        values.fold(0.0_f64, |largest, value| largest.max(value.abs()))
    };
    let scale = largest(&mut expected.iter().copied());
    assert!(scale > 0.0 && scale.is_finite());
    let differences = found.iter().zip(&expected).map(|(found, expected)| {
        let difference = found - expected;
        if difference.is_finite() {
            difference
        } else {
            f64::MAX
        }
    });
    largest(&mut { differences }) / scale
}
