//! What all plots share: size, colors, legend, the range of an axis, and the file.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use plotters::backend::SVGBackend;
use plotters::chart::{ChartContext, SeriesLabelPosition};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::style::{BLACK, Color as _, RGBColor, WHITE};

use super::error::PlotError;
use crate::replace_file;

/// The size of a plot in pixels.
pub(super) const SIZE: (u32, u32) = (760, 480);

/// Colors that people with any color vision can tell apart (Okabe and Ito 2008).
const COLORS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(120, 120, 120),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
];

/// The color of the series with a number, from 0.
pub(super) fn color(series: usize) -> RGBColor {
    COLORS[series % COLORS.len()]
}

/// A chart with numbers on both axes.
pub(super) type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Draws a legend in a corner.
pub(super) fn legend<'a, 'b: 'a>(
    chart: &mut Chart<'a, 'b>,
    corner: SeriesLabelPosition,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    chart
        .configure_series_labels()
        .position(corner)
        .background_style(WHITE.mix(0.9))
        .border_style(BLACK.mix(0.3))
        .draw()
        .map_err(text)
}

/// A drawing library's error as text: the error itself can't be sent between threads.
pub(super) fn text(error: impl Error) -> Box<dyn Error + Send + Sync> {
    error.to_string().into()
}

/// Writes the file of a plot that `draw` draws as SVG.
pub(super) fn write(
    path: &Path,
    draw: impl FnOnce(&mut String) -> Result<(), Box<dyn Error + Send + Sync>>,
) -> Result<(), PlotError> {
    let mut svg = String::new();
    let drawn = draw(&mut svg);
    drawn
        .and_then(|()| Ok(replace_file::write(path, svg)?))
        .map_err(PlotError::at(path))
}

/// The furthest from 0 that an axis may reach, so that the drawing library's sums stay finite.
const FURTHEST: f64 = 1e300;

/// The range of some values, with a small margin.
pub(super) fn range(
    path: &Path,
    axis: &'static str,
    values: impl Iterator<Item = f64>,
) -> Result<Range<f64>, PlotError> {
    let mut range: Option<(f64, f64)> = None;
    for value in values {
        let (low, high) = range.unwrap_or((value, value));
        if value.is_nan() {
            // `min` and `max` would ignore it.
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
    let margin = match high - low {
        0.0 => low.abs().max(1.0) * 0.05,
        width => 0.04 * width,
    };
    Ok(low - margin..high + margin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_a_margin_and_is_finite() {
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
