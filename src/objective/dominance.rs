//! Pareto dominance, and the ranks and crowding distances that NSGA-II builds on it (Deb et al., "A Fast and
//! Elitist Multiobjective Genetic Algorithm", 2002). In all vectors here, higher is better.

use std::cmp::Ordering;

/// Whether `left` is at least as good as `right` in every objective and better in at least one.
#[must_use]
pub fn dominates(left: &[f64], right: &[f64]) -> bool {
    let pairs = || left.iter().zip(right);
    pairs().all(|(left, right)| left >= right) && pairs().any(|(left, right)| left > right)
}

/// The items that no other item dominates, in their original order; of items with equal figures, the
/// first.
pub fn pareto_front<T>(items: impl IntoIterator<Item = (T, Vec<f64>)>) -> Vec<T> {
    let mut front = ParetoFront::default();
    for (item, figures) in items {
        front.add(item, figures);
    }
    front.members.into_iter().map(|(item, _)| item).collect()
}

/// A Pareto front that grows item by item.
#[derive(Clone, Debug)]
pub(crate) struct ParetoFront<T> {
    members: Vec<(T, Vec<f64>)>,
}

impl<T> Default for ParetoFront<T> {
    fn default() -> Self {
        Self {
            members: Vec::new(),
        }
    }
}

impl<T> ParetoFront<T> {
    /// Adds an item, unless a member dominates it or has equal figures; returns whether it was added.
    /// Members that it dominates leave.
    pub(crate) fn add(&mut self, item: T, figures: Vec<f64>) -> bool {
        let beaten = |(_, other): &(T, Vec<f64>)| *other == figures || dominates(other, &figures);
        if self.members.iter().any(beaten) {
            return false;
        }
        self.members
            .retain(|(_, other)| !dominates(&figures, other));
        self.members.push((item, figures));
        true
    }

    /// The members and their figures, in the order in which they were added.
    pub(crate) fn members(&self) -> &[(T, Vec<f64>)] {
        &self.members
    }
}

/// The non-dominated rank of each vector: 0 on the Pareto front, 1 on the front of those that remain without
/// it, and so on. Equal vectors have equal ranks. NaN counts as the worst value.
///
/// With up to two objectives this takes `O(n log n)` comparisons of vectors, with more at worst `O(n²)`
/// (efficient non-dominated sort, Zhang et al. 2015).
///
/// # Panics
/// If the vectors differ in length.
#[must_use]
pub fn pareto_ranks(vectors: &[&[f64]]) -> Vec<usize> {
    let distinct = Distinct::of(vectors);
    // In descending order a vector is only dominated by earlier ones. In two dimensions, the last member of
    // a front has its best second figure, so it alone decides.
    let compared = if distinct.width <= 2 { 1 } else { usize::MAX };
    let mut fronts: Vec<Vec<usize>> = Vec::new();
    let mut ranks = Vec::with_capacity(distinct.len());
    for candidate in 0..distinct.len() {
        let figures = distinct.vector(candidate);
        let dominated = |front: &Vec<usize>| {
            let mut members = front.iter().rev().take(compared);
            members.any(|&member| dominates(distinct.vector(member), figures))
        };
        // What a front dominates, every front before it dominates too.
        let rank = fronts.partition_point(dominated);
        match fronts.get_mut(rank) {
            Some(front) => front.push(candidate),
            None => fronts.push(vec![candidate]),
        }
        ranks.push(rank);
    }
    distinct.place.iter().map(|&place| ranks[place]).collect()
}

/// How far each vector of a front is from its neighbors: the distance between the next better and the
/// next worse vector, relative to the objective's range and summed over the objectives; infinite for the
/// best and the worst in an objective (Deb et al. 2002, section III B).
///
/// Equal vectors count as one and share its distance. An objective that is constant over the front
/// contributes nothing.
///
/// # Panics
/// If the vectors differ in length.
#[must_use]
pub fn crowding_distances(front: &[&[f64]]) -> Vec<f64> {
    let distinct = Distinct::of(front);
    let mut distances = vec![0.0; distinct.len()];
    let mut order: Vec<usize> = (0..distinct.len()).collect();
    for objective in 0..distinct.width {
        let value = |index: usize| distinct.vector(index)[objective];
        order.sort_by(|&left, &right| value(left).total_cmp(&value(right)));
        let (first, last) = (order[0], order[order.len() - 1]);
        let range = value(last) - value(first);
        if range > 0.0 {
            distances[first] = f64::INFINITY;
            distances[last] = f64::INFINITY;
            for neighbors in order.windows(3) {
                let gap = value(neighbors[2]) - value(neighbors[0]);
                distances[neighbors[1]] += gap / range;
            }
        }
    }
    distinct
        .place
        .iter()
        .map(|&place| distances[place])
        .collect()
}

