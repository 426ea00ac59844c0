//! The hypervolume of a front: how much of the objectives' space it dominates.

use super::{Objective, pareto_front};

/// A reference point doesn't have one value for each objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the reference point has {given} values, but there are {needed} objectives; give one value for each"
)]
pub struct InvalidReference {
    given: usize,
    needed: usize,
}

/// The reference point with signs such that higher is better, as in [`Objective::value`].
pub(crate) fn oriented_reference(
    objectives: &[Objective],
    reference: &[f64],
) -> Result<Vec<f64>, InvalidReference> {
    let (given, needed) = (reference.len(), objectives.len());
    if given != needed {
        return Err(InvalidReference { given, needed });
    }
    let pairs = objectives.iter().zip(reference);
    Ok(pairs
        .map(|(objective, &value)| objective.direction.oriented(value))
        .collect())
}

/// The volume of the points that a front dominates and that dominate `reference` (the S metric of Zitzler
/// and Thiele 1998). Higher is better, for the values as for the volume.
///
/// Vectors that aren't better than the reference in every objective contribute nothing. The result is exact
/// up to rounding, for any number of objectives: space is cut into slices along the last objective, each of
/// which is a hypervolume with one objective less (While et al. 2006). For `n` vectors of `m` objectives
/// this takes `O(n log n)` steps up to `m` = 2, and at worst `O(n^(m - 1) log n)` beyond.
///
/// ```
/// use evonas::objective::hypervolume;
///
/// // Two rectangles of 1x3 and 2x1 that share a unit square.
/// assert_eq!(hypervolume(&[[1.0, 3.0], [2.0, 1.0]], &[0.0, 0.0]), 4.0);
/// ```
///
/// # Panics
/// If a vector of the front differs in length from `reference`.
#[must_use]
pub fn hypervolume<F: AsRef<[f64]>>(front: &[F], reference: &[f64]) -> f64 {
    let vectors = front.iter().map(|vector| {
        let vector = vector.as_ref();
        assert_eq!(
            vector.len(),
            reference.len(),
            "the front and the reference point have equally many objectives"
        );
        let pairs = vector.iter().zip(reference);
        pairs.map(|(value, origin)| value - origin).collect()
    });
    let above: Vec<Vec<f64>> = vectors
        .filter(|vector: &Vec<f64>| vector.iter().all(|&value| value > 0.0))
        .collect();
    volume(above, reference.len())
}

/// The hypervolume of vectors of positive values, in their first `objectives` dimensions and relative to the
/// origin.
fn volume(mut vectors: Vec<Vec<f64>>, objectives: usize) -> f64 {
    let Some(last) = objectives.checked_sub(1) else {
        return 0.0;
    };
    if last == 0 {
        return vectors.iter().map(|vector| vector[0]).fold(0.0, f64::max);
    }
    vectors.sort_by(|left, right| right[last].total_cmp(&left[last]));
    if last == 1 {
        return area(&vectors);
    }
    let mut total = 0.0;
    let mut slice: Vec<Vec<f64>> = Vec::new();
    for (index, vector) in vectors.iter().enumerate() {
        slice.push(vector[..last].to_vec());
        let next = vectors.get(index + 1).map_or(0.0, |next| next[last]);
        let thickness = vector[last] - next;
        if thickness > 0.0 {
            slice = pareto_front(slice.into_iter().map(|vector| (vector.clone(), vector)));
            total += thickness * volume(slice.clone(), last);
        }
    }
    total
}

/// The area under vectors of two positive values, in descending order of the second.
fn area(vectors: &[Vec<f64>]) -> f64 {
    let mut total = 0.0;
    let mut width = 0.0;
    for vector in vectors {
        let (right, height) = (vector[0], vector[1]);
        if right > width {
            total += (right - width) * height;
            width = right;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::randomness::stream;

    #[test]
    fn known_volumes() {
        assert_eq!(hypervolume::<[f64; 2]>(&[], &[0.0, 0.0]), 0.0);
        assert_eq!(hypervolume(&[[3.0], [5.0], [4.0]], &[1.0]), 4.0);
        let stairs = [[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]];
        assert_eq!(hypervolume(&stairs, &[0.0, 0.0]), 6.0);
        // Dominated and repeated vectors add nothing; nor do those that the reference isn't below.
        let more = [
            [1.0, 3.0],
            [3.0, 1.0],
            [1.0, 1.0],
            [2.0, 2.0],
            [2.0, 2.0],
            [9.0, -1.0],
            [0.0, 9.0],
        ];
        assert_eq!(hypervolume(&more, &[0.0, 0.0]), 6.0);
        assert_eq!(hypervolume(&stairs, &[-1.0, -1.0]), 13.0);
        // Three boxes of 1x2x3 in different directions: 3 * 6 - 3 * 2 + 1.
        let boxes = [[1.0, 2.0, 3.0], [2.0, 3.0, 1.0], [3.0, 1.0, 2.0]];
        let intersections = 2.0 + 2.0 + 2.0;
        assert_eq!(hypervolume(&boxes, &[0.0; 3]), 18.0 - intersections + 1.0);
        assert_eq!(hypervolume(&[[2.0; 6]], &[0.0; 6]), 64.0);
    }

    /// The volume of a union of boxes by inclusion and exclusion.
    fn by_inclusion_and_exclusion(vectors: &[Vec<f64>]) -> f64 {
        (1_u32..1 << vectors.len())
            .map(|subset| {
                let chosen = (0..vectors.len()).filter(|index| subset >> index & 1 == 1);
                let common: Vec<f64> = chosen
                    .map(|index| vectors[index].clone())
                    .reduce(|left, right| left.iter().zip(&right).map(|(l, r)| l.min(*r)).collect())
                    .unwrap();
                let volume: f64 = common.iter().product();
                match subset.count_ones() % 2 {
                    1 => volume,
                    _ => -volume,
                }
            })
            .sum()
    }

    #[test]
    fn it_is_the_volume_by_inclusion_and_exclusion() {
        for seed in 0..100 {
            let mut rng = stream(seed, 0);
            let objectives = rng.random_range(1..=5);
            let vectors: Vec<Vec<f64>> = (0..rng.random_range(1..=8))
                .map(|_| {
                    // Quarters, so that ties are common.
                    let mut value = || f64::from(rng.random_range(1_u8..=12)) / 4.0;
                    (0..objectives).map(|_| value()).collect()
                })
                .collect();
            let expected = by_inclusion_and_exclusion(&vectors);
            let shifted: Vec<Vec<f64>> = vectors
                .iter()
                .map(|vector| vector.iter().map(|value| value - 2.0).collect())
                .collect();
            let measured = hypervolume(&shifted, &vec![-2.0; objectives]);
            assert!(
                (measured - expected).abs() < 1e-9 * expected,
                "{vectors:?}: {measured} {expected}"
            );
        }
    }
}
