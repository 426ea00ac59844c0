//! Showing a search to people.

mod plots;
mod progress;

pub use plots::{PlotError, Scatter, ScatterPoint, draw_curves};
pub use progress::ProgressBar;
