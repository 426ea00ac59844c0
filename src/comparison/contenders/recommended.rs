//! What this crate recommends.

use std::error::Error;

use serde_json::{Value, json};

use crate::algorithm::{Algorithm, Evolution, EvolutionBuilder};
use crate::comparison::{Benchmark, Contender};
use crate::search::Duplicates;
use crate::space::{Mutation, SearchSpace};

/// How often another genotype is drawn for a trial. A space that is nearly used up is searched with repeats.
const REDRAWS: u32 = 100;

/// What this crate recommends without a proxy: aging evolution with the sizes that serve best on the benchmark, which
/// evaluates no network twice.
///
/// ```
/// use evonas::comparison::contenders::{Aging, Recommended};
/// use evonas::comparison::{BitsBenchmark, Comparison, Setup};
///
/// let benchmark = BitsBenchmark::default();
/// let comparison = Comparison::builder(&benchmark)
///     .contender(Aging::new())
///     .contender(Recommended::new())
///     .setup(Setup::new(&benchmark).runs(3))
///     .run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct Recommended;

impl Recommended {
    /// The recommended settings.
    pub const fn new() -> Self {
        Self
    }
}

/// Evolution with the sizes that serve best on the benchmark.
pub(super) fn recommended_evolution<B: Benchmark>(
    benchmark: &B,
    space: impl SearchSpace<Genotype = B::Genotype> + 'static,
    mutation: impl Mutation<B::Genotype> + 'static,
    seed: u64,
) -> EvolutionBuilder<B::Genotype> {
    Evolution::builder(space, mutation)
        .population(benchmark.recommended_population())
        .sample(benchmark.recommended_sample())
        .seed(seed)
}

/// Evaluates no network twice.
pub(super) const fn redraw() -> Duplicates {
    Duplicates::Redraw(REDRAWS)
}

/// The description of a contender that evaluates no network twice.
pub(super) fn described_with_redraws<B: Benchmark>(
    contender: &impl Contender<B>,
    benchmark: &B,
) -> Result<Value, Box<dyn Error + Send + Sync>> {
    let algorithm = contender.algorithm(benchmark, 0)?.describe().algorithm;
    Ok(json!({"algorithm": algorithm, "redraws": REDRAWS}))
}

/// The same of one whose space isn't the benchmark's but prefers some genotypes.
pub(super) fn described_with_space<B: Benchmark>(
    contender: &impl Contender<B>,
    benchmark: &B,
) -> Result<Value, Box<dyn Error + Send + Sync>> {
    let mut described = described_with_redraws(contender, benchmark)?;
    described["space"] = contender.algorithm(benchmark, 0)?.describe().space;
    Ok(described)
}

impl<B: Benchmark> Contender<B> for Recommended {
    /// `recommended`.
    fn name(&self) -> &str {
        "recommended"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let evolution =
            recommended_evolution(benchmark, benchmark.space(), benchmark.mutation(), seed);
        Ok(Box::new(evolution.build()?))
    }

    fn duplicates(&self) -> Duplicates {
        redraw()
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        described_with_redraws(self, benchmark)
    }
}
