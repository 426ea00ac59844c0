//! Whether one sample tends to have greater values than another.

use super::normal::two_sided_p;

/// The result of a Mann-Whitney U test.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MannWhitney {
    /// U of the first sample: the number of pairs in which it has the greater value, ties counting one half.
    pub u: f64,
    /// The probability that a value of the first sample exceeds one of the second, ties counting one half.
    pub superiority: f64,
    /// The two-sided p-value.
    pub p: f64,
}

/// The most pairs of values for which the p-value is exact, such as two samples of 20. Far beyond, the
/// numbers of arrangements would no longer be exact.
const EXACT_PAIRS: usize = 400;

/// The Mann-Whitney U test (Mann and Whitney 1947).
///
/// The p-value is exact for samples without ties and with at most 400 pairs of values (20 against 20): the
/// share of all arrangements of the ranks in which U is at least as far from its mean. Otherwise it comes
/// from the normal approximation with corrections for ties and continuity, which is good from about 20
/// values per sample and rough for small samples with ties. If a sample is empty or all values are equal,
/// the p-value is 1.
#[must_use]
pub fn mann_whitney(first: &[f64], second: &[f64]) -> MannWhitney {
    let mut values: Vec<(f64, bool)> = Vec::with_capacity(first.len() + second.len());
    values.extend(first.iter().map(|&value| (value, true)));
    values.extend(second.iter().map(|&value| (value, false)));
    values.sort_unstable_by(|(left, _), (right, _)| left.total_cmp(right));

    let (mut rank_sum, mut ties, mut before) = (0.0, 0.0, 0.0);
    for group in values.chunk_by(|(left, _), (right, _)| left == right) {
        let count = group.len() as f64;
        // The mean of the ranks from before + 1 to before + count.
        let rank = before + (count + 1.0) / 2.0;
        rank_sum += rank * group.iter().filter(|(_, is_first)| *is_first).count() as f64;
        ties += count.powi(3) - count;
        before += count;
    }
    let (n1, n2) = (first.len() as f64, second.len() as f64);
    let (pairs, total) = (n1 * n2, n1 + n2);
    let u = rank_sum - n1 * (n1 + 1.0) / 2.0;
    let p = if ties == 0.0 && first.len().saturating_mul(second.len()) <= EXACT_PAIRS {
        // Without ties, U is a whole number.
        exact_p(u.max(pairs - u) as usize, first.len(), second.len())
    } else {
        let variance = pairs / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
        let distance = ((u - pairs / 2.0).abs() - 0.5).max(0.0);
        match variance > 0.0 {
            true => two_sided_p(distance / variance.sqrt()),
            false => 1.0,
        }
    };
    MannWhitney {
        u,
        superiority: if pairs > 0.0 { u / pairs } else { 0.5 },
        p,
    }
}

/// Twice the share of the arrangements in which U is at least `u`, but at most 1. `u` must be at least the
/// mean of U.
fn exact_p(u: usize, first: usize, second: usize) -> f64 {
    let arrangements = arrangements(first.min(second), first.max(second));
    let sum = |counts: &[i64]| counts.iter().sum::<i64>() as f64;
    (2.0 * sum(&arrangements[u..]) / sum(&arrangements)).min(1.0)
}

