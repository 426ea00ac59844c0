//! Why a plot can't be drawn.

use std::error::Error;
use std::path::PathBuf;

use crate::excerpt::shown;

/// Why a plot can't be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// There are no points.
    #[error("there is nothing to draw in {}", shown(.0))]
    Nothing(PathBuf),
    /// A point isn't finite, or the points are too far apart.
    #[error(
        "can't draw {}: the {axis} axis would reach from {low:?} to {high:?}",
        shown(path)
    )]
    Unbounded {
        /// The plot's file.
        path: PathBuf,
        /// `horizontal` or `vertical`.
        axis: &'static str,
        /// The axis's lowest value.
        low: f64,
        /// The axis's highest value.
        high: f64,
    },
    /// The file can't be written.
    #[error("can't draw {}: {source}", shown(path))]
    Draw {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: Box<dyn Error + Send + Sync>,
    },
}
