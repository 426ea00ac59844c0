//! The official string of a cell, which is also its JSON form.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{EDGE_ENDS, EDGES, EdgeOperation, NasBench201Cell};
use crate::excerpt::excerpt;

/// Why a text is not a cell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CellTextError {
    /// The number of nodes is not 3.
    #[error(
        "'{}' has {found} nodes joined by '+', but a cell has 3",
        excerpt(text)
    )]
    Nodes {
        /// The text.
        text: String,
        /// How many nodes it has.
        found: usize,
    },
    /// A node lacks its bars, or has the wrong number of edges.
    #[error(
        "'{}' is not node {node}; write |operation~0|… with {node} edges in all",
        excerpt(part)
    )]
    Node {
        /// The node, from 1.
        node: usize,
        /// Its text.
        part: String,
    },
    /// An edge is not an operation and the node it comes from.
    #[error(
        "'{}' is not the edge of node {node} from node {from}; write operation~{from}",
        excerpt(part)
    )]
    Edge {
        /// The node, from 1.
        node: usize,
        /// The node that the edge comes from.
        from: usize,
        /// The edge's text.
        part: String,
    },
    /// No operation has this name.
    #[error(
        "there is no operation '{}'; choose one of none, skip_connect, nor_conv_1x1, nor_conv_3x3 and avg_pool_3x3",
        excerpt(.0)
    )]
    UnknownOperation(String),
}

impl fmt::Display for NasBench201Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (&operation, (from, to)) in self.operations.iter().zip(EDGE_ENDS) {
            match (from, to) {
                (0, 1) => f.write_str("|")?,
                (0, _) => f.write_str("+|")?,
                _ => {}
            }
            write!(f, "{}~{from}|", operation.name())?;
        }
        Ok(())
    }
}

impl FromStr for NasBench201Cell {
    type Err = CellTextError;

    fn from_str(text: &str) -> Result<Self, CellTextError> {
        let nodes: Vec<&str> = text.split('+').collect();
        if nodes.len() != 3 {
            return Err(CellTextError::Nodes {
                text: text.to_owned(),
                found: nodes.len(),
            });
        }
        let mut operations = [EdgeOperation::None; EDGES];
        let mut edge = 0;
        for (node, part) in (1..).zip(nodes) {
            let wrong = || CellTextError::Node {
                node,
                part: part.to_owned(),
            };
            let inner = part
                .strip_prefix('|')
                .and_then(|part| part.strip_suffix('|'))
                .ok_or_else(wrong)?;
            let edges: Vec<&str> = inner.split('|').collect();
            if edges.len() != node {
                return Err(wrong());
            }
            for (from, part) in edges.into_iter().enumerate() {
                operations[edge] = operation(node, from, part)?;
                edge += 1;
            }
        }
        Ok(Self { operations })
    }
}

fn operation(node: usize, from: usize, part: &str) -> Result<EdgeOperation, CellTextError> {
    match part.split_once('~') {
        Some((name, source)) if source.parse() == Ok(from) => EdgeOperation::from_name(name)
            .ok_or_else(|| CellTextError::UnknownOperation(name.to_owned())),
        _ => Err(CellTextError::Edge {
            node,
            from,
            part: part.to_owned(),
        }),
    }
}

impl Serialize for NasBench201Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NasBench201Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
