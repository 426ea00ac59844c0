//! Aging against non-aging evolution over population and tournament sizes: figure 8 of Real et al. 2018.

use super::benchmark::Benchmark;
use super::contenders::{Aging, NonAging};
use super::error::ComparisonError;
use super::results::Comparison;
use super::setup::Setup;

/// Aging and non-aging evolution compared at each point of a grid of sizes.
///
/// ```
/// use evonas::comparison::{AgingGrid, BitsBenchmark, Setup};
///
/// let benchmark = BitsBenchmark::default().length(30);
/// let grid = AgingGrid::builder(&benchmark)
///     .populations([10, 20])
///     .samples([2, 5])
///     .setup(Setup::new(&benchmark).runs(5))
///     .run()?;
/// println!("aging is ahead at {} of {} points", grid.aging_ahead(), grid.points.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AgingGrid {
    /// The points: for each population size in the order given, its tournament sizes.
    pub points: Vec<GridPoint>,
}

/// Both algorithms at one population size and one tournament size.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct GridPoint {
    /// The population size `P`.
    pub population: usize,
    /// The tournament size `S`.
    pub sample: usize,
    /// The mean test result of aging evolution.
    pub aging: f64,
    /// The mean test result of non-aging evolution.
    pub non_aging: f64,
    /// The two-sided p-value of their difference (Mann-Whitney U test).
    pub p: f64,
}

impl AgingGrid {
    /// Starts a study on a benchmark. Without further settings it compares at the benchmark's own
    /// population and tournament size only.
    pub fn builder<B: Benchmark>(benchmark: &B) -> AgingGridBuilder<'_, B> {
        AgingGridBuilder {
            benchmark,
            populations: vec![benchmark.population()],
            samples: vec![benchmark.sample()],
            setup: Setup::new(benchmark),
        }
    }

    /// The number of points at which aging has the better mean.
    #[must_use]
    pub fn aging_ahead(&self) -> usize {
        let ahead = |point: &&GridPoint| point.aging > point.non_aging;
        self.points.iter().filter(ahead).count()
    }
}

/// The settings of an [`AgingGrid`].
///
/// ```
/// use evonas::comparison::{AgingGrid, BitsBenchmark, Setup};
///
/// let benchmark = BitsBenchmark::default().length(20);
/// let grid = AgingGrid::builder(&benchmark)
///     .populations([10])
///     .samples([2, 5, 20]) // 20 exceeds the population, and is left out
///     .setup(Setup::new(&benchmark).runs(3))
///     .run()?;
/// assert_eq!(grid.points.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AgingGridBuilder<'a, B> {
    benchmark: &'a B,
    populations: Vec<usize>,
    samples: Vec<usize>,
    setup: Setup,
}

impl<B: Benchmark> AgingGridBuilder<'_, B> {
    /// The population sizes `P`.
    pub fn populations(mut self, populations: impl Into<Vec<usize>>) -> Self {
        self.populations = populations.into();
        self
    }

    /// The tournament sizes `S`. Each is paired with every population size that is at least as large.
    pub fn samples(mut self, samples: impl Into<Vec<usize>>) -> Self {
        self.samples = samples.into();
        self
    }

    /// Runs, budget, workers and seed at every point. The default is [`Setup::new`].
    pub fn setup(mut self, setup: Setup) -> Self {
        self.setup = setup;
        self
    }

    /// Compares the two algorithms at every point.
    ///
    /// # Errors
    /// [`ComparisonError::EmptyGrid`] if no tournament size fits a population size; otherwise as
    /// [`ComparisonBuilder::run`](super::ComparisonBuilder::run).
    pub fn run(self) -> Result<AgingGrid, ComparisonError> {
        self.run_watched(|_| ())
    }

    /// As [`AgingGridBuilder::run`], and shows each point as soon as it is known.
    ///
    /// # Errors
    /// As [`AgingGridBuilder::run`].
    pub fn run_watched(
        self,
        mut watch: impl FnMut(&GridPoint),
    ) -> Result<AgingGrid, ComparisonError> {
        let mut points = Vec::new();
        for &population in &self.populations {
            for &sample in self.samples.iter().filter(|&&sample| sample <= population) {
                let comparison = Comparison::builder(self.benchmark)
                    .contender(Aging::new().population(population).sample(sample))
                    .contender(NonAging::new().population(population).sample(sample))
                    .setup(self.setup.clone())
                    .run()?;
                let means = comparison.summaries();
                let pairs = comparison.pairs();
                let point = GridPoint {
                    population,
                    sample,
                    aging: means[0].test_mean,
                    non_aging: means[1].test_mean,
                    p: pairs[0].test.p,
                };
                watch(&point);
                points.push(point);
            }
        }
        match points.is_empty() {
            true => Err(ComparisonError::EmptyGrid),
            false => Ok(AgingGrid { points }),
        }
    }
}
