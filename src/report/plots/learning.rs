//! Learning curves: the loss and the accuracies of a training, epoch by epoch.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::curves::text;
use super::{PlotError, colour, legend, range};

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
        let losses = [(
            "loss".to_owned(),
            self.losses.iter().copied().map(Some).collect(),
        )];
        let panels = [("loss", &losses[..]), ("accuracy", &self.accuracies)]
            .into_iter()
            .filter(|(_, lines)| measured(lines).next().is_some())
            .map(|(what, lines)| Ok((what, lines, range(path, "vertical", measured(lines))?)))
            .collect::<Result<Vec<Panel<'_>>, PlotError>>()?;
        if panels.is_empty() {
            return Err(PlotError::Nothing(path.to_owned()));
        }
        self.draw_panels(path, panels).map_err(PlotError::at(path))
    }

    fn draw_panels(
        &self,
        path: &Path,
        panels: Vec<Panel<'_>>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let root = SVGBackend::new(path, (760, 640)).into_drawing_area();
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
        (what, lines, y): Panel<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
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
            // Between two epochs there is none.
            .x_label_formatter(&|value| match value.fract() {
                0.0 => format!("{value}"),
                _ => String::new(),
            })
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
            legend(&mut chart, SeriesLabelPosition::LowerRight)?;
        }
        Ok(())
    }
}

/// What a panel shows, its lines, and the range of its vertical axis.
type Panel<'a> = (&'static str, &'a [Line], Range<f64>);

/// A line's name, and its value of each epoch where it was measured.
type Line = (String, Vec<Option<f64>>);

fn measured(lines: &[Line]) -> impl Iterator<Item = f64> {
    lines
        .iter()
        .flat_map(|(_, values)| values)
        .copied()
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_drawn_with_what_was_measured() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("curves.svg");
        let curves = LearningCurves {
            title: "Training on noise".to_owned(),
            losses: vec![2.0, 1.5, 1.2],
            accuracies: vec![
                ("training".to_owned(), vec![Some(0.1), Some(0.4), Some(0.5)]),
                ("validation".to_owned(), vec![None, Some(0.3), None]),
            ],
        };
        curves.draw(&path).unwrap();
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
    fn nothing_and_the_infinite_are_refused() {
        let path = Path::new("nowhere.svg");
        let nothing = LearningCurves::default().draw(path);
        assert!(matches!(nothing, Err(PlotError::Nothing(_))));
        let infinite = LearningCurves {
            losses: vec![1.0, f64::INFINITY],
            ..LearningCurves::default()
        };
        assert!(matches!(
            infinite.draw(path),
            Err(PlotError::Unbounded { .. })
        ));
    }
}
