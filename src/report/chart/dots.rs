//! Many dots in few bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The most dots of one kind in a chart.
const MOST: usize = 1500;

/// The path of round dots at these places, in units of a chart. Dots that would cover each other are one, and if there
/// are still too many, those of neighboring places too.
pub(super) fn dots(places: impl Iterator<Item = (f64, f64)> + Clone) -> String {
    let mut grid = 1.0;
    let kept = loop {
        let cells: BTreeMap<(i64, i64), (f64, f64)> = places
            .clone()
            .map(|(x, y)| {
                (
                    ((x / grid).round() as i64, (y / grid).round() as i64),
                    (x, y),
                )
            })
            .collect();
        if cells.len() <= MOST {
            break cells;
        }
        grid *= 1.25;
    };
    let mut path = String::new();
    for (x, y) in kept.into_values() {
        let _ = write!(path, "M{x:.0} {y:.0}h0");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_that_cover_each_other_are_one_and_there_are_never_too_many() {
        let same = [(1.0, 2.0), (1.2, 1.9), (30.0, 4.0)];
        assert_eq!(dots(same.into_iter()), "M1 2h0M30 4h0");
        let many = (0..20_000).map(|dot| (f64::from(dot % 300), f64::from(dot % 199)));
        let count = dots(many).matches('M').count();
        assert!((300..=MOST).contains(&count), "{count}");
    }
}
