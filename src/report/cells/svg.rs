//! Drawings as SVG.

use std::fmt::Write as _;

use super::CellDrawingError;
use super::layout::FONT_SIZE;
use super::scene::{Scene, Stroke};
use crate::report::markup::escape;
use crate::spaces::nasnet::{Cell, CellKind, NasnetGenotype};

/// Colors with a contrast of at least 4.5 between a label and its box, in light and dark surroundings.
pub(in crate::report) const STYLE: &str = "\
.evonas-cell{font-family:'DejaVu Sans',Verdana,sans-serif;font-size:13px}\
.evonas-cell text{fill:#1b1b1b;text-anchor:middle}\
.evonas-cell .title{font-weight:bold;fill:#1b1b1b}\
.evonas-cell rect{stroke:#555;stroke-width:1}\
.evonas-cell path{stroke:#555;stroke-width:1.4;fill:none}\
.evonas-cell path.arrow{fill:#555;stroke:none}\
.evonas-cell .state{fill:#e9e9e9}\
.evonas-cell .identity{fill:#fff}\
.evonas-cell .conv{fill:#bfe6d6}\
.evonas-cell .sep{fill:#bcdcf2}\
.evonas-cell .pool{fill:#f7d9a5}\
@media(prefers-color-scheme:dark){\
.evonas-cell text{fill:#f2f2f2}\
.evonas-cell .title{fill:#f2f2f2}\
.evonas-cell rect{stroke:#aaa}\
.evonas-cell path{stroke:#aaa}\
.evonas-cell path.arrow{fill:#aaa}\
.evonas-cell .state{fill:#3a3a3a}\
.evonas-cell .identity{fill:#1d1d1d}\
.evonas-cell .conv{fill:#0b5a41}\
.evonas-cell .sep{fill:#0b4a75}\
.evonas-cell .pool{fill:#6b4a08}}";

const TITLE_HEIGHT: f64 = 30.0;
/// Between two cells.
const BETWEEN_CELLS: f64 = 36.0;

/// A cell as an SVG image: its inputs at the bottom, the concatenation at the top. Boxes are operations, and the
/// hidden states that they add up to; the numbers are those of the states.
///
/// # Errors
/// [`CellDrawingError`] if it has more than [`MOST_DRAWN_PAIRS`](super::MOST_DRAWN_PAIRS) pairs.
pub fn cell_svg(cell: &Cell) -> Result<String, CellDrawingError> {
    let scene = Scene::new(cell)?;
    let mut drawing = String::new();
    body(&scene, &[], &mut drawing);
    Ok(image(scene.width, scene.height, "A cell", &drawing))
}

/// A cell as an SVG image inside a page that has the [`STYLE`].
///
/// - `label`: what it shows, for those who can't see it.
/// - `changed`: operations to mark, each by the state that it is part of and its side, 0 or 1.
pub(in crate::report) fn cell_image(
    cell: &Cell,
    label: &str,
    changed: &[(usize, usize)],
) -> Result<String, CellDrawingError> {
    let scene = Scene::new(cell)?;
    let mut drawing = format!(
        "<svg class=\"evonas-cell\" role=\"img\" aria-label=\"{}\" width=\"{:.0}\" height=\"{:.0}\" \
         viewBox=\"0 0 {:.1} {:.1}\">",
        escape(label),
        scene.width,
        scene.height,
        scene.width,
        scene.height
    );
    body(&scene, changed, &mut drawing);
    drawing.push_str("</svg>");
    Ok(drawing)
}

/// Both cells of a genotype side by side as one SVG image, under their titles.
///
/// ```
/// use evonas::report::genotype_svg;
/// use evonas::spaces::nasnet::published;
///
/// let svg = genotype_svg(&published::amoebanet_a())?;
/// assert!(svg.contains("sep 3x3"));
/// # Ok::<(), evonas::report::CellDrawingError>(())
/// ```
///
/// # Errors
/// [`CellDrawingError`] if a cell has more than [`MOST_DRAWN_PAIRS`](super::MOST_DRAWN_PAIRS) pairs.
pub fn genotype_svg(genotype: &NasnetGenotype) -> Result<String, CellDrawingError> {
    let mut drawing = String::new();
    let (mut left, mut height): (f64, f64) = (0.0, 0.0);
    let scenes =
        [CellKind::Normal, CellKind::Reduction].map(|kind| (kind, Scene::new(genotype.cell(kind))));
    let mut drawn = Vec::new();
    for (kind, scene) in scenes {
        let scene = scene?;
        height = height.max(scene.height);
        drawn.push((kind, scene));
    }
    for (kind, scene) in &drawn {
        // Both stand on the same ground.
        let top = TITLE_HEIGHT + height - scene.height;
        let title = match kind {
            CellKind::Normal => "Normal cell",
            CellKind::Reduction => "Reduction cell",
        };
        let middle = left + 0.5 * scene.width;
        let _ = write!(
            drawing,
            r#"<text class="title" x="{middle:.1}" y="{:.1}">{title}</text><g transform="translate({left:.1} {top:.1})">"#,
            0.65 * TITLE_HEIGHT,
        );
        body(scene, &[], &mut drawing);
        drawing.push_str("</g>");
        left += scene.width + BETWEEN_CELLS;
    }
    Ok(image(
        left - BETWEEN_CELLS,
        TITLE_HEIGHT + height,
        &genotype.in_words(),
        &drawing,
    ))
}

fn image(width: f64, height: f64, description: &str, drawing: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"evonas-cell\" role=\"img\" \
         width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.1} {height:.1}\">\
         <style>{STYLE}</style><desc>{description}</desc>{drawing}</svg>\n"
    )
}

fn body(scene: &Scene, changed: &[(usize, usize)], drawing: &mut String) {
    for stroke in &scene.strokes {
        self::stroke(stroke, drawing);
    }
    for labeled in &scene.boxes {
        let place = &labeled.rectangle;
        let is_changed = labeled
            .branch
            .is_some_and(|branch| changed.contains(&branch));
        // The length is stated, so that the label fits in any font.
        let _ = write!(
            drawing,
            r#"<rect class="{}{}" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" rx="5"/><text x="{:.1}" y="{:.1}" textLength="{:.1}" lengthAdjust="spacingAndGlyphs">{}</text>"#,
            labeled.family.class(),
            if is_changed { " changed" } else { "" },
            place.left,
            place.top,
            place.width,
            place.height,
            place.center(),
            place.top + 0.5 * place.height + 0.36 * FONT_SIZE,
            labeled.label_width(),
            labeled.label,
        );
    }
}

const ARROW: f64 = 7.0;

fn stroke(stroke: &Stroke, drawing: &mut String) {
    let ((x, y), (to_x, to_y)) = (stroke.from, stroke.to);
    let end = if stroke.arrow { to_y + ARROW } else { to_y };
    let middle = 0.5 * (y + end);
    let _ = write!(
        drawing,
        r#"<path d="M{x:.1} {y:.1}C{x:.1} {middle:.1} {to_x:.1} {middle:.1} {to_x:.1} {end:.1}"/>"#
    );
    if stroke.arrow {
        let _ = write!(
            drawing,
            r#"<path class="arrow" d="M{to_x:.1} {to_y:.1}l-3.5 {ARROW:.1}h7z"/>"#
        );
    }
}
