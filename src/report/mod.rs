//! Showing a search to people.

mod comparison_progress;
mod meter;
mod plots;
mod progress;

pub use comparison_progress::ComparisonProgress;
pub use plots::{PlotError, Scatter, ScatterPoint, draw_curves};
pub use progress::ProgressBar;
