//! Progress on the terminal and plots of results.

mod comparison_progress;
mod meter;
mod note;
mod plots;
mod progress;
#[cfg(feature = "burn")]
mod training_progress;
mod warning_lines;

pub use comparison_progress::ComparisonProgress;
pub use note::{note, printable, printable_line};
pub use plots::{CurvePlot, LearningPlot, PlotError, ScatterPlot, ScatterPoint};
pub use progress::ProgressBar;
#[cfg(feature = "burn")]
pub use training_progress::TrainingProgress;
pub use warning_lines::WarningLines;
