//! The network as a table for people.

use std::fmt::Write as _;

use evonas::network::{Cost, ImageShape, LayerPath, LayerPlan, NetworkPlan};
use evonas::spaces::nasnet::NasnetGenotype;

/// The genotype in words, the layers by sections, and the totals.
pub(super) fn as_table(genotype: &NasnetGenotype, plan: &NetworkPlan) -> String {
    let mut text = format!("genotype: {genotype}\n{}", genotype.in_words());
    let mut section = String::new();
    plan.visit(&mut |path, layer, input, output| {
        let title = title(path, plan);
        if title != section {
            let _ = writeln!(text, "\n{title}");
            section = title;
        }
        let _ = writeln!(text, "{}", row(path, layer, input, output));
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
        let head = "of which the auxiliary head, for training only";
        total(&mut text, head, Cost::of_auxiliary(plan));
    }
    text
}

/// The heading of the section that a layer belongs to.
fn title(path: LayerPath, plan: &NetworkPlan) -> String {
    match path {
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

fn row(path: LayerPath, layer: &LayerPlan, input: ImageShape, output: ImageShape) -> String {
    let shape = |shape: ImageShape| format!("{}x{}x{}", shape.channels, shape.height, shape.width);
    let cost = layer.cost(output);
    format!(
        "  {:<30} {:<34} {:>13} -> {:<13} {:>12} {:>16}",
        path.to_string(),
        layer.to_string(),
        shape(input),
        shape(output),
        grouped(cost.parameters),
        grouped(cost.multiply_adds)
    )
}

/// A number with commas between its thousands.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (86_718_797, "86,718,797"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
