//! Curves of a comparison with their confidence bands.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;

use super::chart::{SIZE, color, legend, range, text, write};
use super::error::PlotError;
use crate::comparison::{Axis, CurvePoint, IncumbentCurve};
use crate::excerpt::escaped;

/// The share of the horizontal axis whose curves may begin below the plot: the first trials are far worse
/// than the rest, and would flatten the curves.
const CLIPPED: f64 = 0.1;

/// A plot of a comparison's curves, each with the 95 % confidence band of its mean by Student's t
/// distribution ([`confidence`](crate::comparison::statistics::confidence)): very wide for two or three
/// runs, and absent for a single one.
///
/// The vertical axis begins at the lowest value after the first tenth of the horizontal one.
///
/// ```
/// use evonas::comparison::contenders::Aging;
/// use evonas::comparison::{Axis, BitsBenchmark, Comparison, Setup};
/// use evonas::report::CurvePlot;
///
/// let benchmark = BitsBenchmark::default();
/// let comparison = Comparison::builder(&benchmark)
///     .contender(Aging::new())
///     .setup(Setup::new(&benchmark).runs(3))
///     .run()?;
/// # let folder = tempfile::tempdir()?;
/// CurvePlot::new(Axis::Trials, &comparison.curves(Axis::Trials))
///     .title("Aging evolution on bits")
///     .y_label("share of ones")
///     .draw(folder.path().join("curves.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct CurvePlot<'a> {
    axis: Axis,
    curves: &'a [(String, IncumbentCurve)],
    title: String,
    y_label: String,
}

impl<'a> CurvePlot<'a> {
    /// A plot of curves along an axis. The vertical axis is labeled `test`.
    pub fn new(axis: Axis, curves: &'a [(String, IncumbentCurve)]) -> Self {
        Self {
            axis,
            curves,
            title: String::new(),
            y_label: "test".to_owned(),
        }
    }

    /// Sets the title above the plot.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = escaped(title.into()).to_string();
        self
    }

    /// Sets the label of the vertical axis.
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.y_label = escaped(label.into()).to_string();
        self
    }

    /// Writes the plot to an SVG file.
    ///
    /// # Errors
    /// [`PlotError`] if there are no points, a point isn't finite, or the file can't be written.
    pub fn draw(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        let path = path.as_ref();
        let points = || self.curves.iter().flat_map(|(_, curve)| &curve.points);
        let x = range(path, "horizontal", points().map(|point| point.x))?;
        let from = x.start + CLIPPED * (x.end - x.start);
        let ends =
            |point: &CurvePoint| [point.mean - point.confidence, point.mean + point.confidence];
        // The points that don't decide the axis are drawn too, and must be finite.
        range(path, "vertical", points().flat_map(ends))?;
        let decisive = points().filter(|point| point.x >= from);
        let y = range(path, "vertical", decisive.flat_map(ends))?;
        let x = match self.axis {
            Axis::Seconds => 0.0..x.end,
            Axis::Trials => 1.0..x.end,
        };
        write(path, |svg| self.draw_within(svg, x, y))
    }

    fn draw_within(
        &self,
        svg: &mut String,
        x: Range<f64>,
        y: Range<f64>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        root.fill(&WHITE).map_err(text)?;
        let mut chart = ChartBuilder::on(&root)
            .caption(&self.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(x, y.clone())
            .map_err(text)?;
        let x_label = match self.axis {
            Axis::Seconds => "simulated seconds",
            Axis::Trials => "trials",
        };
        chart
            .configure_mesh()
            .x_desc(x_label)
            .y_desc(&self.y_label)
            .light_line_style(TRANSPARENT)
            .x_label_formatter(&|value| format!("{value:.0}"))
            .draw()
            .map_err(text)?;
        for (number, (name, curve)) in self.curves.iter().enumerate() {
            let color = color(number);
            // Leave out what is below the plot: SVG doesn't clip.
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
                .draw_series([Polygon::new(band, color.mix(0.2))])
                .map_err(text)?;
            let line = visible.iter().map(|point| (point.x, point.mean));
            let style = color.stroke_width(2);
            chart
                .draw_series(LineSeries::new(line, style))
                .map_err(text)?
                .label(escaped(name).to_string())
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
        }
        legend(&mut chart, SeriesLabelPosition::UpperLeft)?;
        root.present().map_err(text)
    }
}
