//! Learning curves: the loss and the accuracies of a training, epoch by epoch.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::chart::{color, legend, range, text, write};
use super::error::PlotError;
use crate::excerpt::escaped;

/// A plot of a training's learning curves: the loss of each epoch, and below it the accuracies.
///
/// ```
/// use evonas::report::LearningPlot;
///
/// # let folder = tempfile::tempdir()?;
/// LearningPlot::new([2.1, 1.4, 1.2])
///     .title("Training on digits")
///     .accuracies("training", [Some(0.3), Some(0.6), Some(0.7)])
///     .accuracies("validation", [None, None, Some(0.65)])
///     .draw(folder.path().join("learning.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct LearningPlot {
    title: String,
    losses: Vec<f64>,
    accuracies: Vec<EpochSeries>,
}

impl LearningPlot {
    /// A plot of the losses of the epochs, in order.
    pub fn new(losses: impl IntoIterator<Item = f64>) -> Self {
        Self {
            losses: losses.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Sets the title above the plot.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = escaped(title.into()).to_string();
        self
    }

    /// Adds a curve of accuracies, shares from 0 to 1: one for each epoch, `None` where it wasn't
    /// measured. The name is for the legend.
    pub fn accuracies(
        mut self,
        name: impl Into<String>,
        accuracies: impl IntoIterator<Item = Option<f64>>,
    ) -> Self {
        self.accuracies
            .push((name.into(), accuracies.into_iter().collect()));
        self
    }

    /// Writes the plot to an SVG file.
    ///
    /// # Errors
    /// [`PlotError`] if there are no epochs, a value isn't finite, or the file can't be written.
    pub fn draw(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        let path = path.as_ref();
        let losses = [(
            "loss".to_owned(),
            self.losses.iter().copied().map(Some).collect(),
        )];
        let panels = [("loss", &losses[..]), ("accuracy", &self.accuracies)]
            .into_iter()
            .filter(|(_, series)| measured(series).next().is_some())
            .map(|(label, series)| Ok((label, series, range(path, "vertical", measured(series))?)))
            .collect::<Result<Vec<Panel<'_>>, PlotError>>()?;
        if panels.is_empty() {
            return Err(PlotError::Nothing(path.to_owned()));
        }
        write(path, |svg| self.draw_panels(svg, panels))
    }

    fn draw_panels(
        &self,
        svg: &mut String,
        panels: Vec<Panel<'_>>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let root = SVGBackend::with_string(svg, (760, 640)).into_drawing_area();
        root.fill(&WHITE).map_err(text)?;
        let titled = root.titled(&self.title, ("sans-serif", 18)).map_err(text)?;
        let areas = titled.split_evenly((panels.len(), 1));
        for (area, panel) in areas.iter().zip(panels) {
            self.panel(area, panel)?;
        }
        root.present().map_err(text)
    }

    fn panel(
        &self,
        area: &DrawingArea<SVGBackend<'_>, Shift>,
        (label, series, y): Panel<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        // Even a single epoch needs an axis of some width.
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
            .y_desc(label)
            .light_line_style(TRANSPARENT)
            // There is no label between two epochs.
            .x_label_formatter(&|value| match value.fract() {
                0.0 => format!("{value}"),
                _ => String::new(),
            })
            .draw()
            .map_err(text)?;
        for (number, (name, values)) in series.iter().enumerate() {
            let color = color(number);
            let points: Vec<(f64, f64)> = values
                .iter()
                .enumerate()
                .filter_map(|(epoch, value)| Some((epoch as f64 + 1.0, (*value)?)))
                .collect();
            let dots = points
                .iter()
                .map(|&point| Circle::new(point, 2, color.filled()));
            chart.draw_series(dots).map_err(text)?;
            chart
                .draw_series(LineSeries::new(points, color.stroke_width(2)))
                .map_err(text)?
                .label(escaped(name).to_string())
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))
                });
        }
        if series.len() > 1 {
            legend(&mut chart, SeriesLabelPosition::LowerRight)?;
        }
        Ok(())
    }
}

/// The label of a panel's vertical axis, the panel's series, and the range of that axis.
type Panel<'a> = (&'static str, &'a [EpochSeries], Range<f64>);

/// A series's name and its value in each epoch, if it was measured.
type EpochSeries = (String, Vec<Option<f64>>);

fn measured(series: &[EpochSeries]) -> impl Iterator<Item = f64> {
    series
        .iter()
        .flat_map(|(_, values)| values)
        .copied()
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_measured_values_are_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("curves.svg");
        LearningPlot::new([2.0, 1.5, 1.2])
            .title("Training on noise")
            .accuracies("training", [Some(0.1), Some(0.4), Some(0.5)])
            .accuracies("validation", [None, Some(0.3), None])
            .draw(&path)
            .unwrap();
        let svg = std::fs::read_to_string(&path).unwrap();
        for part in [
            "Training on noise",
            "loss",
            "accuracy",
            "validation",
            "epoch",
        ] {
            assert!(svg.contains(part), "{part}");
        }
        // Three losses, three accuracies and one validation accuracy.
        assert_eq!(svg.matches("<circle").count(), 7);
    }

    #[test]
    fn a_plot_without_epochs_or_with_an_infinite_loss_is_refused() {
        let path = Path::new("nowhere.svg");
        let nothing = LearningPlot::new([]).draw(path);
        assert!(matches!(nothing, Err(PlotError::Nothing(_))));
        let infinite = LearningPlot::new([1.0, f64::INFINITY]).draw(path);
        assert!(matches!(infinite, Err(PlotError::Unbounded { .. })));
    }
}
