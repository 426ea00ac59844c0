//! Curves of the best so far with their confidence bands.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;

use super::{PlotError, SIZE, colour, legend, range};
use crate::comparison::{Axis, Contender, Curve, CurvePoint};

/// How much of the horizontal axis may begin below the drawing: the first trials are far worse than
/// the rest, and would flatten the curves.
const CLIPPED: f64 = 0.1;

/// Draws the curves of a comparison, each with the 95 % confidence band of its mean by Student's t
/// distribution ([`confidence`](crate::comparison::statistics::confidence)): very wide for two or three
/// runs, and none for one. `test` says what the vertical axis shows.
///
/// The vertical axis begins at the lowest value after the first tenth of the horizontal one.
///
/// # Errors
/// [`PlotError`] if there is no point, one is at no finite place, or the file can't be written.
pub fn draw_curves(
    path: &Path,
    title: &str,
    test: &str,
    axis: Axis,
    curves: &[(Contender, Curve)],
) -> Result<(), PlotError> {
    let points = || curves.iter().flat_map(|(_, curve)| &curve.points);
    let x = range(path, "horizontal", points().map(|point| point.x))?;
    let from = x.start + CLIPPED * (x.end - x.start);
    let ends = |point: &CurvePoint| [point.mean - point.confidence, point.mean + point.confidence];
    // What is drawn begins to the left of what the axis is chosen by.
    range(path, "vertical", points().flat_map(ends))?;
    let chosen_by = points().filter(|point| point.x >= from);
    let y = range(path, "vertical", chosen_by.flat_map(ends))?;
    let x = match axis {
        Axis::Seconds => 0.0..x.end,
        Axis::Trials => 1.0..x.end,
    };
    draw(path, title, test, axis, curves, x, y).map_err(PlotError::at(path))
}

fn draw(
    path: &Path,
    title: &str,
    test: &str,
    axis: Axis,
    curves: &[(Contender, Curve)],
    x: Range<f64>,
    y: Range<f64>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(text)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(x, y.clone())
        .map_err(text)?;
    let x_label = match axis {
        Axis::Seconds => "simulated seconds",
        Axis::Trials => "trials",
    };
    chart
        .configure_mesh()
        .x_desc(x_label)
        .y_desc(test)
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&|value| format!("{value:.0}"))
        .draw()
        .map_err(text)?;
    for (place, (contender, curve)) in curves.iter().enumerate() {
        let colour = colour(place);
        // What is below the drawing is left out: SVG doesn't clip.
        let visible: Vec<_> = curve
            .points
            .iter()
            .filter(|point| point.mean - point.confidence >= y.start)
            .collect();
        let upper = visible
            .iter()
            .map(|point| (point.x, (point.mean + point.confidence).min(y.end)));
        let lower = visible
            .iter()
            .rev()
            .map(|point| (point.x, point.mean - point.confidence));
        let band: Vec<_> = upper.chain(lower).collect();
        chart
            .draw_series([Polygon::new(band, colour.mix(0.2))])
            .map_err(text)?;
        let line = visible.iter().map(|point| (point.x, point.mean));
        chart
            .draw_series(LineSeries::new(line, colour.stroke_width(2)))
            .map_err(text)?
            .label(contender.name())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    legend(&mut chart, SeriesLabelPosition::UpperLeft)?;
    root.present().map_err(text)
}

/// The drawing library's errors can't be sent between threads; their texts can.
pub(super) fn text(error: impl Error) -> Box<dyn Error + Send + Sync> {
    error.to_string().into()
}
