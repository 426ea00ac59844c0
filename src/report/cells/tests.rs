//! What every drawing promises, whatever the cell.

use proptest::prelude::*;

use super::scene::{LabeledBox, Rectangle, Scene, Stroke};
use super::{CellDrawingError, MOST_DRAWN_PAIRS, cell_svg, genotype_dot, genotype_svg};
use crate::randomness::stream;
use crate::space::SearchSpace;
use crate::spaces::nasnet::{Cell, CellKind, NasnetSpace, published};

/// A cell of SP-I to SP-III, or of more pairs.
fn cells() -> impl Strategy<Value = Cell> {
    let spaces = prop_oneof![
        Just(NasnetSpace::sp1()),
        Just(NasnetSpace::sp2()),
        Just(NasnetSpace::sp3()),
        (1_usize..30).prop_map(|pairs| {
            let space = NasnetSpace::sp3().with_pairs(pairs);
            space.expect("there is a pair")
        }),
    ];
    (spaces, any::<u64>(), any::<bool>()).prop_map(|(space, seed, normal)| {
        let genotype = space.sample(&mut stream(seed, 0));
        let kind = if normal {
            CellKind::Normal
        } else {
            CellKind::Reduction
        };
        genotype.cell(kind).clone()
    })
}

fn bottom(rectangle: &Rectangle) -> f64 {
    rectangle.top + rectangle.height
}

fn right(rectangle: &Rectangle) -> f64 {
    rectangle.left + rectangle.width
}

fn overlap(one: &Rectangle, other: &Rectangle) -> bool {
    one.left < right(other)
        && other.left < right(one)
        && one.top < bottom(other)
        && other.top < bottom(one)
}

/// Points along a stroke, without its ends.
fn points(stroke: &Stroke) -> impl Iterator<Item = (f64, f64)> {
    let ((x, y), (to_x, to_y)) = (stroke.from, stroke.to);
    (1..40).map(move |step| {
        let t = f64::from(step) / 40.0;
        let bend = t * t * (3.0 - 2.0 * t);
        // Vertical tangents: the control points have the height of the middle.
        let height = 1.5 * t * (1.0 - t) + t.powi(3);
        (x + (to_x - x) * bend, y + (to_y - y) * height)
    })
}

fn holds(rectangle: &Rectangle, (x, y): (f64, f64)) -> bool {
    let inside = 1e-9;
    x > rectangle.left + inside
        && x < right(rectangle) - inside
        && y > rectangle.top + inside
        && y < bottom(rectangle) - inside
}

proptest! {
    #[test]
    fn no_box_overlaps_another_and_every_label_fits_its_box(cell in cells()) {
        let scene = Scene::new(&cell).unwrap();
        let image = Rectangle { left: 0.0, top: 0.0, width: scene.width, height: scene.height };
        for (place, labeled) in scene.boxes.iter().enumerate() {
            let LabeledBox { rectangle, label, .. } = labeled;
            prop_assert!(labeled.label_width() <= rectangle.width - 8.0, "{label}");
            prop_assert!(rectangle.left >= 0.0 && right(rectangle) <= right(&image), "{label}");
            prop_assert!(rectangle.top >= 0.0 && bottom(rectangle) <= bottom(&image), "{label}");
            for other in &scene.boxes[..place] {
                prop_assert!(!overlap(rectangle, &other.rectangle), "{label} and {}", other.label);
            }
        }
    }

    #[test]
    fn no_edge_crosses_a_box(cell in cells()) {
        let scene = Scene::new(&cell).unwrap();
        for stroke in &scene.strokes {
            prop_assert!(stroke.to.1 < stroke.from.1, "an edge goes down");
            for point in points(stroke) {
                for labeled in &scene.boxes {
                    prop_assert!(!holds(&labeled.rectangle, point), "{}", labeled.label);
                }
            }
        }
    }

    #[test]
    fn every_operation_and_every_state_is_drawn_once(cell in cells()) {
        let scene = Scene::new(&cell).unwrap();
        let pairs = cell.pairs().len();
        // Two inputs, two operations and a sum for each pair, and the concatenation.
        prop_assert_eq!(scene.boxes.len(), 2 + 3 * pairs + 1);
        for state in 0..pairs + 2 {
            let label = format!("{state}: ");
            let found = scene.boxes.iter().filter(|labeled| labeled.label.starts_with(&label));
            prop_assert_eq!(found.count(), 1);
        }
        // What every operation and the concatenation read, and from operations to their sums.
        let arrows = scene.strokes.iter().filter(|stroke| stroke.arrow).count();
        prop_assert_eq!(arrows, 4 * pairs + cell.concat().len());
    }
}

#[test]
fn fewer_edges_cross_than_in_the_order_of_the_states() {
    let (mut before, mut after) = (0, 0);
    for seed in 0..50 {
        let genotype = NasnetSpace::sp2().sample(&mut stream(seed, 0));
        let mut graph = super::graph::LayeredCell::new(&genotype.normal);
        let crossings = graph.crossings();
        graph.untangle();
        assert!(graph.crossings() <= crossings);
        before += crossings;
        after += graph.crossings();
    }
    assert!(
        3 * after < 2 * before,
        "{after} of {before} crossings are left"
    );
}

#[test]
fn a_drawing_is_the_same_every_time_and_has_both_titles() {
    for (name, _) in published::ALL {
        let genotype = published::by_name(name).unwrap();
        let svg = genotype_svg(&genotype).unwrap();
        assert_eq!(svg, genotype_svg(&genotype).unwrap(), "{name}");
        for part in ["Normal cell", "Reduction cell", "concatenation", "</svg>\n"] {
            assert!(svg.contains(part), "{name}: {part}");
        }
    }
}

#[test]
fn a_cell_of_too_many_pairs_is_refused_in_words() {
    let space = NasnetSpace::sp1().with_pairs(MOST_DRAWN_PAIRS + 1).unwrap();
    let genotype = space.sample(&mut stream(0, 0));
    let error = cell_svg(&genotype.normal).unwrap_err();
    assert_eq!(
        error,
        CellDrawingError::TooManyPairs {
            pairs: MOST_DRAWN_PAIRS + 1
        }
    );
    assert!(error.to_string().contains("at most 100"), "{error}");
    let most = NasnetSpace::sp1().with_pairs(MOST_DRAWN_PAIRS).unwrap();
    assert!(cell_svg(&most.sample(&mut stream(0, 0)).normal).is_ok());
}

#[test]
fn the_dot_form_has_every_edge() {
    let genotype = published::amoebanet_a();
    let dot = genotype_dot(&genotype);
    let expected: usize = [CellKind::Normal, CellKind::Reduction]
        .map(|kind| genotype.cell(kind))
        .map(|cell| 4 * cell.pairs().len() + cell.concat().len())
        .iter()
        .sum();
    assert_eq!(dot.matches(" -> ").count(), expected);
    assert!(dot.contains("normal_0 -> normal_2_left") || dot.contains("normal_1 -> normal_2_left"));
}
