//! `model.py`: what is the same for every network, and the classes of this one.

use std::fmt::Write as _;

use super::operations::{functions, name};
use crate::network::{
    CellPlan, Cost, DropPath, DropPathSchedule, HeadPlan, LayerPlan, NetworkPlan, Padding, PoolKind,
};
use crate::spaces::nasnet::{CellKind, NasnetGenotype, Operation, PairwiseCombination, published};

/// Layers of any network.
const BLOCKS: &str = include_str!("blocks.py");
const DROP_PATH: &str = include_str!("drop_path.py");
const CELL: &str = include_str!("cell.py");
/// Loading, reading images and classifying them.
const USE: &str = include_str!("use.py");

const IMPORTS: &str = "\
import ctypes
import json
import math
import struct
import sys
import zlib
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
";

/// The published name of a genotype, or what it is.
pub(super) fn title(genotype: &NasnetGenotype) -> String {
    let text = genotype.to_string();
    let known = published::ALL.into_iter().find(|(_, known)| *known == text);
    match known.map(|(name, _)| name) {
        Some("nasnet-a") => "NASNet-A".to_owned(),
        Some(name) => {
            let letter = name.rsplit('-').next().unwrap_or_default();
            format!("AmoebaNet-{}", letter.to_uppercase())
        }
        None => "a network that evolution found".to_owned(),
    }
}

/// The program.
pub(super) fn source(plan: &NetworkPlan, genotype: &NasnetGenotype) -> String {
    let mut text = String::new();
    let drop_path = plan.config.drop_path;
    let has_drop_path = drop_path.keep_probability < 1.0;
    let pieces = [
        docstring(plan, genotype),
        IMPORTS.to_owned(),
        constants(plan, has_drop_path.then_some(drop_path)),
        BLOCKS.to_owned(),
    ];
    text += &pieces.join("\n");
    if has_drop_path {
        text += &format!("\n\n{DROP_PATH}");
    }
    text += &functions(&operations(plan));
    let appended = match has_drop_path {
        true => ", *([] if operation is identity else [DropPath(cell)])",
        false => "",
    };
    let appended = match operations(plan).contains(&Operation::Identity) {
        true => appended,
        false if has_drop_path => ", DropPath(cell)",
        false => "",
    };
    text += &format!("\n\n{}", CELL.replace("@DROP_PATH@", appended));
    for kind in [CellKind::Normal, CellKind::Reduction] {
        if plan.cells.iter().any(|cell| cell.kind == kind) {
            text += &format!("\n\n{}", cell_class(genotype, kind));
        }
    }
    text += &format!("\n\n{}", network_class(plan, has_drop_path));
    text += &format!("\n\n{USE}");
    text
}

