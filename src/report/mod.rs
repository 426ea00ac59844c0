//! Showing a search to people.

mod plots;
mod progress;
#[cfg(feature = "burn")]
mod training_progress;

pub use plots::{LearningCurves, PlotError, Scatter, ScatterPoint, draw_curves};
pub use progress::ProgressBar;
#[cfg(feature = "burn")]
pub use training_progress::TrainingProgress;
