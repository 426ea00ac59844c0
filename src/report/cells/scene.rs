//! The boxes and edges of a cell's drawing.

use super::graph::{LayeredCell, Vertex};
use super::labels::{Family, OUTPUT_LABEL, input_label, label, sum_label};
use super::layout::{
    BOX_HEIGHT, Bands, FONT_SIZE, Layout, MARGIN, WITHIN_PAIR, label_box_width, width,
};
use super::text_width::text_width;
use super::{CellDrawingError, MOST_DRAWN_PAIRS};
use crate::spaces::nasnet::Cell;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rectangle {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rectangle {
    pub(super) fn center(&self) -> f64 {
        self.left + 0.5 * self.width
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct LabeledBox {
    pub(super) rectangle: Rectangle,
    pub(super) label: String,
    pub(super) family: Family,
    /// The state and the side of the pair, 0 or 1, if it is an operation's box.
    pub(super) branch: Option<(usize, usize)>,
}

impl LabeledBox {
    /// The width of the label.
    pub(super) fn label_width(&self) -> f64 {
        FONT_SIZE * text_width(&self.label)
    }
}

/// A stroke from a lower to a higher point, with an arrowhead where it enters a box. It is vertical at both ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke {
    pub(super) from: (f64, f64),
    pub(super) to: (f64, f64),
    pub(super) arrow: bool,
}

/// The boxes and strokes of a drawing; the origin is its top left corner.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) boxes: Vec<LabeledBox>,
    pub(super) strokes: Vec<Stroke>,
}

impl Scene {
    pub(super) fn new(cell: &Cell) -> Result<Self, CellDrawingError> {
        let pairs = cell.pairs().len();
        if pairs > MOST_DRAWN_PAIRS {
            return Err(CellDrawingError::TooManyPairs { pairs });
        }
        let mut graph = LayeredCell::new(cell);
        graph.untangle();
        let layout = Layout::new(&graph);
        Ok(Self::of(&graph, &layout))
    }

    fn of(graph: &LayeredCell, layout: &Layout) -> Self {
        let sides = layout.centers.iter().zip(&layout.widths);
        let (mut left, mut right) = (f64::INFINITY, f64::NEG_INFINITY);
        for (center, width) in sides {
            left = left.min(center - 0.5 * width);
            right = right.max(center + 0.5 * width);
        }
        let shift = MARGIN - left;
        let bands = Bands::new(graph);
        let mut boxes = Vec::new();
        let mut strokes = Vec::new();
        let mut layer_of = vec![0; graph.vertices.len()];
        for (layer, vertices) in graph.layers.iter().enumerate() {
            for &vertex in vertices {
                layer_of[vertex] = layer;
                let center = layout.centers[vertex] + shift;
                let (top, bottom) = (bands.tops[layer], bands.bottoms[layer]);
                draw(
                    &graph.vertices[vertex],
                    graph,
                    (center, top, bottom),
                    &mut boxes,
                    &mut strokes,
                );
            }
        }
        for (edge, entrance) in graph.edges.iter().zip(&layout.entrances) {
            let (from, to) = (layer_of[edge.from], layer_of[edge.to]);
            strokes.push(Stroke {
                from: (layout.centers[edge.from] + shift, bands.tops[from]),
                to: (
                    layout.centers[edge.to] + shift + entrance,
                    bands.bottoms[to],
                ),
                arrow: !matches!(graph.vertices[edge.to], Vertex::Lane(_)),
            });
        }
        Self {
            width: right - left + 2.0 * MARGIN,
            height: bands.height,
            boxes,
            strokes,
        }
    }
}

fn labeled_box(center: f64, top: f64, width: f64, label: String, family: Family) -> LabeledBox {
    LabeledBox {
        rectangle: Rectangle {
            left: center - 0.5 * width,
            top,
            width,
            height: BOX_HEIGHT,
        },
        label,
        family,
        branch: None,
    }
}

/// Draws a vertex whose center, top and bottom are given.
fn draw(
    vertex: &Vertex,
    graph: &LayeredCell,
    (center, top, bottom): (f64, f64, f64),
    boxes: &mut Vec<LabeledBox>,
    strokes: &mut Vec<Stroke>,
) {
    let mut labeled = |center: f64, top: f64, width: f64, label: String, family| {
        boxes.push(labeled_box(center, top, width, label, family));
    };
    match vertex {
        Vertex::Input(state) => {
            let label = input_label(*state);
            labeled(center, top, label_box_width(&label), label, Family::State);
        }
        Vertex::Output => {
            let width = width(vertex, graph);
            labeled(center, top, width, OUTPUT_LABEL.to_owned(), Family::State);
        }
        Vertex::Lane(_) => strokes.push(Stroke {
            from: (center, bottom),
            to: (center, top),
            arrow: false,
        }),
        Vertex::Pair(state, pair) => {
            let sum = sum_label(*state);
            labeled(center, top, label_box_width(&sum), sum, Family::State);
            let branches = pair.branches();
            let widths = branches.map(|branch| label_box_width(label(branch.operation)));
            let mut left = center - 0.5 * (widths[0] + WITHIN_PAIR + widths[1]);
            for (side, (branch, width)) in branches.into_iter().zip(widths).enumerate() {
                let middle = left + 0.5 * width;
                let operation = branch.operation;
                let family = Family::of(operation);
                let operation_top = bottom - BOX_HEIGHT;
                let label = label(operation).to_owned();
                boxes.push(labeled_box(middle, operation_top, width, label, family));
                if let Some(operation_box) = boxes.last_mut() {
                    operation_box.branch = Some((*state, side));
                }
                // Towards the middle, so that both strokes meet the sum.
                let target = center + (middle - center).clamp(-12.0, 12.0);
                strokes.push(Stroke {
                    from: (middle, operation_top),
                    to: (target, top + BOX_HEIGHT),
                    arrow: true,
                });
                left += width + WITHIN_PAIR;
            }
        }
    }
}
