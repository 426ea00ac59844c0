//! A cell as a graph of layers: what depends on what, and which layer everything is in.

use crate::spaces::nasnet::{Cell, PairwiseCombination};

/// Something with a place of its own in a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Vertex {
    /// One of the two inputs.
    Input(usize),
    /// The pair that computes a state.
    Pair(usize, PairwiseCombination),
    /// Where the edges of a state pass a layer on their way to a higher one.
    Lane(usize),
    /// The concatenation.
    Output,
}

/// An edge to a vertex of the next layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Which entrance of the vertex: a pair has two, the concatenation one for each state.
    pub(super) entrance: usize,
}

/// The vertices by layer, the inputs first, and the edges between neighboring layers.
#[derive(Debug)]
pub(super) struct LayeredCell {
    pub(super) vertices: Vec<Vertex>,
    /// The vertices of each layer, from left to right.
    pub(super) layers: Vec<Vec<usize>>,
    pub(super) edges: Vec<Edge>,
}

impl LayeredCell {
    /// The cell with its vertices in the order of their states.
    ///
    /// A state that several higher layers read has one lane for all of them.
    pub(super) fn new(cell: &Cell) -> Self {
        let concat = cell.concat();
        let mut layer_of = vec![0; 2];
        for pair in cell.pairs() {
            let sources = pair.branches().map(|branch| layer_of[branch.state]);
            layer_of.push(1 + sources[0].max(sources[1]));
        }
        let output = 1 + layer_of.iter().copied().max().unwrap_or(0);
        let mut graph = Self {
            vertices: Vec::new(),
            layers: vec![Vec::new(); output + 1],
            edges: Vec::new(),
        };
        // Vertices of states have the numbers of their states.
        for state in 0..2 {
            graph.add(Vertex::Input(state), 0);
        }
        for (pair, combination) in cell.pairs().iter().enumerate() {
            graph.add(Vertex::Pair(pair + 2, *combination), layer_of[pair + 2]);
        }
        let out = graph.add(Vertex::Output, output);
        let mut reads: Vec<Vec<(usize, usize, usize)>> = vec![Vec::new(); layer_of.len()];
        for (pair, combination) in cell.pairs().iter().enumerate() {
            for (entrance, branch) in combination.branches().into_iter().enumerate() {
                reads[branch.state].push((layer_of[pair + 2], pair + 2, entrance));
            }
        }
        for (entrance, state) in concat.into_iter().enumerate() {
            reads[state].push((output, out, entrance));
        }
        for (state, mut readers) in reads.into_iter().enumerate() {
            readers.sort_unstable();
            let (mut from, mut layer) = (state, layer_of[state]);
            for (reader_layer, to, entrance) in readers {
                while layer + 1 < reader_layer {
                    layer += 1;
                    let lane = graph.add(Vertex::Lane(state), layer);
                    graph.edges.push(Edge {
                        from,
                        to: lane,
                        entrance: 0,
                    });
                    from = lane;
                }
                graph.edges.push(Edge { from, to, entrance });
            }
        }
        graph
    }

    fn add(&mut self, vertex: Vertex, layer: usize) -> usize {
        let number = self.vertices.len();
        self.vertices.push(vertex);
        self.layers[layer].push(number);
        number
    }
}
