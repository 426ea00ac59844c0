//! Points of several kinds.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use super::curves::text;
use super::{PlotError, SIZE, colour, legend, range};

/// A drawing of points of several kinds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scatter {
    /// What stands above it.
    pub title: String,
    /// What the horizontal axis shows.
    pub x: String,
    /// What the vertical axis shows.
    pub y: String,
    /// The kinds with their points.
    pub series: Vec<(String, Vec<ScatterPoint>)>,
    /// Whether both axes have the same range, and the line `y = x` is drawn.
    pub diagonal: bool,
}

/// A point, with how far its confidence interval reaches to either side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ScatterPoint {
    /// Horizontal place.
    pub x: f64,
    /// Vertical place.
    pub y: f64,
    /// The horizontal interval.
    pub x_confidence: f64,
    /// The vertical interval.
    pub y_confidence: f64,
}

impl ScatterPoint {
    /// A point without an interval.
    #[must_use]
    pub const fn new(x: f64, y: f64) -> Self {
        Self {
            x,
            y,
            x_confidence: 0.0,
            y_confidence: 0.0,
        }
    }

    /// The ends of its intervals: horizontal, then vertical.
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

impl Scatter {
    /// Draws it.
    ///
    /// # Errors
    /// [`PlotError`] if there is no point, one is at no finite place, or the file can't be written.
    pub fn draw(&self, path: &Path) -> Result<(), PlotError> {
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
        self.draw_within(path, x, y).map_err(PlotError::at(path))
    }

    fn draw_within(
        &self,
        path: &Path,
        x: std::ops::Range<f64>,
        y: std::ops::Range<f64>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let size = if self.diagonal { (560, 560) } else { SIZE };
        let root = SVGBackend::new(path, size).into_drawing_area();
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
            .x_desc(&self.x)
            .y_desc(&self.y)
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
        for (place, (name, points)) in self.series.iter().enumerate() {
            let style = colour(place).mix(0.8).filled();
            let bars = points.iter().flat_map(ScatterPoint::bars);
            chart
                .draw_series(bars.map(|bar| PathElement::new(bar, colour(place))))
                .map_err(text)?;
            let circle = |point: &ScatterPoint| Circle::new((point.x, point.y), 4, style);
            chart
                .draw_series(points.iter().map(circle))
                .map_err(text)?
                .label(name)
                .legend(move |(x, y)| Circle::new((x + 9, y), 4, style));
        }
        legend(&mut chart, SeriesLabelPosition::LowerRight)?;
        root.present().map_err(text)
    }
}
