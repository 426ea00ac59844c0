//! Showing a search to people.

mod progress;

pub use progress::ProgressBar;
