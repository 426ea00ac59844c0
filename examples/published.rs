//! Prints the sizes of the published networks, to the digit. No weights are drawn, so this is instant.
//!
//! ```sh
//! cargo run -p evonas --no-default-features --example published
//! ```
//!
//! The program `evonas describe` prints such a network layer by layer.

use std::error::Error;
use std::io::{Write, stdout};

use evonas::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    // CIFAR-10, ImageNet at 224 pixels for mobile phones, and ImageNet at 331 pixels; (N, F) are the normal
    // cells per stack and the filters of the first stack.
    let cifar = |cells, filters| {
        NetworkConfig::cifar()
            .cells_per_stack(cells)
            .filters(filters)
    };
    let mobile = |cells, filters| {
        NetworkConfig::imagenet(224)
            .cells_per_stack(cells)
            .filters(filters)
    };
    let large = |cells, filters| {
        NetworkConfig::imagenet(331)
            .cells_per_stack(cells)
            .filters(filters)
    };
    // NASNet-A (6, 168), known as "6 @ 4032", has a wider stem, and skips a connection.
    let widest = large(6, 168)
        .stem(Stem::ImageNet { filters: 96 })
        .skip_reduction_input(true);

    let [a, b, c, d, nasnet] = [
        published::amoebanet_a(),
        published::amoebanet_b(),
        published::amoebanet_c(),
        published::amoebanet_d(),
        published::nasnet_a(),
    ];
    let mut out = stdout();
    writeln!(
        out,
        "{:<13}{:>10}{:>8}{:>14}{:>18}",
        "network", "(N, F)", "pixels", "parameters", "multiply-adds"
    )?;
    for (name, genotype, config) in [
        ("AmoebaNet-A", &a, cifar(6, 32)),
        ("AmoebaNet-A", &a, cifar(6, 36)),
        ("AmoebaNet-A", &a, mobile(4, 50)),
        ("AmoebaNet-A", &a, large(6, 190)),
        ("AmoebaNet-B", &b, mobile(3, 62)),
        ("AmoebaNet-C", &c, mobile(4, 50)),
        ("AmoebaNet-D", &d, large(6, 190)),
        ("NASNet-A", &nasnet, cifar(6, 32)),
        ("NASNet-A", &nasnet, mobile(4, 44)),
        ("NASNet-A", &nasnet, widest),
    ] {
        let cost = Cost::of(&NetworkPlan::new(genotype, &config)?);
        writeln!(
            out,
            "{name:<13}{:>10}{:>8}{:>14}{:>18}",
            format!("({}, {})", config.cells_per_stack, config.filters),
            config.image.width,
            cost.parameters,
            cost.multiply_adds
        )?;
    }
    writeln!(out, "\nAmoebaNet-A's cells:\n{}", a.in_words().trim_end())?;
    Ok(())
}
