//! Learning curves: the loss and the accuracies of a training, epoch by epoch.

use std::path::Path;

use super::error::PlotError;
use super::file::{check, write};
use crate::excerpt::escaped;
use crate::report::chart::{ChartAxis, Mark, Plot};

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
    /// measured. The name is beside the curve.
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
            String::new(),
            self.losses.iter().copied().map(Some).collect(),
        )];
        let panels = [
            ("loss (lower is better)", &losses[..]),
            ("accuracy (higher is better)", &self.accuracies),
        ];
        let plots = panels
            .into_iter()
            .filter(|(_, series)| measured(series).next().is_some())
            .map(|(label, series)| {
                check(path, "vertical", measured(series))?;
                Ok(self.plot(label, series))
            })
            .collect::<Result<Vec<Plot>, PlotError>>()?;
        write(path, &self.title, &plots)
    }

    fn plot(&self, label: &str, series: &[EpochSeries]) -> Plot {
        // Even a single epoch needs an axis of some width.
        let last = self.losses.len().max(2) as f64;
        let x = ChartAxis::new("epoch").whole().from(1.0).until(last);
        let mut plot = Plot::new(x, ChartAxis::new(label)).size(760.0, 300.0);
        for (number, (name, values)) in series.iter().enumerate() {
            let values = values.iter().enumerate();
            let points = values.filter_map(|(epoch, value)| Some((epoch as f64 + 1.0, (*value)?)));
            plot = plot.series("", Mark::Dots, number, points.clone()).series(
                name,
                Mark::Line,
                number,
                points,
            );
        }
        plot
    }
}

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
        assert_eq!(svg.matches("h0").count(), 7);
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
