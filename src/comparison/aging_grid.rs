//! Aging against non-aging over population and tournament sizes: the paper's figure 8.

use super::{Benchmark, Comparison, ComparisonError, Contender, Setup};

/// Aging and non-aging evolution at each of a grid of sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct AgingGrid {
    /// The grid's points in the order of the sizes given.
    pub points: Vec<GridPoint>,
}

/// Both algorithms at a population size and a tournament size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridPoint {
    /// `P`.
    pub population: usize,
    /// `S`.
    pub sample: usize,
    /// The mean of the tests of aging evolution.
    pub aging: f64,
    /// The same of non-aging evolution.
    pub non_aging: f64,
    /// The two-sided p-value of their difference (Mann-Whitney).
    pub p: f64,
}

impl AgingGrid {
    /// Compares the two at every pair of sizes in which the tournament is no larger than the
    /// population; the setup's own sizes are not used.
    ///
    /// # Errors
    /// As [`Comparison::run`].
    pub fn run<B: Benchmark>(
        benchmark: &B,
        populations: &[usize],
        samples: &[usize],
        setup: &Setup,
    ) -> Result<Self, ComparisonError> {
        let mut points = Vec::new();
        for &population in populations {
            for &sample in samples.iter().filter(|&&sample| sample <= population) {
                let setup = Setup {
                    population,
                    sample,
                    ..setup.clone()
                };
                let contenders = [Contender::Aging, Contender::NonAging];
                let comparison = Comparison::run(benchmark, &contenders, &setup)?;
                let means = comparison.summaries();
                let pairs = comparison.pairs();
                points.push(GridPoint {
                    population,
                    sample,
                    aging: means[0].test_mean,
                    non_aging: means[1].test_mean,
                    p: pairs[0].test.p,
                });
            }
        }
        match points.is_empty() {
            true => Err(ComparisonError::EmptyGrid),
            false => Ok(Self { points }),
        }
    }

    /// At how many points aging is ahead of non-aging in the mean.
    #[must_use]
    pub fn aging_ahead(&self) -> usize {
        let ahead = |point: &&GridPoint| point.aging > point.non_aging;
        self.points.iter().filter(ahead).count()
    }
}
