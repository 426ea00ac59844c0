//! `evonas describe`: a network layer by layer. No weights are drawn, so even the largest network is
//! described at once.

mod table;

use clap::{Args, ValueEnum};
use evonas::network::{AuxiliaryHead, Cost, ImageShape, NetworkConfig, NetworkPlan, Stem};
use evonas::spaces::nasnet::NasnetGenotype;
use serde_json::{Value, json};

use self::table::as_table;
use crate::Failure;
use crate::naming::genotype;
use crate::output::{print, print_line};
use crate::ranges::count;

/// Print a network layer by layer, with shapes, parameters and multiply-adds
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas describe amoebanet-a --cells 6 --filters 190 --stem imagenet
  evonas describe --genotype found/best.json --cells 1 --filters 4 --size 8 --channels 1")]
pub(crate) struct DescribeOptions {
    /// A published genotype: amoebanet-a, amoebanet-b, amoebanet-c, amoebanet-d or nasnet-a
    /// [no default: give this or --genotype]
    #[arg(required_unless_present = "genotype")]
    name: Option<String>,
    /// A genotype's text, or a file that holds one as text or JSON, such as a search's best.json; replaces the
    /// name [no default: give this or a name]
    #[arg(long, value_name = "FILE|TEXT")]
    genotype: Option<String>,
    /// Normal cells per stack, N
    #[arg(long, value_name = "N", value_parser = count, default_value_t = 6)]
    cells: usize,
    /// Filters of the first stack, F [default: 36; with the ImageNet stem 190]
    #[arg(long, value_name = "F", value_parser = count)]
    filters: Option<usize>,
    /// The layers before the first cell
    #[arg(long, value_enum, default_value_t = StemName::Cifar)]
    stem: StemName,
    /// Channels of the ImageNet stem's convolution [default: 32]
    #[arg(long, value_name = "CHANNELS", value_parser = count)]
    stem_filters: Option<usize>,
    /// Height and width of the images, in pixels [default: 32; with the ImageNet stem 331]
    #[arg(long, value_name = "PIXELS", value_parser = count)]
    size: Option<usize>,
    /// Channels of the images
    #[arg(long, value_parser = count, default_value_t = 3)]
    channels: usize,
    /// Classes to tell apart [default: 10; with the ImageNet stem 1000]
    #[arg(long, value_parser = count)]
    classes: Option<usize>,
    /// Add the auxiliary head, with its 128 and 768 channels times this factor [default: no head]
    #[arg(long, value_name = "SCALE")]
    aux: Option<f64>,
    /// Which states a cell concatenates: those that its genotype declares, or all that no other reads
    #[arg(long, value_enum, default_value_t = Concat::Declared)]
    concat: Concat,
    /// Let the normal cell after a reduction cell read that cell's input [default: off]
    #[arg(long)]
    skip_reduction_input: bool,
    /// Print one JSON object. Its parameters and multiply-adds include the auxiliary head's, which are also
    /// listed separately [default: off]
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

impl DescribeOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let argument = self.genotype.as_deref().or(self.name.as_deref());
        let mut genotype = genotype::find(argument.unwrap_or_default())?;
        if self.concat == Concat::Derived {
            genotype = genotype.with_derived_concat();
        }
        let plan = NetworkPlan::new(&genotype, &self.config()?)?;
        if self.json {
            print_line(as_json(&genotype, &plan))
        } else {
            print(as_table(&genotype, &plan))
        }
    }

    fn config(&self) -> Result<NetworkConfig, Failure> {
        let (stem, filters, size, classes) = match (self.stem, self.stem_filters) {
            (StemName::Cifar, None) => (Stem::Cifar, 36, 32, 10),
            (StemName::Cifar, Some(_)) => {
                return Err(
                    "--stem-filters goes with --stem imagenet; the CIFAR stem has 3F".into(),
                );
            }
            (StemName::Imagenet, filters) => {
                let filters = filters.unwrap_or(32);
                (Stem::ImageNet { filters }, 190, 331, 1000)
            }
        };
        let size = self.size.unwrap_or(size);
        let config = NetworkConfig::new(
            ImageShape {
                channels: self.channels,
                height: size,
                width: size,
            },
            self.classes.unwrap_or(classes),
        )
        .cells_per_stack(self.cells)
        .filters(self.filters.unwrap_or(filters))
        .stem(stem)
        .skip_reduction_input(self.skip_reduction_input);
        Ok(match self.aux {
            Some(scale) => config.auxiliary(AuxiliaryHead::new(scale)),
            None => config,
        })
    }
}

fn as_json(genotype: &NasnetGenotype, plan: &NetworkPlan) -> Value {
    let shape = |shape: ImageShape| [shape.channels, shape.height, shape.width];
    let mut layers = Vec::new();
    plan.visit(&mut |path, layer, input, output| {
        let cost = layer.cost(output);
        layers.push(json!({
            "name": path.to_string(),
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
