//! Scatter plots of several series.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;

use super::chart::{SIZE, color, legend, range, text, write};
use super::error::PlotError;
use crate::excerpt::escaped;

/// A scatter plot of several series of points.
///
/// ```
/// use evonas::report::{ScatterPlot, ScatterPoint};
///
/// # let folder = tempfile::tempdir()?;
/// ScatterPlot::new()
///     .title("Networks found")
///     .x_label("multiply-adds (millions)")
///     .y_label("test accuracy")
///     .series("aging", [ScatterPoint::new(3.1, 0.97), ScatterPoint::new(5.4, 0.98)])
///     .draw(folder.path().join("found.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct ScatterPlot {
    title: String,
    x_label: String,
    y_label: String,
    series: Vec<(String, Vec<ScatterPoint>)>,
    diagonal: bool,
}

/// A point with its confidence intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ScatterPoint {
    /// The horizontal position.
    pub x: f64,
    /// The vertical position.
    pub y: f64,
    /// Half the width of the horizontal interval.
    pub x_confidence: f64,
    /// Half the width of the vertical interval.
    pub y_confidence: f64,
}

impl ScatterPoint {
    /// A point without intervals.
    #[must_use]
    pub const fn new(x: f64, y: f64) -> Self {
        Self {
            x,
            y,
            x_confidence: 0.0,
            y_confidence: 0.0,
        }
    }

    /// The ends of the intervals: horizontal, then vertical.
    fn bars(&self) -> [[(f64, f64); 2]; 2] {
        let Self {
            x,
            y,
            x_confidence,
            y_confidence,
        } = *self;
        [
            [(x - x_confidence, y), (x + x_confidence, y)],
            [(x, y - y_confidence), (x, y + y_confidence)],
        ]
    }
}

impl ScatterPlot {
    /// An empty plot.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the title above the plot.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = escaped(title.into()).to_string();
        self
    }

    /// Sets the label of the horizontal axis.
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.x_label = escaped(label.into()).to_string();
        self
    }

    /// Sets the label of the vertical axis.
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.y_label = escaped(label.into()).to_string();
        self
    }

    /// Adds points with a name for the legend.
    pub fn series(
        mut self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = ScatterPoint>,
    ) -> Self {
        self.series
            .push((name.into(), points.into_iter().collect()));
        self
    }

    /// Gives both axes the same range, and draws the line `y = x`.
    pub const fn diagonal(mut self) -> Self {
        self.diagonal = true;
        self
    }

    /// Writes the plot to an SVG file.
    ///
    /// # Errors
    /// [`PlotError`] if there are no points, a point isn't finite, or the file can't be written.
    pub fn draw(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        let path = path.as_ref();
        let ends = || {
            let points = self.series.iter().flat_map(|(_, points)| points);
            points.flat_map(ScatterPoint::bars).flatten()
        };
        let mut x = range(path, "horizontal", ends().map(|(x, _)| x))?;
        let mut y = range(path, "vertical", ends().map(|(_, y)| y))?;
        if self.diagonal {
            x = x.start.min(y.start)..x.end.max(y.end);
            y = x.clone();
        }
        write(path, |svg| self.draw_within(svg, x, y))
    }

    fn draw_within(
        &self,
        svg: &mut String,
        x: Range<f64>,
        y: Range<f64>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let size = if self.diagonal { (560, 560) } else { SIZE };
        let root = SVGBackend::with_string(svg, size).into_drawing_area();
        root.fill(&WHITE).map_err(text)?;
        let mut chart = ChartBuilder::on(&root)
            .caption(&self.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(x.clone(), y)
            .map_err(text)?;
        chart
            .configure_mesh()
            .x_desc(&self.x_label)
            .y_desc(&self.y_label)
            .light_line_style(TRANSPARENT)
            .draw()
            .map_err(text)?;
        if self.diagonal {
            let line = [(x.start, x.start), (x.end, x.end)];
            chart
                .draw_series(LineSeries::new(line, BLACK.mix(0.5)))
                .map_err(text)?
                .label("y = x")
                .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLACK.mix(0.5)));
        }
        for (number, (name, points)) in self.series.iter().enumerate() {
            let style = color(number).mix(0.8).filled();
            let bars = points.iter().flat_map(ScatterPoint::bars);
            chart
                .draw_series(bars.map(|bar| PathElement::new(bar, color(number))))
                .map_err(text)?;
            let circle = |point: &ScatterPoint| Circle::new((point.x, point.y), 4, style);
            chart
                .draw_series(points.iter().map(circle))
                .map_err(text)?
                .label(escaped(name).to_string())
                .legend(move |(x, y)| Circle::new((x + 9, y), 4, style));
        }
        legend(&mut chart, SeriesLabelPosition::LowerRight)?;
        root.present().map_err(text)
    }
}
