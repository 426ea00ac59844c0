//! Where the vertices of a cell's graph are. The cell's inputs are at the bottom.
//!
//! Every layer is a band, and between two bands is a gap without boxes. Edges leave a band at its top and enter
//! the next one at its bottom, and within a band they run straight up in lanes of their own. So no edge can
//! cross a box.

use super::coordinates::spaced;
use super::graph::{Edge, LayeredCell, Vertex};
use super::labels::{OUTPUT_LABEL, input_label, label, sum_label};
use super::text_width::text_width;

pub(super) const FONT_SIZE: f64 = 13.0;
/// Around a label, at each side.
const PADDING: f64 = 9.0;
pub(super) const BOX_HEIGHT: f64 = 26.0;
/// Between the two operations of a pair.
pub(super) const WITHIN_PAIR: f64 = 8.0;
/// Between the operations of a pair and its sum.
const BELOW_SUM: f64 = 16.0;
const BETWEEN_VERTICES: f64 = 22.0;
const BETWEEN_LANES: f64 = 12.0;
/// Between the edges that enter the concatenation.
const BETWEEN_ENTRANCES: f64 = 22.0;
const GAP: f64 = 46.0;
pub(super) const MARGIN: f64 = 14.0;
/// How often horizontal places are fitted to those of the neighboring layers.
const FITS: usize = 40;

/// The width of a box around a label.
pub(super) fn label_box_width(label: &str) -> f64 {
    FONT_SIZE * text_width(label) + 2.0 * PADDING
}

/// The horizontal places of a graph's vertices.
pub(super) struct Layout {
    /// The center of each vertex.
    pub(super) centers: Vec<f64>,
    pub(super) widths: Vec<f64>,
    /// For each edge, how far right of its target's center it enters.
    pub(super) entrances: Vec<f64>,
}

impl Layout {
    pub(super) fn new(graph: &LayeredCell) -> Self {
        let widths: Vec<f64> = graph
            .vertices
            .iter()
            .map(|vertex| width(vertex, graph))
            .collect();
        let mut layout = Self {
            centers: vec![0.0; graph.vertices.len()],
            entrances: entrances(graph),
            widths,
        };
        let mut edges = vec![Vec::new(); graph.vertices.len()];
        for (number, edge) in graph.edges.iter().enumerate() {
            edges[edge.from].push(number);
            edges[edge.to].push(number);
        }
        for layer in &graph.layers {
            let wanted = vec![0.0; layer.len()];
            layout.place(graph, layer, &wanted);
        }
        for fit in 0..FITS {
            for step in 0..graph.layers.len() {
                let up = fit % 2 == 0;
                let layer = if up {
                    step
                } else {
                    graph.layers.len() - 1 - step
                };
                let vertices = &graph.layers[layer];
                let wanted: Vec<f64> = vertices
                    .iter()
                    .map(|&vertex| layout.wanted(graph, vertex, &edges[vertex]))
                    .collect();
                layout.place(graph, vertices, &wanted);
            }
        }
        layout
    }

    /// Where a vertex with these edges would have them straightest.
    fn wanted(&self, graph: &LayeredCell, vertex: usize, edges: &[usize]) -> f64 {
        let wanted = edges.iter().map(|&number| {
            let (edge, entrance) = (&graph.edges[number], self.entrances[number]);
            match edge.to == vertex {
                true => self.centers[edge.from] - entrance,
                false => self.centers[edge.to] + entrance,
            }
        });
        match edges.len() {
            0 => self.centers[vertex],
            count => wanted.sum::<f64>() / count as f64,
        }
    }

