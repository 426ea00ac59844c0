//! Learning curves: the loss and the accuracies of a training, epoch by epoch.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::curves::text;
use super::{PlotError, colour, range};

/// The learning curves of a training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearningCurves {
    /// What stands above them.
    pub title: String,
    /// The loss of each epoch, the first one's first.
    pub losses: Vec<f64>,
    /// Shares from 0 to 1 of each epoch, by what they are of; none where it wasn't measured.
    pub accuracies: Vec<(String, Vec<Option<f64>>)>,
}

impl LearningCurves {
    /// Draws the loss above the accuracies.
    ///
    /// # Errors
    /// [`PlotError`] if there is no epoch or the file can't be written.
    pub fn draw(&self, path: &Path) -> Result<(), PlotError> {
        if self.losses.is_empty() {
            return Err(PlotError::Nothing(path.to_owned()));
        }
        self.draw_panels(path).map_err(PlotError::at(path))
    }

    fn draw_panels(&self, path: &Path) -> Result<(), Box<dyn Error + Send + Sync>> {
        let root = SVGBackend::new(path, (760, 640)).into_drawing_area();
        root.fill(&WHITE).map_err(text)?;
        let root = root.titled(&self.title, ("sans-serif", 18)).map_err(text)?;
        let (above, below) = root.split_vertically(290);
        let losses = [(
            "loss".to_owned(),
            self.losses.iter().copied().map(Some).collect(),
        )];
        self.panel(&above, "loss", &losses)?;
        self.panel(&below, "accuracy", &self.accuracies)?;
        root.present().map_err(text)
    }

    fn panel(
        &self,
        area: &DrawingArea<SVGBackend<'_>, Shift>,
        what: &str,
        lines: &[(String, Vec<Option<f64>>)],
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let values = lines.iter().flat_map(|(_, values)| values);
        let Some(y) = range(values.filter_map(|value| *value)) else {
            return Ok(());
        };
        // A single epoch has a width too.
        let last = self.losses.len().max(2) as f64;
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(64)
            .build_cartesian_2d(1.0..last, y)
            .map_err(text)?;
        chart
            .configure_mesh()
            .x_desc("epoch")
            .y_desc(what)
            .light_line_style(TRANSPARENT)
            .x_label_formatter(&|value| format!("{value:.0}"))
            .draw()
            .map_err(text)?;
        for (place, (name, values)) in lines.iter().enumerate() {
            let colour = colour(place);
            let points: Vec<(f64, f64)> = values
                .iter()
                .enumerate()
                .filter_map(|(epoch, value)| Some((epoch as f64 + 1.0, (*value)?)))
                .collect();
            let dots = points
                .iter()
                .map(|&point| Circle::new(point, 2, colour.filled()));
            chart.draw_series(dots).map_err(text)?;
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(2)))
                .map_err(text)?
                .label(name)
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2))
                });
        }
        if lines.len() > 1 {
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::LowerRight)
                .background_style(WHITE.mix(0.9))
                .border_style(BLACK.mix(0.3))
                .draw()
                .map_err(text)?;
        }
        Ok(())
    }
}
