//! A comparison's drawings.

use std::path::Path;

use evonas::comparison::statistics::{confidence, mean};
use evonas::comparison::{Axis, Comparison, ContenderRuns};
use evonas::report::{CurvePlot, ScatterPlot, ScatterPoint};

use crate::Failure;
use crate::naming::dataset_title;

/// Draws the best so far along each axis and, where networks were found, their sizes. `test` is what the
/// benchmark calls its test result.
pub(super) fn draw(comparison: &Comparison, test: &str, folder: &Path) -> Result<(), Failure> {
    let dataset = dataset_title(comparison.dataset());
    for axis in Axis::ALL {
        CurvePlot::new(axis, &comparison.curves(axis))
            .title(format!("{dataset}: mean of the runs, 95 % confidence"))
            .y_label(format!("{test} of the best so far (higher is better)"))
            .draw(folder.join(format!("best-by-{}.svg", axis.name())))?;
    }
    let mut plot = ScatterPlot::new()
        .title(format!("{dataset}: what was found, mean of the runs"))
        .x_label("multiply-adds (millions, lower is better)")
        .y_label(format!("{test} (higher is better)"));
    let mut found_networks = false;
    for entry in comparison.entries() {
        if let Some(point) = found(entry) {
            plot = plot.series(entry.contender.as_str(), [point]);
            found_networks = true;
        }
    }
    if found_networks {
        plot.draw(folder.join("found-by-multiply-adds.svg"))?;
    }
    Ok(())
}

/// The mean size and test result of what the runs found, if it was networks.
fn found(entry: &ContenderRuns) -> Option<ScatterPoint> {
    let sizes: Option<Vec<f64>> = entry.runs.iter().map(|run| run.multiply_adds).collect();
    let (sizes, tests) = (sizes?, entry.tests());
    Some(ScatterPoint {
        x: mean(&sizes) / 1e6,
        y: mean(&tests),
        x_confidence: confidence(&sizes) / 1e6,
        y_confidence: confidence(&tests),
    })
}