    fn place(&mut self, graph: &LayeredCell, layer: &[usize], wanted: &[f64]) {
        let is_lane = |vertex: usize| matches!(graph.vertices[vertex], Vertex::Lane(_));
        let distances: Vec<f64> = layer
            .windows(2)
            .map(|pair| {
                let between = match is_lane(pair[0]) || is_lane(pair[1]) {
                    true => BETWEEN_LANES,
                    false => BETWEEN_VERTICES,
                };
                0.5 * (self.widths[pair[0]] + self.widths[pair[1]]) + between
            })
            .collect();
        let weights: Vec<f64> = layer
            .iter()
            .map(|&vertex| if is_lane(vertex) { 3.0 } else { 1.0 })
            .collect();
        for (&vertex, center) in layer.iter().zip(spaced(wanted, &weights, &distances)) {
            self.centers[vertex] = center;
        }
    }
}

/// The vertical places of the layers.
pub(super) struct Bands {
    pub(super) tops: Vec<f64>,
    pub(super) bottoms: Vec<f64>,
    pub(super) height: f64,
}

impl Bands {
    pub(super) fn new(graph: &LayeredCell) -> Self {
        let layers = graph.layers.len();
        let heights: Vec<f64> = (0..layers)
            .map(|layer| {
                if layer == 0 || layer + 1 == layers {
                    BOX_HEIGHT
                } else {
                    2.0 * BOX_HEIGHT + BELOW_SUM
                }
            })
            .collect();
        let height = heights.iter().sum::<f64>() + GAP * (layers - 1) as f64 + 2.0 * MARGIN;
        let mut bottom = height - MARGIN;
        let (mut tops, mut bottoms) = (Vec::new(), Vec::new());
        for height in heights {
            bottoms.push(bottom);
            tops.push(bottom - height);
            bottom -= height + GAP;
        }
        Self {
            tops,
            bottoms,
            height,
        }
    }
}

/// The width of a vertex.
pub(super) fn width(vertex: &Vertex, graph: &LayeredCell) -> f64 {
    match vertex {
        Vertex::Input(state) => label_box_width(&input_label(*state)),
        Vertex::Pair(state, pair) => {
            let [left, right] = pair
                .branches()
                .map(|branch| label_box_width(label(branch.operation)));
            (left + WITHIN_PAIR + right).max(label_box_width(&sum_label(*state)))
        }
        Vertex::Lane(_) => 0.0,
        Vertex::Output => {
            let entrances = concatenated(graph).count() as f64;
            label_box_width(OUTPUT_LABEL).max(BETWEEN_ENTRANCES * entrances)
        }
    }
}

fn concatenated(graph: &LayeredCell) -> impl Iterator<Item = (usize, &Edge)> {
    let edges = graph.edges.iter().enumerate();
    edges.filter(|(_, edge)| matches!(graph.vertices[edge.to], Vertex::Output))
}

/// For each edge, how far right of its target's center it enters.
fn entrances(graph: &LayeredCell) -> Vec<f64> {
    let mut entrances: Vec<f64> = graph
        .edges
        .iter()
        .map(|edge| match graph.vertices[edge.to] {
            Vertex::Pair(_, pair) => {
                let widths = pair
                    .branches()
                    .map(|branch| label_box_width(label(branch.operation)));
                // Both operations and the space between them are centered.
                let half = 0.5 * (widths[0] + WITHIN_PAIR + widths[1]);
                match edge.entrance {
                    0 => 0.5 * widths[0] - half,
                    _ => half - 0.5 * widths[1],
                }
            }
            _ => 0.0,
        })
        .collect();
    // The concatenation is entered in the order of the layer below it.
    let mut below: Vec<(usize, usize)> = concatenated(graph)
        .map(|(number, edge)| {
            let places = graph.layers.iter().flatten();
            let place = places.into_iter().position(|&vertex| vertex == edge.from);
            (place.unwrap_or(0), number)
        })
        .collect();
    below.sort_unstable();
    let middle = 0.5 * (below.len() as f64 - 1.0);
    for (place, &(_, number)) in below.iter().enumerate() {
        entrances[number] = BETWEEN_ENTRANCES * (place as f64 - middle);
    }
    entrances
}
