//! Showing a search to people.

mod comparison_progress;
mod meter;
mod plots;
mod progress;
#[cfg(feature = "burn")]
mod training_progress;

pub use comparison_progress::ComparisonProgress;
pub use plots::{LearningCurves, PlotError, Scatter, ScatterPoint, draw_curves};
pub use progress::ProgressBar;
#[cfg(feature = "burn")]
pub use training_progress::TrainingProgress;
