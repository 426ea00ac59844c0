//! Plots of comparisons and trainings as SVG files.

mod curves;
mod error;
mod file;
mod learning;
mod scatter;

pub use curves::CurvePlot;
pub use error::PlotError;
pub use learning::LearningPlot;
pub use scatter::{ScatterPlot, ScatterPoint};
