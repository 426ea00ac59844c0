//! Scatter plots of several series.

use std::path::Path;

use super::error::PlotError;
use super::file::{check, write};
use crate::excerpt::escaped;
use crate::report::chart::{ChartAxis, Mark, Plot};

/// A scatter plot of several series of points, with the name of each series beside it.
///
/// ```
/// use evonas::report::{ScatterPlot, ScatterPoint};
///
/// # let folder = tempfile::tempdir()?;
/// ScatterPlot::new()
///     .title("Networks found")
///     .x_label("multiply-adds (millions, lower is better)")
///     .y_label("test accuracy (higher is better)")
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

    /// Adds points with a name.
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
        let x = check(path, "horizontal", ends().map(|(x, _)| x))?;
        let y = check(path, "vertical", ends().map(|(_, y)| y))?;
        let (mut x_axis, mut y_axis) =
            (ChartAxis::new(&self.x_label), ChartAxis::new(&self.y_label));
        let mut size = (760.0, 440.0);
        if self.diagonal {
            let (low, high) = (x.0.min(y.0), x.1.max(y.1));
            x_axis = x_axis.from(low).until(high);
            y_axis = y_axis.from(low).until(high);
            size = (680.0, 560.0);
        }
        let mut plot = Plot::new(x_axis, y_axis).size(size.0, size.1);
        if self.diagonal {
            let line = [(x.0.min(y.0), x.0.min(y.0)), (x.1.max(y.1), x.1.max(y.1))];
            plot = plot.series("y = x", Mark::Line, 2, line);
        }
        for (number, (name, points)) in self.series.iter().enumerate() {
            // The grey of the third series is that of the diagonal.
            let color = if self.diagonal && number > 1 {
                number + 1
            } else {
                number
            };
            let bars = points.iter().flat_map(ScatterPoint::bars).flatten();
            let disks = points.iter().map(|point| (point.x, point.y));
            plot = plot
                .series("", Mark::Bars, color, bars)
                .series(name, Mark::Disks, color, disks);
        }
        write(path, &self.title, &[plot])
    }
}
