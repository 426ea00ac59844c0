//! A network as an ONNX file.
//!
//! The folder has `model.onnx`, with the weights and statistics in single precision, and `config.json`, with the shape and
//! normalization of images and the names of the classes. The graph is the network in evaluation mode, of operators of
//! opset 17; the number of images, `N`, is free. Nodes have the names of the network's layers.
//!
//! ```no_run
//! use burn::tensor::Device;
//! use evonas::export::onnx::OnnxExport;
//! use evonas::training::TrainedClassifier;
//!
//! let classifier = TrainedClassifier::load("found/best.safetensors", &Device::flex())?;
//! OnnxExport::new(&classifier).fold_batch_norm(true).write("amoebanet")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod graph;
mod layers;
mod proto;

use std::fs;
use std::path::Path;

use prost::Message as _;

use self::graph::{GraphWriter, Weights};
use self::layers::{NetworkWriter, State};
use self::proto::{Attribute, Entry, FLOAT, Graph, Model, OperatorSet, UINT8, ValueInfo};
use super::config::Config;
use super::error::ExportError;
use crate::network::{ImageShape, NetworkPlan};
use crate::replace_file;
use crate::training::TrainedClassifier;

/// The name of the result.
const OUTPUT: &str = "logits";

const OPSET: i64 = 17;
const IR_VERSION: i64 = 8;

/// The most bytes of a file of protocol buffers.
const MOST_BYTES: usize = i32::MAX as usize;

/// Writes a classifier as an ONNX file.
///
/// The [module](self) has an example.
#[derive(Clone, Copy, Debug)]
pub struct OnnxExport<'a> {
    classifier: &'a TrainedClassifier,
    normalizes: bool,
    folds: bool,
}

impl<'a> OnnxExport<'a> {
    /// The export of this classifier. Its input is `images`, normalized, as floats `[N, channels, height, width]`; its
    /// output `logits`, `[N, classes]`.
    #[must_use]
    pub const fn new(classifier: &'a TrainedClassifier) -> Self {
        Self {
            classifier,
            normalizes: false,
            folds: false,
        }
    }

    /// Whether the graph normalizes the images itself: false by default. Its input is then `pixels`, bytes from 0 to 255
    /// of the same shape.
    #[must_use]
    pub const fn normalize(mut self, normalizes: bool) -> Self {
        self.normalizes = normalizes;
        self
    }

    /// Whether batch norm becomes a part of the convolution before it: false by default. It makes the file smaller and
    /// programs faster that don't do it themselves, and the network can't be trained further.
    #[must_use]
    pub const fn fold_batch_norm(mut self, folds: bool) -> Self {
        self.folds = folds;
        self
    }

    /// Writes `model.onnx` and `config.json` to a folder, which is made if it isn't there.
    ///
    /// # Errors
    /// [`ExportError`] if a file can't be written, or the network has more than the 2 GiB of an ONNX file.
    pub fn write(self, folder: impl AsRef<Path>) -> Result<(), ExportError> {
        let folder = folder.as_ref();
        let model = self.model()?.encode_to_vec();
        fs::create_dir_all(folder).map_err(ExportError::write(folder))?;
        let write = |name: &str, contents: &[u8]| {
            let path = folder.join(name);
            replace_file::write(&path, contents).map_err(ExportError::write(&path))
        };
        write(
            "config.json",
            Config::of(self.classifier).to_text().as_bytes(),
        )?;
        write("model.onnx", &model)
    }

    fn model(self) -> Result<Model, ExportError> {
        let network = &self.classifier.network;
        let plan = NetworkPlan::new(network.genotype(), network.config())?;
        let weights = Weights {
            tensors: network.tensors()?,
            epsilon: plan.config.batch_norm.epsilon,
        };
        let mut writer = NetworkWriter {
            graph: GraphWriter::default(),
            weights: &weights,
            folds: self.folds,
        };
        let shape = plan.config.image;
        let (input, images) = self.input(&mut writer.graph, shape);
        writer.network(
            &plan,
            State {
                name: images,
                shape,
            },
        );
        let classes = plan.config.classes;
        let model = Model {
            ir_version: IR_VERSION,
            producer_name: "evonas".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            doc_string: network.genotype().in_words(),
            graph: Some(Graph {
                node: writer.graph.nodes,
                name: "evonas".to_owned(),
                initializer: writer.graph.constants,
                input: vec![input],
                output: vec![ValueInfo::of_images(
                    OUTPUT,
                    FLOAT,
                    &[classes],
                    "the logits of the classes",
                )],
            }),
            opset_import: vec![OperatorSet {
                domain: String::new(),
                version: OPSET,
            }],
            metadata_props: self.metadata(),
        };
        match model.encoded_len() {
            bytes if bytes > MOST_BYTES => Err(ExportError::TooLarge {
                bytes: bytes as u64,
                most: MOST_BYTES as u64,
            }),
            _ => Ok(model),
        }
    }

    /// The input, and the name of the normalized images.
    fn input(self, graph: &mut GraphWriter, shape: ImageShape) -> (ValueInfo, String) {
        let ImageShape {
            channels,
            height,
            width,
        } = shape;
        let sizes = [channels, height, width];
        if !self.normalizes {
            let doc =
                "pixels from 0 to 1, minus the mean and divided by the deviation in config.json";
            let input = ValueInfo::of_images("images", FLOAT, &sizes, doc);
            return (input, "images".to_owned());
        }
        let input = ValueInfo::of_images("pixels", UINT8, &sizes, "pixels from 0 to 255");
        let statistics = self.classifier.statistics.channels();
        let bytes = |value: f32| 255.0 * value;
        let means: Vec<f32> = statistics.iter().map(|(mean, _)| bytes(*mean)).collect();
        let deviations: Vec<f32> = statistics.iter().map(|(_, one)| bytes(*one)).collect();
        let one_each = [1, channels, 1, 1];
        let means = graph.floats("normalize.mean".to_owned(), &one_each, &means);
        let deviations = graph.floats("normalize.deviation".to_owned(), &one_each, &deviations);
        let floats = vec![Attribute::int("to", FLOAT as usize)];
        let floats = graph.node("Cast", "normalize.floats".to_owned(), &["pixels"], floats);
        let centered = graph.node(
            "Sub",
            "normalize.centered".to_owned(),
            &[&floats, &means],
            Vec::new(),
        );
        let images = graph.node(
            "Div",
            "images".to_owned(),
            &[&centered, &deviations],
            Vec::new(),
        );
        (input, images)
    }

    fn metadata(self) -> Vec<Entry> {
        let names = (0..self.classifier.network.config().classes)
            .map(|class| self.classifier.class_name(class));
        let names: Vec<String> = names.collect();
        let entry = |key: &str, value: String| Entry {
            key: key.to_owned(),
            value,
        };
        vec![
            entry("genotype", self.classifier.network.genotype().to_string()),
            entry("classes", serde_json::to_string(&names).unwrap_or_default()),
        ]
    }
}
