//! Comparisons by several objectives at once. In all vectors here, higher is better.

/// Whether `left` is at least as good as `right` in every objective and better in at least one.
#[must_use]
pub fn dominates(left: &[f64], right: &[f64]) -> bool {
    let pairs = || left.iter().zip(right);
    pairs().all(|(left, right)| left >= right) && pairs().any(|(left, right)| left > right)
}

/// The items that no other item dominates, in their original order; of items with equal figures, the
/// first.
pub fn pareto_front<T>(items: impl IntoIterator<Item = (T, Vec<f64>)>) -> Vec<T> {
    let mut front: Vec<(T, Vec<f64>)> = Vec::new();
    for (item, figures) in items {
        let beaten = front
            .iter()
            .any(|(_, other)| *other == figures || dominates(other, &figures));
        if !beaten {
            front.retain(|(_, other)| !dominates(&figures, other));
            front.push((item, figures));
        }
    }
    front.into_iter().map(|(item, _)| item).collect()
}

/// How far each vector of a front is from its neighbors: the distance between the next better and the
/// next worse vector, relative to the objective's range and summed over the objectives. Infinite for
/// the best and the worst in any objective (Deb et al. 2002, section III B).
#[must_use]
pub fn crowding_distances(front: &[&[f64]]) -> Vec<f64> {
    let mut distances = vec![0.0; front.len()];
    let Some(any) = front.first() else {
        return distances;
    };
    let mut order: Vec<usize> = (0..front.len()).collect();
    for (objective, _) in any.iter().enumerate() {
        let value = |index: usize| front[index][objective];
        order.sort_by(|&left, &right| value(left).total_cmp(&value(right)));
        let (first, last) = (order[0], order[order.len() - 1]);
        distances[first] = f64::INFINITY;
        distances[last] = f64::INFINITY;
        let range = value(last) - value(first);
        if range > 0.0 {
            for neighbors in order.windows(3) {
                let gap = value(neighbors[2]) - value(neighbors[0]);
                distances[neighbors[1]] += gap / range;
            }
        }
    }
    distances
}

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
    let mut left: Vec<&T> = items.iter().collect();
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
    fn equal_vectors_do_not_dominate_each_other() {
        assert!(dominates(&[1.0, 2.0], &[1.0, 1.0]));
        assert!(!dominates(&[1.0, 1.0], &[1.0, 1.0]));
        assert!(!dominates(&[2.0, 0.0], &[1.0, 1.0]));
    }

    #[test]
    fn the_front_drops_what_a_later_item_dominates() {
        let items = [
            ('a', vec![1.0, 1.0]),
            ('b', vec![0.0, 5.0]),
            ('c', vec![2.0, 1.0]),
            ('d', vec![2.0, 1.0]),
            ('e', vec![1.0, 2.0]),
            ('f', vec![0.0, 4.0]),
        ];
        assert_eq!(pareto_front(items), ['b', 'c', 'e']);
    }

    #[test]
    fn crowding_is_infinite_at_the_ends_and_relative_between() {
        let front: [&[f64]; 4] = [&[0.0, 10.0], &[1.0, 8.0], &[3.0, 2.0], &[4.0, 0.0]];
        assert_eq!(
            crowding_distances(&front),
            [f64::INFINITY, 0.75 + 0.8, 0.75 + 0.8, f64::INFINITY]
        );
        assert_eq!(crowding_distances(&[]), Vec::<f64>::new());
    }

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
}
