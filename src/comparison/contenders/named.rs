//! A contender by another name.

use std::error::Error;

use serde_json::Value;

use crate::algorithm::Algorithm;
use crate::comparison::{Benchmark, Contender, Meter};
use crate::search::Duplicates;

/// A contender by another name, so that an algorithm can be compared with itself at other settings.
///
/// ```
/// use evonas::comparison::contenders::{Aging, Named};
/// use evonas::comparison::{BitsBenchmark, Comparison, Setup};
///
/// let benchmark = BitsBenchmark::default().length(30);
/// let comparison = Comparison::builder(&benchmark)
///     .contender(Aging::new())
///     .contender(Named::new("aging, 20", Aging::new().population(20)))
///     .setup(Setup::new(&benchmark).runs(3))
///     .run()?;
/// assert_eq!(comparison.entries()[1].contender, "aging, 20");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Named<C> {
    name: String,
    contender: C,
}

impl<C> Named<C> {
    /// The contender by this name. The seeds of its runs are derived from the new name.
    pub fn new(name: impl Into<String>, contender: C) -> Self {
        Self {
            name: name.into(),
            contender,
        }
    }
}

impl<B: Benchmark, C: Contender<B>> Contender<B> for Named<C> {
    fn name(&self) -> &str {
        &self.name
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        self.contender.algorithm(benchmark, seed)
    }

    fn metered_algorithm(
        &self,
        benchmark: &B,
        seed: u64,
        meter: &Meter,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        self.contender.metered_algorithm(benchmark, seed, meter)
    }

    fn duplicates(&self) -> Duplicates {
        self.contender.duplicates()
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        self.contender.describe(benchmark)
    }
}