fn docstring(plan: &NetworkPlan, genotype: &NasnetGenotype) -> String {
    let config = &plan.config;
    format!(
        r#""""{}, N = {}, F = {}: a classifier of images, {} parameters. Written by evonas.

    python model.py image.png       the class of an image
    model.load()                    the network, an nn.Module, with the weights in model.safetensors

In shapes, N is the number of images.

{}"""
"#,
        title(genotype),
        config.cells_per_stack,
        config.filters,
        Cost::without_auxiliary(plan).parameters,
        genotype.in_words()
    )
}

fn constants(plan: &NetworkPlan, drop_path: Option<DropPath>) -> String {
    let norm = plan.config.batch_norm;
    let mut text = format!(
        "# Batch norm: what is added to the variance, and the share of a batch in the running statistics.\nEPSILON, \
         MOMENTUM = {:?}, {:?}\n",
        norm.epsilon, norm.momentum
    );
    if let Some(drop_path) = drop_path {
        let schedule = match drop_path.schedule {
            DropPathSchedule::Time => "time",
            DropPathSchedule::Layer => "layer",
            DropPathSchedule::TimeAndLayer => "time and layer",
        };
        let _ = write!(
            text,
            "# Drop path: the lowest probability to keep an operation's output, with what it falls, and how many cells \
             there are.\nKEEP_PROBABILITY, SCHEDULE, CELLS = {:?}, \"{schedule}\", {}\n",
            drop_path.keep_probability,
            plan.cells.len()
        );
    }
    text + "\n\n"
}

/// The operations of a network, in the order of declaration.
fn operations(plan: &NetworkPlan) -> Vec<Operation> {
    let branches = || plan.cells.iter().flat_map(|cell| &cell.branches);
    let used = |operation: &Operation| branches().any(|branch| branch.operation == *operation);
    Operation::ALL.into_iter().filter(used).collect()
}

/// The class of a kind of cells.
fn cell_class(genotype: &NasnetGenotype, kind: CellKind) -> String {
    let cell = genotype.cell(kind);
    let (class, words, reduces) = match kind {
        CellKind::Normal => ("NormalCell", "keeps height and width", "False"),
        CellKind::Reduction => ("ReductionCell", "halves height and width", "True"),
    };
    let concat = cell.concat();
    let mut text = format!(
        "class {class}(Cell):\n    \"\"\"The {kind} cell, which {words}.\"\"\"\n\n    REDUCES = {reduces}\n    # \
         Operations and the states that they read, two for each pair.\n    BRANCHES = [\n"
    );
    for PairwiseCombination { left, right } in cell.pairs() {
        let _ = writeln!(
            text,
            "        ({}, {}), ({}, {}),",
            name(left.operation),
            left.state,
            name(right.operation),
            right.state
        );
    }
    let _ = write!(
        text,
        "    ]\n    CONCATENATED = {concat:?}\n\n    def forward(self, previous, before):\n        state0 = \
         self.base(previous)\n        state1 = self.align(before)\n"
    );
    for (pair, PairwiseCombination { left, right }) in cell.pairs().iter().enumerate() {
        let _ = writeln!(
            text,
            "        state{} = self.branches[{}](state{}) + self.branches[{}](state{})",
            pair + 2,
            2 * pair,
            left.state,
            2 * pair + 1,
            right.state
        );
    }
    let parts = concat.iter().enumerate();
    let parts: Vec<String> = parts
        .map(|(part, state)| format!("            self.parts[{part}](state{state}),\n"))
        .collect();
    let _ = writeln!(
        text,
        "        return torch.cat([\n{}        ], 1)",
        parts.concat()
    );
    text
}

fn network_class(plan: &NetworkPlan, has_drop_path: bool) -> String {
    let config = &plan.config;
    let image = config.image;
    let output = match plan.auxiliary {
        Some(_) => format!(
            "[N, {0}]; in training a pair of them, the second from the auxiliary\n    head, whose loss counts {1:?}",
            config.classes,
            plan.auxiliary.as_ref().map_or(0.0, |head| head.loss_weight)
        ),
        None => format!("[N, {}]", config.classes),
    };
    let mut text = format!(
        "class Network(nn.Module):\n    \"\"\"Images [N, {}, {}, {}], normalized, to logits {output}.\"\"\"\n\n    def \
         __init__(self):\n        super().__init__()\n        self.stem = Layers({})\n        self.cells = \
         nn.ModuleList([\n",
        image.channels,
        image.height,
        image.width,
        layers(&plan.stem)
    );
    for (index, cell) in plan.cells.iter().enumerate() {
        let _ = writeln!(text, "            {},", cell_call(index, cell));
    }
    text += "        ])\n";
    if let Some(auxiliary) = &plan.auxiliary {
        text += &head("auxiliary", &auxiliary.head);
    }
    text += &head("head", &plan.head);
    text += "\n    def forward(self, images):\n        stem = self.stem(images)\n";
    let output = |index: usize| match index {
        0 => "stem".to_owned(),
        cell => format!("cell{}", cell - 1),
    };
    for (index, cell) in plan.cells.iter().enumerate() {
        let [previous, before] = cell.inputs.map(output);
        let _ = writeln!(
            text,
            "        cell{index} = self.cells[{index}]({previous}, {before})"
        );
    }
    let last = output(plan.cells.len());
    if let Some(auxiliary) = &plan.auxiliary {
        let read = output(auxiliary.after_cell + 1);
        let _ = write!(
            text,
            "        if self.training:\n            return self.head({last}), self.auxiliary({read})\n"
        );
    }
    let _ = writeln!(text, "        return self.head({last})");
    if has_drop_path {
        text += "
    def set_progress(self, progress):
        \"\"\"Says which share of the training is over, from 0 to 1, for drop path.\"\"\"
        for module in self.modules():
            if isinstance(module, DropPath):
                module.progress = progress
";
    }
    text
}

fn head(name: &str, plan: &HeadPlan) -> String {
    format!(
        "        self.{name} = Head(\n            Layers({}),\n            {},\n        )\n",
        layers(&plan.features),
        layer(&plan.classifier)
    )
}

fn cell_call(index: usize, cell: &CellPlan) -> String {
    let class = match cell.kind {
        CellKind::Normal => "NormalCell",
        CellKind::Reduction => "ReductionCell",
    };
    let input = |layers: &[LayerPlan]| {
        layers.iter().find_map(|layer| match layer {
            LayerPlan::Convolution(plan) => Some(plan.input),
            LayerPlan::FactorizedReduction { input, .. } => Some(*input),
            _ => None,
        })
    };
    let previous = input(&cell.base).unwrap_or(cell.filters);
    let align = match cell.align.last() {
        None => "unchanged",
        Some(LayerPlan::FactorizedReduction { .. }) => "reduce",
        Some(_) => "project",
    };
    // What is unchanged is the output that state 0 is computed from, or has the cell's filters already.
    let unchanged = match cell.inputs[0] == cell.inputs[1] {
        true => previous,
        false => cell.filters,
    };
    let before = input(&cell.align).unwrap_or(unchanged);
    format!(
        "{class}({index}, filters={}, previous={previous}, before={before}, align=\"{align}\")",
        cell.filters
    )
}

fn layers(layers: &[LayerPlan]) -> String {
    let layers: Vec<String> = layers.iter().map(layer).collect();
    layers.join(", ")
}

/// A layer outside of cells.
fn layer(plan: &LayerPlan) -> String {
    match plan {
        LayerPlan::Relu => "nn.ReLU()".to_owned(),
        LayerPlan::Convolution(plan) => {
            let [height, width] = plan.kernel;
            let ([vertical, horizontal], dilation, groups) =
                (plan.stride, plan.dilation, plan.groups);
            let shape = format!("{}, {}, ({height}, {width})", plan.input, plan.output);
            let settings = format!("({vertical}, {horizontal})");
            let padding = match plan.padding {
                Padding::Same => {
                    return format!("Conv2d({shape}, {settings}, {dilation}, {groups})");
                }
                Padding::Valid => 0,
                Padding::Around(pixels) => pixels,
            };
            format!("nn.Conv2d({shape}, {settings}, {padding}, {dilation}, {groups}, bias=False)")
        }
        LayerPlan::BatchNorm { channels } => format!("norm({channels})"),
        LayerPlan::Pool(plan) => {
            let (kernel, stride) = (plan.kernel, plan.stride);
            let kind = match plan.kind {
                PoolKind::Average => "average",
                PoolKind::Max => "max",
                PoolKind::Min => "min",
            };
            let padding = match plan.padding {
                Padding::Same => String::new(),
                Padding::Valid => ", padding=0".to_owned(),
                Padding::Around(pixels) => format!(", padding={pixels}"),
            };
            format!("Pool2d(\"{kind}\", {kernel}, {stride}{padding})")
        }
        LayerPlan::FactorizedReduction { input, output } => {
            format!("FactorizedReduction({input}, {output})")
        }
        LayerPlan::GlobalAveragePool => "nn.AdaptiveAvgPool2d(1)".to_owned(),
        LayerPlan::Dropout { share } => format!("nn.Dropout({share:?})"),
        LayerPlan::DropPath { cell, .. } => format!("DropPath({cell})"),
        LayerPlan::Linear { input, output } => format!("nn.Linear({input}, {output})"),
    }
}
