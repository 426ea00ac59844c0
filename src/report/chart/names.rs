//! The names of series, beside what they name.

use std::fmt::Write as _;

use super::plot::{FONT_SIZE, Mark, sample};
use crate::report::cells::{spaced, text_width};
use crate::report::markup::escape;

/// The width of the sample of a line or dot before a name.
const SAMPLE: f64 = 20.0;
const LINE_HEIGHT: f64 = 15.0;

/// A series' name, and the height at which it would be best.
pub(super) struct SeriesName<'a> {
    pub(super) name: &'a str,
    pub(super) mark: Mark,
    pub(super) series: usize,
    pub(super) height: f64,
}

/// The width that the names need right of a chart.
pub(super) fn names_width<'a>(names: impl Iterator<Item = &'a str>) -> f64 {
    let widths = names.map(|name| FONT_SIZE * text_width(name) + SAMPLE + 10.0);
    widths.fold(0.0, f64::max)
}

/// Writes the names at `left`, between `top` and `bottom`, each as near to its series as the others let it.
pub(super) fn write_names(
    names: &mut [SeriesName<'_>],
    left: f64,
    (top, bottom): (f64, f64),
    svg: &mut String,
) {
    names.sort_by(|one, other| one.height.total_cmp(&other.height));
    let wanted: Vec<f64> = names.iter().map(|name| name.height).collect();
    let distances = vec![LINE_HEIGHT; names.len().saturating_sub(1)];
    let mut heights = spaced(&wanted, &vec![1.0; names.len()], &distances);
    let over = heights.last().map_or(0.0, |last| (last - bottom).max(0.0));
    let under = heights
        .first()
        .map_or(0.0, |first| (top - first + over).max(0.0));
    for height in &mut heights {
        *height += under - over;
    }
    for (name, height) in names.iter().zip(heights) {
        let _ = write!(
            svg,
            "{}<text x=\"{:.0}\" y=\"{:.1}\">{}</text>",
            sample(name.mark, name.series, (left + 6.0, height)),
            left + SAMPLE + 6.0,
            height + 0.36 * FONT_SIZE,
            escape(name.name)
        );
    }
}
