//! Drawings of comparisons as SVG.

mod curves;
mod learning;
mod scatter;

pub use curves::draw_curves;
pub use learning::LearningCurves;
pub use scatter::{Scatter, ScatterPoint};

use std::error::Error;
use std::ops::Range;
use std::path::{Path, PathBuf};

use plotters::backend::SVGBackend;
use plotters::chart::{ChartContext, SeriesLabelPosition};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::style::{BLACK, Color as _, RGBColor, WHITE};

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

/// A chart of numbers.
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Says in a corner what is drawn how.
fn legend<'a, 'b: 'a>(
    chart: &mut Chart<'a, 'b>,
    corner: SeriesLabelPosition,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    chart
        .configure_series_labels()
        .position(corner)
        .background_style(WHITE.mix(0.9))
        .border_style(BLACK.mix(0.3))
        .draw()
        .map_err(curves::text)
}

/// A drawing that can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// There are no points to draw.
    #[error("there is nothing to draw in {}", .0.display())]
    Nothing(PathBuf),
    /// A point is at no finite place, or the points are further apart than a number can be.
    #[error("can't draw {}: the {axis} axis would reach from {low:?} to {high:?}", path.display())]
    Unbounded {
        /// Which drawing.
        path: PathBuf,
        /// `horizontal` or `vertical`.
        axis: &'static str,
        /// Its lowest value.
        low: f64,
        /// Its highest value.
        high: f64,
    },
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

/// The furthest that an axis reaches from 0: the drawing library's own sums have room above it.
const FURTHEST: f64 = 1e300;

/// The range of some values with a little air around them.
fn range(
    path: &Path,
    axis: &'static str,
    values: impl Iterator<Item = f64>,
) -> Result<Range<f64>, PlotError> {
    let mut range: Option<(f64, f64)> = None;
    for value in values {
        let (low, high) = range.unwrap_or((value, value));
        if value.is_nan() {
            // `min` and `max` would leave it out.
            range = Some((value, value));
            break;
        }
        range = Some((low.min(value), high.max(value)));
    }
    let (low, high) = range.ok_or_else(|| PlotError::Nothing(path.to_owned()))?;
    if !(-FURTHEST..=FURTHEST).contains(&low) || !(-FURTHEST..=FURTHEST).contains(&high) {
        let path = path.to_owned();
        return Err(PlotError::Unbounded {
            path,
            axis,
            low,
            high,
        });
    }
    let air = match high - low {
        0.0 => low.abs().max(1.0) * 0.05,
        width => 0.04 * width,
    };
    Ok(low - air..high + air)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_air_around_it_and_ends() {
        let path = Path::new("drawing.svg");
        let of = |values: &[f64]| range(path, "vertical", values.iter().copied());
        let wide = of(&[100.0, 0.0]).unwrap();
        assert_eq!((wide.start, wide.end), (-4.0, 104.0));
        let narrow = of(&[0.0]).unwrap();
        assert_eq!((narrow.start, narrow.end), (-0.05, 0.05));
        assert!(matches!(of(&[]), Err(PlotError::Nothing(_))));
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e305] {
            for values in [[value, 1.0], [1.0, value]] {
                let error = of(&values).unwrap_err();
                assert!(matches!(error, PlotError::Unbounded { .. }), "{error}");
                let message = error.to_string();
                assert!(
                    message.starts_with("can't draw drawing.svg: the vertical axis would reach"),
                    "{message}"
                );
            }
        }
    }
}
