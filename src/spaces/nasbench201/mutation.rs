//! The two mutations in use. Both change the operation on one edge; they differ in how they draw the
//! edge.

use rand::{Rng, RngExt};
use serde_json::Value;

use super::{EDGE_ENDS, EDGES, EdgeOperation, NasBench201Cell};
use crate::description;
use crate::space::Mutation;

/// Changes the operation on one edge, all edges being equally likely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplaceOperation;

impl Mutation<NasBench201Cell> for ReplaceOperation {
    fn mutate(&self, parent: &NasBench201Cell, rng: &mut dyn Rng) -> NasBench201Cell {
        let edge = rng.random_range(0..EDGES);
        with_another_operation(parent, edge, rng)
    }

    fn describe(&self) -> Value {
        description::named("ReplaceOperation", &())
    }
}

/// Draws one of the nodes 1 to 3, then one of its incoming edges, and changes the operation there: the
/// mutation of the NATS-Bench and NAS-Bench-201 scripts (`regularized_ea.py`). The edge into node 1 is
/// three times as likely as each edge into node 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplaceInNode;

impl Mutation<NasBench201Cell> for ReplaceInNode {
    fn mutate(&self, parent: &NasBench201Cell, rng: &mut dyn Rng) -> NasBench201Cell {
        let node: usize = rng.random_range(1..=3);
        let from = rng.random_range(0..node);
        let edge = EDGE_ENDS
            .iter()
            .position(|&ends| ends == (from, node))
            .expect("every node has an edge from every node before it");
        with_another_operation(parent, edge, rng)
    }

    fn describe(&self) -> Value {
        description::named("ReplaceInNode", &())
    }
}

fn with_another_operation(
    parent: &NasBench201Cell,
    edge: usize,
    rng: &mut dyn Rng,
) -> NasBench201Cell {
    let mut child = *parent;
    let current = parent.operations[edge] as usize;
    let other = rng.random_range(0..EdgeOperation::ALL.len() - 1);
    // Skips the current operation.
    child.operations[edge] = EdgeOperation::ALL[other + usize::from(other >= current)];
    child
}
