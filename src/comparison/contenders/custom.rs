//! Any algorithm as a contender.

use std::error::Error;
use std::fmt;

use crate::algorithm::Algorithm;
use crate::comparison::{Benchmark, Contender};

/// A contender made of a name and a closure that builds an algorithm for a benchmark and a run's seed.
///
/// A record of runs identifies it by what the algorithm's [`describe`](Algorithm::describe) returns, so an
/// algorithm with settings should describe them.
///
/// ```
/// use evonas::comparison::contenders::{Aging, Custom};
/// use evonas::comparison::{Benchmark, BitsBenchmark, Comparison, Setup};
/// use evonas::prelude::*;
///
/// let benchmark = BitsBenchmark::default().length(30);
/// let small = Custom::new("small samples", |benchmark: &BitsBenchmark, seed| {
///     let evolution = Evolution::builder(benchmark.space(), benchmark.mutation());
///     Ok(evolution.population(50).sample(2).seed(seed).build()?)
/// });
/// let comparison = Comparison::builder(&benchmark)
///     .contender(Aging::new())
///     .contender(small)
///     .setup(Setup::new(&benchmark).runs(3))
///     .run()?;
/// assert_eq!(comparison.entries()[1].contender, "small samples");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Custom<F> {
    name: String,
    algorithm: F,
}

impl<F> Custom<F> {
    /// A contender of this name, whose algorithm the closure builds.
    pub fn new<B, A>(name: impl Into<String>, algorithm: F) -> Self
    where
        B: Benchmark,
        A: Algorithm<B::Genotype> + 'static,
        F: Fn(&B, u64) -> Result<A, Box<dyn Error + Send + Sync>> + Send + Sync,
    {
        Self {
            name: name.into(),
            algorithm,
        }
    }
}

impl<F> fmt::Debug for Custom<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<B, A, F> Contender<B> for Custom<F>
where
    B: Benchmark,
    A: Algorithm<B::Genotype> + 'static,
    F: Fn(&B, u64) -> Result<A, Box<dyn Error + Send + Sync>> + Send + Sync,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        Ok(Box::new((self.algorithm)(benchmark, seed)?))
    }
}
