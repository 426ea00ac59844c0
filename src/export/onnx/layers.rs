//! Layers as nodes.

use super::graph::{GraphWriter, ScaleAndShift, Weights};
use super::proto::Attribute;
use crate::network::{
    CellPlan, ConvolutionPlan, HeadPlan, ImageShape, LayerPath, LayerPlan, NetworkPlan, PoolKind,
    PoolPlan,
};

/// A tensor in the graph, and the shape of one of its images.
#[derive(Clone)]
pub(super) struct State {
    pub(super) name: String,
    pub(super) shape: ImageShape,
}

/// Writes a network's layers, in evaluation mode, into a graph.
pub(super) struct NetworkWriter<'a> {
    pub(super) graph: GraphWriter,
    pub(super) weights: &'a Weights,
    /// Whether batch norm goes into the convolution before it.
    pub(super) folds: bool,
}

impl NetworkWriter<'_> {
    /// From normalized images to logits; returns the name of the latter.
    pub(super) fn network(&mut self, plan: &NetworkPlan, images: State) -> String {
        let stem = self.sequence(&plan.stem, images, |layer| LayerPath::Stem { layer });
        let mut outputs = vec![stem];
        for (index, cell) in plan.cells.iter().enumerate() {
            let output = self.cell(index, cell, &outputs);
            outputs.push(output);
        }
        let last = outputs.swap_remove(plan.cells.len());
        self.head(&plan.head, last)
    }

    fn cell(&mut self, cell: usize, plan: &CellPlan, outputs: &[State]) -> State {
        let [previous, before] = plan.inputs.map(|input| outputs[input].clone());
        let mut states = vec![
            self.sequence(&plan.base, previous, |layer| LayerPath::Base {
                cell,
                layer,
            }),
            self.sequence(&plan.align, before, |layer| LayerPath::Align {
                cell,
                layer,
            }),
        ];
        for (pair, branches) in plan.branches.chunks(2).enumerate() {
            let mut terms = Vec::new();
            for (side, plan) in branches.iter().enumerate() {
                let branch = 2 * pair + side;
                let input = states[plan.state].clone();
                terms.push(
                    self.sequence(&plan.layers, input, |layer| LayerPath::Branch {
                        cell,
                        branch,
                        layer,
                    }),
                );
            }
            let names: Vec<&str> = terms.iter().map(|term| term.name.as_str()).collect();
            let name = format!("cells.{cell}.states.{}", pair + 2);
            let name = self.graph.node("Add", name, &names, Vec::new());
            let shape = terms[0].shape;
            states.push(State { name, shape });
        }
        let mut parts = Vec::new();
        for (part, plan) in plan.concat.iter().enumerate() {
            let input = states[plan.state].clone();
            parts.push(self.sequence(&plan.layers, input, |layer| LayerPath::Part {
                cell,
                part,
                layer,
            }));
        }
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        let name = format!("cells.{cell}");
        let axis = vec![Attribute::int("axis", 1)];
        let name = self.graph.node("Concat", name, &names, axis);
        let channels = parts.iter().map(|part| part.shape.channels).sum();
        let shape = ImageShape {
            channels,
            ..parts[0].shape
        };
        State { name, shape }
    }

    fn head(&mut self, plan: &HeadPlan, input: State) -> String {
        let features = self.sequence(&plan.features, input, |layer| LayerPath::Head {
            layer: Some(layer),
        });
        let path = LayerPath::Head { layer: None };
        let LayerPlan::Linear { input, output } = plan.classifier else {
            return features.name;
        };
        let flat = self.graph.node(
            "Flatten",
            format!("{path}.input"),
            &[&features.name],
            vec![Attribute::int("axis", 1)],
        );
        let matrix = self.weights.get(path, "weight");
        let weight = self
            .graph
            .floats(format!("{path}.weight"), &[input, output], &matrix);
        let bias = self.weights.get(path, "bias");
        let bias = self.graph.floats(format!("{path}.bias"), &[output], &bias);
        let logits = super::OUTPUT.to_owned();
        self.graph
            .node("Gemm", logits, &[&flat, &weight, &bias], Vec::new())
    }

    fn sequence(
        &mut self,
        layers: &[LayerPlan],
        input: State,
        path: impl Fn(usize) -> LayerPath,
    ) -> State {
        let mut state = input;
        let mut index = 0;
        while let Some(layer) = layers.get(index) {
            let next = layers.get(index + 1);
            let shape = layer.output(state.shape);
            let at = path(index);
            index += 1;
            let name = match (layer, next) {
                (LayerPlan::Convolution(plan), Some(LayerPlan::BatchNorm { .. })) if self.folds => {
                    let norm = self.weights.scale_and_shift(path(index), "");
                    index += 1;
                    self.convolution(at, plan, &state, Some(&norm))
                }
                _ => self.layer(at, layer, &state),
            };
            state = State { name, shape };
        }
        state
    }

    fn layer(&mut self, path: LayerPath, layer: &LayerPlan, input: &State) -> String {
        let name = path.to_string();
        match layer {
            LayerPlan::Relu => self.graph.node("Relu", name, &[&input.name], Vec::new()),
            LayerPlan::Convolution(plan) => self.convolution(path, plan, input, None),
            LayerPlan::BatchNorm { channels } => {
                self.batch_norm(path, "", name, &input.name, *channels)
            }
            LayerPlan::Pool(plan) => self.pool(name, plan, input),
            LayerPlan::FactorizedReduction {
                input: from,
                output,
            } => self.factorized_reduction(path, input, *from, *output),
            LayerPlan::GlobalAveragePool => {
                self.graph
                    .node("GlobalAveragePool", name, &[&input.name], Vec::new())
            }
            // They act in training only.
            LayerPlan::Dropout { .. } | LayerPlan::DropPath { .. } => input.name.clone(),
            // Only heads have one, after everything else.
            LayerPlan::Linear { .. } => input.name.clone(),
        }
    }

    fn batch_norm(
        &mut self,
        path: LayerPath,
        prefix: &str,
        name: String,
        input: &str,
        channels: usize,
    ) -> String {
        let mut inputs = vec![input.to_owned()];
        for tensor in ["gamma", "beta", "running_mean", "running_var"] {
            let tensor = format!("{prefix}{tensor}");
            let values = self.weights.get(path, &tensor);
            let constant = format!("{path}.{tensor}");
            inputs.push(self.graph.floats(constant, &[channels], &values));
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let epsilon = Attribute::float("epsilon", self.weights.epsilon as f32);
        self.graph
            .node("BatchNormalization", name, &inputs, vec![epsilon])
    }

    fn convolution(
        &mut self,
        path: LayerPath,
        plan: &ConvolutionPlan,
        input: &State,
        norm: Option<&ScaleAndShift>,
    ) -> String {
        let [height, width] = plan.kernel;
        let kernels = self.weights.get(path, "weight");
        let (top, bottom) = plan.padding.amount(plan.axis(0, input.shape.height));
        let (left, right) = plan.padding.amount(plan.axis(1, input.shape.width));
        let convolution = ConvolutionNode {
            name: path.to_string(),
            shape: [plan.output, plan.input / plan.groups, height, width],
            attributes: vec![
                Attribute::ints("kernel_shape", &plan.kernel),
                Attribute::ints("strides", &plan.stride),
                Attribute::ints("dilations", &[plan.dilation; 2]),
                Attribute::ints("pads", &[top, left, bottom, right]),
                Attribute::int("group", plan.groups),
            ],
        };
        convolution.write(&mut self.graph, &input.name, &kernels, norm, 0)
    }

    /// Two convolutions, the second of which begins one pixel later and reads one pixel of padding at the end.
    fn factorized_reduction(
        &mut self,
        path: LayerPath,
        input: &State,
        from: usize,
        output: usize,
    ) -> String {
        let norm = self.weights.scale_and_shift(path, "norm.");
        let norm = self.folds.then_some(&norm);
        let two = [
            format!("{path}.starts"),
            format!("{path}.ends"),
            format!("{path}.axes"),
        ];
        let [starts, ends, axes] = two;
        let starts = self.graph.integers(starts, &[1, 1]);
        let ends = self.graph.integers(ends, &[i64::MAX, i64::MAX]);
        let axes = self.graph.integers(axes, &[2, 3]);
        let shifted = self.graph.node(
            "Slice",
            format!("{path}.shifted"),
            &[&input.name, &starts, &ends, &axes],
            Vec::new(),
        );
        let half = output / 2;
        let mut halves = Vec::new();
        for (which, begin, channels, read, end) in [
            ("first", 0, half, &input.name, 0),
            ("second", half, output - half, &shifted, 1),
        ] {
            let kernels = self.weights.get(path, &format!("{which}.weight"));
            let convolution = ConvolutionNode {
                name: format!("{path}.{which}"),
                shape: [channels, from, 1, 1],
                attributes: vec![
                    Attribute::ints("kernel_shape", &[1, 1]),
                    Attribute::ints("strides", &[2, 2]),
                    Attribute::ints("pads", &[0, 0, end, end]),
                ],
            };
            halves.push(convolution.write(&mut self.graph, read, &kernels, norm, begin));
        }
        let names: Vec<&str> = halves.iter().map(String::as_str).collect();
        let axis = vec![Attribute::int("axis", 1)];
        if norm.is_some() {
            return self.graph.node("Concat", path.to_string(), &names, axis);
        }
        let both = self
            .graph
            .node("Concat", format!("{path}.both"), &names, axis);
        self.batch_norm(path, "norm.", path.to_string(), &both, output)
    }

    fn pool(&mut self, name: String, plan: &PoolPlan, input: &State) -> String {
        let (top, bottom) = plan.padding.amount(plan.axis(input.shape.height));
        let (left, right) = plan.padding.amount(plan.axis(input.shape.width));
        let attributes = vec![
            Attribute::ints("kernel_shape", &[plan.kernel; 2]),
            Attribute::ints("strides", &[plan.stride; 2]),
            // Padding never contributes to the result, neither here nor there.
            Attribute::ints("pads", &[top, left, bottom, right]),
        ];
        let graph = &mut self.graph;
        match plan.kind {
            PoolKind::Average => graph.node("AveragePool", name, &[&input.name], attributes),
            PoolKind::Max => graph.node("MaxPool", name, &[&input.name], attributes),
            PoolKind::Min => {
                let negated = format!("{name}.negated");
                let negated = graph.node("Neg", negated, &[&input.name], Vec::new());
                let largest = format!("{name}.largest");
                let largest = graph.node("MaxPool", largest, &[&negated], attributes);
                graph.node("Neg", name, &[&largest], Vec::new())
            }
        }
    }
}

/// A convolution without its weights.
struct ConvolutionNode {
    name: String,
    /// Of the kernels.
    shape: [usize; 4],
    attributes: Vec<Attribute>,
}

impl ConvolutionNode {
    /// With a batch norm, its channels from `first` on are folded in.
    fn write(
        self,
        graph: &mut GraphWriter,
        input: &str,
        kernels: &[f32],
        norm: Option<&ScaleAndShift>,
        first: usize,
    ) -> String {
        let (weight, bias) = (
            format!("{}.weight", self.name),
            format!("{}.bias", self.name),
        );
        let channels = self.shape[0];
        match norm {
            None => {
                let weight = graph.floats(weight, &self.shape, kernels);
                graph.node("Conv", self.name, &[input, &weight], self.attributes)
            }
            Some(norm) => {
                let kernels = norm.folded(kernels, first, channels);
                let weight = graph.floats(weight, &self.shape, &kernels);
                let bias = graph.floats(bias, &[channels], &norm.bias(first, channels));
                graph.node("Conv", self.name, &[input, &weight, &bias], self.attributes)
            }
        }
    }
}