/// The number of arrangements of the ranks of `few` and `many` values without ties in which U is 0, 1, …,
/// `few * many`.
///
/// These are the coefficients of a Gaussian binomial coefficient, the product over `i = 1..=few` of
/// `(1 - q^(many + i)) / (1 - q^i)`. With at most 400 pairs there are at most 1.4e11 arrangements (of 20
/// and 20).
fn arrangements(few: usize, many: usize) -> Vec<i64> {
    let mut counts = vec![0; few * many + 1];
    counts[0] = 1;
    for i in 1..=few {
        for power in (many + i..counts.len()).rev() {
            counts[power] -= counts[power - many - i];
        }
        for power in i..counts.len() {
            counts[power] += counts[power - i];
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::super::tests::close;
    use super::*;
    use proptest::prelude::*;

    /// Values of `scipy.stats.mannwhitneyu` with `method="asymptotic"`.
    #[test]
    fn the_asymptotic_test_matches_scipy_with_and_without_ties() {
        let ties = mann_whitney(
            &[94.1, 93.9, 94.1, 94.37, 93.2, 94.0],
            &[93.9, 93.1, 93.9, 92.8, 94.1],
        );
        assert_eq!(ties.u, 23.0);
        close(ties.p, 0.16304505585423734);
        close(ties.superiority, 23.0 / 30.0);
        let first: Vec<f64> = (0..50).map(f64::from).collect();
        let second: Vec<f64> = (20..80).map(f64::from).collect();
        let shifted = mann_whitney(&first, &second);
        assert_eq!(shifted.u, 450.0);
        close(shifted.p, 2.965397509296672e-10);
    }

    #[test]
    fn samples_that_do_not_differ_have_a_p_value_of_1() {
        assert_eq!(mann_whitney(&[1.0, 1.0], &[1.0, 1.0, 1.0]).p, 1.0);
        assert_eq!(mann_whitney(&[], &[]).p, 1.0);
        assert_eq!(mann_whitney(&[], &[1.0, 2.0]).p, 1.0);
        assert_eq!(mann_whitney(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]).p, 1.0);
    }

    /// Frequencies of U for 3 and 3 values (Mann and Whitney 1947, table I, as counts out of 20).
    #[test]
    fn the_arrangements_are_counted() {
        assert_eq!(arrangements(3, 3), [1, 1, 2, 3, 3, 3, 3, 2, 1, 1]);
        assert_eq!(arrangements(1, 4), [1; 5]);
        assert_eq!(arrangements(0, 4), [1]);
        assert_eq!(arrangements(20, 20).iter().sum::<i64>(), 137_846_528_820);
    }

    /// Values of `scipy.stats.mannwhitneyu` (1.17) with `method="exact"`.
    #[test]
    fn the_exact_p_value_of_small_samples_matches_scipy() {
        let five = [0.91, 0.94, 0.95, 0.99, 0.97];
        let seven = [0.90, 0.93, 0.92, 0.96, 0.98, 0.89, 0.88];
        let even: Vec<f64> = (0..20).map(|index| f64::from(2 * index)).collect();
        let odd: Vec<f64> = even.iter().map(|value| value + 9.0).collect();
        let row: Vec<f64> = (0..400).map(f64::from).collect();
        for (first, second, u, p) in [
            (&[1.0, 2.0][..], &[3.0, 4.0][..], 0.0, 0.3333333333333333),
            (&[1.0, 3.0], &[2.0, 4.0, 5.0], 1.0, 0.4),
            (&[4.1, 5.2, 6.3], &[1.0, 2.0, 3.0], 9.0, 0.1),
            (&five, &seven, 26.0, 0.20202020202020204),
            (&even, &odd, 120.0, 0.030411256038764864),
            (&[350.5], &row, 351.0, 0.2493765586034911),
        ] {
            let found = mann_whitney(first, second);
            assert_eq!(found.u, u);
            close(found.p, p);
            close(mann_whitney(second, first).p, p);
        }
    }

    proptest! {
        /// Checked against every choice of the first sample's ranks.
        #[test]
        fn the_exact_p_value_is_the_share_of_arrangements_as_extreme(
            ranks in Just((0..12).collect::<Vec<u32>>()).prop_shuffle(),
            first in 1_usize..6,
            second in 1_usize..6,
        ) {
            let values: Vec<f64> = ranks.iter().map(|&rank| f64::from(rank)).collect();
            let (left, right) = (&values[..first], &values[first..first + second]);
            let found = mann_whitney(left, right);
            // Twice the distance of U from its mean, by counting pairs.
            let distance = |left: &[f64], right: &[f64]| {
                let wins = |value: &f64| right.iter().filter(|&other| value > other).count();
                let u: usize = left.iter().map(wins).sum();
                (2 * u).abs_diff(left.len() * right.len())
            };
            let (mut extreme, mut all) = (0_u32, 0_u32);
            for chosen in 0_u32..1 << (first + second) {
                if chosen.count_ones() as usize != first {
                    continue;
                }
                let ranks = 0..first + second;
                let (left_ranks, right_ranks): (Vec<usize>, Vec<usize>) =
                    ranks.partition(|rank| chosen >> rank & 1 == 1);
                let as_values = |ranks: Vec<usize>| -> Vec<f64> {
                    ranks.into_iter().map(|rank| rank as f64).collect()
                };
                all += 1;
                extreme += u32::from(
                    distance(&as_values(left_ranks), &as_values(right_ranks))
                        >= distance(left, right),
                );
            }
            let expected = f64::from(extreme) / f64::from(all);
            prop_assert!((found.p - expected).abs() < 1e-12, "{found:?}, not {expected}");
        }
    }
}
