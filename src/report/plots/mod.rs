//! Drawings of comparisons as SVG.

mod curves;
mod learning;
mod scatter;

pub use curves::draw_curves;
pub use learning::LearningCurves;
pub use scatter::{Scatter, ScatterPoint};

use std::error::Error;
use std::path::{Path, PathBuf};

use plotters::style::RGBColor;

/// The size of a drawing, in pixels.
const SIZE: (u32, u32) = (760, 480);

/// Colours that are told apart with any colour vision (Okabe and Ito 2008).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(120, 120, 120),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
];

fn colour(place: usize) -> RGBColor {
    COLOURS[place % COLOURS.len()]
}

/// A drawing that can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// There are no points to draw.
    #[error("there is nothing to draw in {}", .0.display())]
    Nothing(PathBuf),
    /// The file can't be written.
    #[error("can't draw {}: {source}", path.display())]
    Draw {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl PlotError {
    fn at(path: &Path) -> impl Fn(Box<dyn Error + Send + Sync>) -> Self {
        |source| Self::Draw {
            path: path.to_owned(),
            source,
        }
    }
}

/// The range of some values with a little air around them; none if there are no values.
fn range(values: impl Iterator<Item = f64>) -> Option<std::ops::Range<f64>> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low > high {
        return None;
    }
    let air = match high - low {
        0.0 => low.abs().max(1.0) * 0.05,
        width => 0.04 * width,
    };
    Some(low - air..high + air)
}