/// Vectors without repetitions, in descending lexicographic order.
struct Distinct {
    width: usize,
    /// All vectors one after another, repetitions included.
    values: Vec<f64>,
    /// Where the first of each group of equal vectors stands among all.
    first: Vec<usize>,
    /// Which distinct vector each of the given ones equals.
    place: Vec<usize>,
}

impl Distinct {
    fn of(vectors: &[&[f64]]) -> Self {
        let width = vectors.first().map_or(0, |vector| vector.len());
        assert!(
            vectors.iter().all(|vector| vector.len() == width),
            "all vectors have a value for each objective"
        );
        let mut distinct = Self {
            width,
            values: vectors.iter().copied().flatten().map(comparable).collect(),
            first: Vec::new(),
            place: vec![0; vectors.len()],
        };
        let mut order: Vec<usize> = (0..vectors.len()).collect();
        let row = |index: usize| &distinct.values[index * width..(index + 1) * width];
        order.sort_by(|&left, &right| {
            let descending = row(right).partial_cmp(row(left));
            descending.unwrap_or(Ordering::Equal)
        });
        for &index in &order {
            let known = distinct.first.last();
            if known.is_none_or(|&known| row(known) != row(index)) {
                distinct.first.push(index);
            }
            distinct.place[index] = distinct.first.len() - 1;
        }
        distinct
    }

    fn len(&self) -> usize {
        self.first.len()
    }

    fn vector(&self, place: usize) -> &[f64] {
        let start = self.first[place] * self.width;
        &self.values[start..start + self.width]
    }
}

/// The value as sorting and dominance both see it: zeros of either sign are equal, and NaN is the worst.
fn comparable(value: &f64) -> f64 {
    match value.is_nan() {
        true => f64::NEG_INFINITY,
        false => value + 0.0,
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::randomness::stream;

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
    fn ranks_are_those_of_peeling_one_front_after_another() {
        for (seed, objectives) in (0..40).zip([1, 2, 3, 4].into_iter().cycle()) {
            let mut rng = stream(seed, 0);
            let vectors: Vec<Vec<f64>> = (0..60)
                .map(|_| {
                    let mut value = || f64::from(rng.random_range(-3_i8..=3)) * 0.5;
                    (0..objectives).map(|_| value()).collect()
                })
                .collect();
            let vectors: Vec<&[f64]> = vectors.iter().map(|vector| &**vector).collect();
            let mut peeled = vec![usize::MAX; vectors.len()];
            for rank in 0..vectors.len() {
                let left: Vec<usize> = (0..vectors.len()).filter(|&i| peeled[i] > rank).collect();
                for &index in &left {
                    let beaten = |&other: &usize| dominates(vectors[other], vectors[index]);
                    if !left.iter().any(beaten) {
                        peeled[index] = rank;
                    }
                }
            }
            assert_eq!(pareto_ranks(&vectors), peeled, "{objectives} objectives");
        }
    }

    #[test]
    fn zeros_of_either_sign_are_equal_and_nan_is_the_worst() {
        let vectors: [&[f64]; 4] = [&[0.0, 1.0], &[-0.0, 2.0], &[f64::NAN, 2.0], &[-5.0, 2.0]];
        assert_eq!(pareto_ranks(&vectors), [1, 0, 2, 1]);
        assert_eq!(pareto_ranks(&[]), Vec::<usize>::new());
        assert_eq!(pareto_ranks(&[&[], &[]]), [0, 0]);
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
    fn equal_vectors_share_the_distance_of_one() {
        let front: [&[f64]; 5] = [
            &[2.0, 2.0],
            &[0.0, 4.0],
            &[2.0, 2.0],
            &[4.0, 0.0],
            &[0.0, 4.0],
        ];
        let infinite = f64::INFINITY;
        assert_eq!(
            crowding_distances(&front),
            [2.0, infinite, 2.0, infinite, infinite]
        );
    }

    #[test]
    fn a_constant_objective_has_no_weight() {
        let front: [&[f64]; 4] = [
            &[0.0, 7.0, 10.0],
            &[1.0, 7.0, 8.0],
            &[3.0, 7.0, 2.0],
            &[4.0, 7.0, 0.0],
        ];
        assert_eq!(
            crowding_distances(&front),
            [f64::INFINITY, 0.75 + 0.8, 0.75 + 0.8, f64::INFINITY]
        );
        assert_eq!(crowding_distances(&[&[1.0], &[1.0]]), [0.0, 0.0]);
    }
}
