//! Lexicographic order: objectives one after another, in order of importance. In all vectors here, higher is
//! better.

/// The best item by the first objective; among those within its tolerance of the best, the best by the
/// second; and so on; the first of several equal ones. `None` if there are no items.
///
/// # Panics
/// If an item has fewer figures than there are tolerances.
pub fn lexicographic_best<'a, T, F: AsRef<[f64]> + 'a + ?Sized>(
    items: &'a [T],
    tolerances: &[f64],
    figures: impl Fn(&'a T) -> &'a F,
) -> Option<&'a T> {
    best_of(items.iter().collect(), tolerances, &figures)
}

/// The item that would remain if [`lexicographic_best`] took one item after another; the first of several
/// equal ones. `None` if there are no items. Takes `O(n²)` comparisons for `n` items.
///
/// With tolerances, "within the tolerance" isn't transitive: the best of the items closest to the worst
/// first figure may well be the best of all. Taking items one by one never makes the best one the worst.
///
/// # Panics
/// If an item has fewer figures than there are tolerances.
pub fn lexicographic_worst<'a, T, F: AsRef<[f64]> + 'a + ?Sized>(
    items: &'a [T],
    tolerances: &[f64],
    figures: impl Fn(&'a T) -> &'a F,
) -> Option<&'a T> {
    // From the last to the first, so that of equal ones the first is left.
    let mut left: Vec<&T> = items.iter().rev().collect();
    while left.len() > 1 {
        let best = best_of(left.clone(), tolerances, &figures)?;
        left.retain(|item| !std::ptr::eq(*item, best));
    }
    left.first().copied()
}

fn best_of<'a, T, F: AsRef<[f64]> + 'a + ?Sized>(
    mut left: Vec<&'a T>,
    tolerances: &[f64],
    figures: &impl Fn(&'a T) -> &'a F,
) -> Option<&'a T> {
    for (objective, tolerance) in tolerances.iter().enumerate() {
        let value = |item: &&'a T| figures(item).as_ref()[objective];
        let best = left.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
        left.retain(|item| value(item) >= best - tolerance);
    }
    left.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lexicographic_order_looks_at_the_second_objective_within_the_tolerance() {
        let items = [vec![0.90, 1.0], vec![0.905, 2.0], vec![0.91, 0.0]];
        let best = |tolerance| lexicographic_best(&items, &[tolerance, 0.0], |item| item);
        assert_eq!(best(0.0), Some(&items[2]));
        assert_eq!(best(0.006), Some(&items[1]));
        assert_eq!(
            lexicographic_best::<Vec<f64>, Vec<f64>>(&[], &[0.0], |item| item),
            None
        );
    }

    #[test]
    fn the_worst_is_the_one_that_is_taken_last() {
        let worst =
            |items: &'static [[f64; 2]]| lexicographic_worst(items, &[0.6, 0.0], |item| item);
        // Of the two lowest by the first objective, the second is the worse by the second objective, but it
        // is also the best of all.
        assert_eq!(
            worst(&[[0.0, 9.0], [0.5, 5.0], [1.0, 3.0]]),
            Some(&[0.0, 9.0])
        );
        assert_eq!(worst(&[[0.0, 9.0], [0.5, 5.0]]), Some(&[0.5, 5.0]));
        assert_eq!(worst(&[]), None);
        static EQUAL: [[f64; 2]; 2] = [[1.0, 1.0], [1.0, 1.0]];
        assert!(std::ptr::eq(worst(&EQUAL).unwrap(), &raw const EQUAL[0]));
    }
}
