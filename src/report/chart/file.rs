//! Plots as a file of their own.

use std::fmt::Write as _;

use super::palette::style;
use super::plot::Plot;
use crate::report::markup::escape;

/// Above the first plot: the title.
const TITLE: f64 = 34.0;

/// An SVG file of plots, one below the other; `None` if none has anything to draw.
pub(in crate::report) fn svg_file(title: &str, plots: &[Plot]) -> Option<String> {
    let drawn: Vec<(f64, f64, String)> = plots
        .iter()
        .filter_map(|plot| {
            let (width, height) = plot.dimensions();
            Some((width, height, plot.drawing()?))
        })
        .collect();
    let width = drawn.iter().map(|plot| plot.0).fold(0.0, f64::max);
    let heights: f64 = drawn.iter().map(|plot| plot.1).sum();
    if drawn.is_empty() {
        return None;
    }
    let mut top = if title.is_empty() { 0.0 } else { TITLE };
    let height = top + heights;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" width=\"{width:.0}\" \
         height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\"><style>{}</style><title>{}</title>\
         <rect class=\"paper\" width=\"{width:.0}\" height=\"{height:.0}\"/>",
        style(),
        escape(title)
    );
    if !title.is_empty() {
        let _ = write!(
            svg,
            "<text class=\"mid title\" x=\"{:.0}\" y=\"23\">{}</text>",
            0.5 * width,
            escape(title)
        );
    }
    for (_, height, drawing) in drawn {
        let _ = write!(svg, "<g transform=\"translate(0 {top:.0})\">{drawing}</g>");
        top += height;
    }
    svg.push_str("</svg>\n");
    Some(svg)
}
