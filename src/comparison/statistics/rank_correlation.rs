//! How far two rankings agree.

use super::mean;

/// Spearman's rank correlation of two samples of the same length, from -1 to 1; ties have the mean of their ranks. NaN
/// if a sample has fewer than two different values, or the lengths differ.
///
/// ```
/// use evonas::comparison::statistics::rank_correlation;
///
/// assert_eq!(rank_correlation(&[1.0, 2.0, 30.0], &[5.0, 6.0, 7.0]), 1.0);
/// assert_eq!(rank_correlation(&[1.0, 2.0, 30.0], &[7.0, 6.0, 5.0]), -1.0);
/// ```
#[must_use]
pub fn rank_correlation(first: &[f64], second: &[f64]) -> f64 {
    if first.len() != second.len() {
        return f64::NAN;
    }
    let (first, second) = (ranks(first), ranks(second));
    let (middle, other) = (mean(&first), mean(&second));
    let (mut product, mut squares, mut others) = (0.0, 0.0, 0.0);
    for (rank, of_other) in first.iter().zip(&second) {
        let (from_middle, from_other) = (rank - middle, of_other - other);
        product += from_middle * from_other;
        squares += from_middle * from_middle;
        others += from_other * from_other;
    }
    product / (squares * others).sqrt()
}

/// The rank of each value, from 1.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&left, &right| values[left].total_cmp(&values[right]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for group in order.chunk_by(|&left, &right| values[left] == values[right]) {
        let rank = before as f64 + (group.len() + 1) as f64 / 2.0;
        group.iter().for_each(|&place| ranks[place] = rank);
        before += group.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_have_the_mean_of_their_ranks() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        // By hand: ranks 3.5 1 3.5 2 and 4 1 3 2.
        let found = rank_correlation(&[3.0, 1.0, 3.0, 2.0], &[9.0, 1.0, 8.0, 2.0]);
        assert!(
            (found - 4.5 / (4.5_f64 * 5.0).sqrt()).abs() < 1e-12,
            "{found}"
        );
    }

    #[test]
    fn samples_without_a_ranking_have_no_correlation() {
        assert!(rank_correlation(&[1.0, 1.0], &[1.0, 2.0]).is_nan());
        assert!(rank_correlation(&[1.0, 2.0], &[1.0]).is_nan());
    }
}
