//! Prints the network of a genotype layer by layer, with shapes, parameters and multiply-adds.
//! No weights are made, so the largest networks answer at once.
//!
//!     cargo run --example describe -- amoebanet-a --cells 6 --filters 190 --stem imagenet

use std::error::Error;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};

use clap::{Parser, ValueEnum};
use evonas::network::{
    AuxiliaryHead, Cost, ImageShape, LayerPath, LayerPlan, NetworkConfig, NetworkPlan, Stem,
};
use evonas::spaces::nasnet::NasnetGenotype;
use serde_json::json;

/// Prints the network of a genotype layer by layer.
#[derive(Parser)]
struct Options {
    /// A published genotype: amoebanet-a, -b, -c, -d or nasnet-a.
    #[arg(required_unless_present = "genotype")]
    name: Option<String>,
    /// A genotype's text, or a file that holds one (text or JSON, such as a search's best.json); it takes
    /// the place of a name.
    #[arg(long, value_name = "FILE|TEXT")]
    genotype: Option<String>,
    /// Normal cells per stack, N.
    #[arg(long, default_value_t = 6)]
    cells: usize,
    /// Filters of the first stack, F [default: 36, with the ImageNet stem 190].
    #[arg(long)]
    filters: Option<usize>,
    /// What comes before the first cell.
    #[arg(long, value_enum, default_value_t = StemName::Cifar)]
    stem: StemName,
    /// Channels of the ImageNet stem's convolution [default: 32].
    #[arg(long)]
    stem_filters: Option<usize>,
    /// Height and width of the images [default: 32, with the ImageNet stem 331].
    #[arg(long)]
    size: Option<usize>,
    /// Channels of the images.
    #[arg(long, default_value_t = 3)]
    channels: usize,
    /// Classes [default: 10, with the ImageNet stem 1000].
    #[arg(long)]
    classes: Option<usize>,
    /// Adds the auxiliary head, its 128 and 768 channels scaled by this.
    #[arg(long, value_name = "SCALE")]
    aux: Option<f64>,
    /// Whether a cell concatenates what its genotype declares, or its unused states.
    #[arg(long, value_enum, default_value_t = Concat::Declared)]
    concat: Concat,
    /// Lets the normal cell after a reduction read what the reduction cell read.
    #[arg(long)]
    skip_reduction_input: bool,
    /// Prints one JSON object instead. Its parameters and multiply-adds are those of all layers listed, the
    /// auxiliary head's included, which are given apart as well.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum StemName {
    Cifar,
    Imagenet,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Concat {
    Declared,
    Derived,
}

fn main() {
    if let Err(error) = run(&Options::parse()) {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let argument = options.genotype.as_deref().or(options.name.as_deref());
    let mut genotype = NasnetGenotype::find(argument.unwrap_or_default())?;
    if options.concat == Concat::Derived {
        genotype = genotype.with_derived_concat();
    }
    let plan = NetworkPlan::new(&genotype, &config(options)?)?;
    let text = if options.json {
        format!("{}\n", as_json(&genotype, &plan))
    } else {
        as_table(&genotype, &plan)
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        // Whoever reads has seen enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn config(options: &Options) -> Result<NetworkConfig, Box<dyn Error>> {
    let (stem, filters, size, classes) = match (options.stem, options.stem_filters) {
        (StemName::Cifar, None) => (Stem::Cifar, 36, 32, 10),
        (StemName::Cifar, Some(_)) => {
            return Err("--stem-filters goes with --stem imagenet; the CIFAR stem has 3F".into());
        }
        (StemName::Imagenet, filters) => {
            let filters = filters.unwrap_or(32);
            (Stem::ImageNet { filters }, 190, 331, 1000)
        }
    };
    let size = options.size.unwrap_or(size);
    let config = NetworkConfig::new(
        ImageShape {
            channels: options.channels,
            height: size,
            width: size,
        },
        options.classes.unwrap_or(classes),
    )
    .cells_per_stack(options.cells)
    .filters(options.filters.unwrap_or(filters))
    .stem(stem)
    .skip_reduction_input(options.skip_reduction_input);
    Ok(match options.aux {
        Some(scale) => config.auxiliary(AuxiliaryHead::new(scale)),
        None => config,
    })
}

fn as_json(genotype: &NasnetGenotype, plan: &NetworkPlan) -> serde_json::Value {
    let shape = |shape: ImageShape| [shape.channels, shape.height, shape.width];
    let mut layers = Vec::new();
    plan.visit(&mut |place, layer, input, output| {
        let cost = layer.cost(output);
        layers.push(json!({
            "name": place.to_string(),
            "layer": layer.to_string(),
            "input": shape(input),
            "output": shape(output),
            "parameters": cost.parameters,
            "multiply_adds": cost.multiply_adds,
        }));
    });
    let cost = Cost::of(plan);
    let mut object = json!({
        "genotype": genotype.to_string(),
        "cells": plan.config.cells_per_stack,
        "filters": plan.config.filters,
        "parameters": cost.parameters,
        "multiply_adds": cost.multiply_adds,
        "layers": layers,
    });
    if plan.auxiliary.is_some() {
        let auxiliary = Cost::of_auxiliary(plan);
        object["auxiliary_parameters"] = auxiliary.parameters.into();
        object["auxiliary_multiply_adds"] = auxiliary.multiply_adds.into();
    }
    object
}

fn as_table(genotype: &NasnetGenotype, plan: &NetworkPlan) -> String {
    let mut text = format!("genotype: {genotype}\n{}", genotype.in_words());
    let mut section = String::new();
    plan.visit(&mut |place, layer, input, output| {
        let title = title(place, plan);
        if title != section {
            let _ = writeln!(text, "\n{title}");
            section = title;
        }
        let _ = writeln!(text, "{}", row(place, layer, input, output));
    });
    let total = |text: &mut String, name: &str, cost: Cost| {
        let _ = writeln!(
            text,
            "{name}: {} parameters, {} multiply-adds",
            grouped(cost.parameters),
            grouped(cost.multiply_adds)
        );
    };
    text.push('\n');
    total(&mut text, "all", Cost::of(plan));
    if plan.auxiliary.is_some() {
        let head = "of it the auxiliary head, for training only";
        total(&mut text, head, Cost::of_auxiliary(plan));
    }
    text
}

fn title(place: LayerPath, plan: &NetworkPlan) -> String {
    match place {
        LayerPath::Base { cell, .. }
        | LayerPath::Align { cell, .. }
        | LayerPath::Branch { cell, .. }
        | LayerPath::Part { cell, .. } => {
            let reads = |output: usize| match output {
                0 => "the stem".to_owned(),
                cell => format!("cell {}", cell - 1),
            };
            let plan = &plan.cells[cell];
            let [previous, before] = plan.inputs.map(reads);
            format!(
                "cell {cell}: {}, {} filters, of {previous} and {before}",
                plan.kind, plan.filters
            )
        }
        LayerPath::Auxiliary { .. } => "auxiliary head (training only)".to_owned(),
        LayerPath::Head { .. } => "head".to_owned(),
        _ => "stem".to_owned(),
    }
}

fn row(place: LayerPath, layer: &LayerPlan, input: ImageShape, output: ImageShape) -> String {
    let shape = |shape: ImageShape| format!("{}x{}x{}", shape.channels, shape.height, shape.width);
    let cost = layer.cost(output);
    format!(
        "  {:<30} {:<34} {:>13} -> {:<13} {:>12} {:>16}",
        place.to_string(),
        layer.to_string(),
        shape(input),
        shape(output),
        grouped(cost.parameters),
        grouped(cost.multiply_adds)
    )
}

/// With a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
