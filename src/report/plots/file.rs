//! What all plots share: the check of their values, and the file.

use std::path::Path;

use super::error::PlotError;
use crate::replace_file;
use crate::report::chart::{Plot, svg_file};

/// The furthest from 0 that an axis may reach, so that sums stay finite.
const FURTHEST: f64 = 1e300;

/// The lowest and the highest of some values.
pub(super) fn check(
    path: &Path,
    axis: &'static str,
    values: impl Iterator<Item = f64>,
) -> Result<(f64, f64), PlotError> {
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
    let is_near = |value| (-FURTHEST..=FURTHEST).contains(&value);
    match is_near(low) && is_near(high) {
        true => Ok((low, high)),
        false => Err(PlotError::Unbounded {
            path: path.to_owned(),
            axis,
            low,
            high,
        }),
    }
}

/// Writes a file of plots, one below the other.
pub(super) fn write(path: &Path, title: &str, plots: &[Plot]) -> Result<(), PlotError> {
    let svg = svg_file(title, plots).ok_or_else(|| PlotError::Nothing(path.to_owned()))?;
    replace_file::write(path, svg).map_err(|source| PlotError::Draw {
        path: path.to_owned(),
        source: source.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_no_axis_reaches_are_refused() {
        let path = Path::new("drawing.svg");
        let of = |values: &[f64]| check(path, "vertical", values.iter().copied());
        assert_eq!(of(&[100.0, 0.0]).unwrap(), (0.0, 100.0));
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
