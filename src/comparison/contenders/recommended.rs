//! What this crate recommends.

use std::error::Error;

use serde_json::{Value, json};

use crate::algorithm::{Algorithm, Evolution};
use crate::comparison::{Benchmark, Contender};
use crate::search::Duplicates;

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
        let evolution = Evolution::builder(benchmark.space(), benchmark.mutation())
            .population(benchmark.recommended_population())
            .sample(benchmark.recommended_sample())
            .seed(seed)
            .build()?;
        Ok(Box::new(evolution))
    }

    fn duplicates(&self) -> Duplicates {
        Duplicates::Redraw(REDRAWS)
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let algorithm = self.algorithm(benchmark, 0)?.describe().algorithm;
        Ok(json!({"algorithm": algorithm, "redraws": REDRAWS}))
    }
}
