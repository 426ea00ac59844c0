//! Drawings as DOT, the language of Graphviz.

use std::fmt::Write as _;

use super::labels::label;
use crate::spaces::nasnet::{CellKind, NasnetGenotype};

/// Both cells of a genotype as a DOT graph, for Graphviz (`dot -Tpdf`) and other programs that read graphs. An edge
/// leads from a state to the operation that reads it, and from an operation to the sum that it is part of.
#[must_use]
pub fn genotype_dot(genotype: &NasnetGenotype) -> String {
    let mut dot =
        String::from("digraph genotype {\n  rankdir=BT;\n  node [shape=box, style=rounded];\n");
    for kind in [CellKind::Normal, CellKind::Reduction] {
        let cell = genotype.cell(kind);
        let _ = write!(
            dot,
            "  subgraph cluster_{kind} {{\n    label=\"{kind} cell\";\n    \
             {kind}_0 [label=\"0: previous cell\"];\n    {kind}_1 [label=\"1: cell before it\"];\n"
        );
        for (pair, combination) in cell.pairs().iter().enumerate() {
            let state = pair + 2;
            let _ = writeln!(dot, "    {kind}_{state} [label=\"{state}: sum\"];");
            for (side, branch) in ["left", "right"].into_iter().zip(combination.branches()) {
                let _ = writeln!(
                    dot,
                    "    {kind}_{state}_{side} [label=\"{}\"];\n    {kind}_{} -> {kind}_{state}_{side} -> {kind}_{state};",
                    label(branch.operation),
                    branch.state,
                );
            }
        }
        let _ = writeln!(dot, "    {kind}_output [label=\"concatenation\"];");
        for state in cell.concat() {
            let _ = writeln!(dot, "    {kind}_{state} -> {kind}_output;");
        }
        dot.push_str("  }\n");
    }
    dot.push_str("}\n");
    dot
}
