//! Curves of a comparison with their confidence bands.

use std::path::Path;

use super::error::PlotError;
use super::file::{check, write};
use crate::comparison::{Axis, CurvePoint, IncumbentCurve};
use crate::excerpt::escaped;
use crate::report::chart::{ChartAxis, Mark, Plot};

/// The share of the horizontal axis whose curves may begin below the plot: the first trials are far worse
/// than the rest, and would flatten the curves.
const CLIPPED: f64 = 0.1;

/// A plot of a comparison's curves, each with the 95 % confidence band of its mean by Student's t
/// distribution ([`confidence`](crate::comparison::statistics::confidence)): very wide for two or three
/// runs, and absent for a single one. The name of each curve is beside it.
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
///     .y_label("share of ones (higher is better)")
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

    /// Sets the label of the vertical axis: what it shows, the unit, and which direction is better.
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
        let (low, high) = check(path, "horizontal", points().map(|point| point.x))?;
        let from = low + CLIPPED * (high - low);
        let ends =
            |point: &CurvePoint| [point.mean - point.confidence, point.mean + point.confidence];
        // The points that don't decide the axis are drawn too, and must be finite.
        check(path, "vertical", points().flat_map(ends))?;
        let decisive = points().filter(|point| point.x >= from);
        let (lowest, highest) = check(path, "vertical", decisive.flat_map(ends))?;
        let x = match self.axis {
            Axis::Seconds => ChartAxis::new("time (simulated seconds)").from(0.0),
            Axis::Trials => ChartAxis::new("trials").whole(),
        };
        let y = ChartAxis::new(&self.y_label)
            .not_below(lowest)
            .not_above(highest);
        let mut plot = Plot::new(x, y).size(760.0, 440.0);
        for (number, (name, curve)) in self.curves.iter().enumerate() {
            let points = || curve.points.iter().filter(|point| point.mean >= lowest);
            let upper = points().map(|point| (point.x, point.mean + point.confidence));
            let lower = points()
                .rev()
                .map(|point| (point.x, point.mean - point.confidence));
            let line = points().map(|point| (point.x, point.mean));
            plot = plot
                .series("", Mark::Band, number, upper.chain(lower))
                .series(name, Mark::Line, number, line);
        }
        write(path, &self.title, &[plot])
    }
}
