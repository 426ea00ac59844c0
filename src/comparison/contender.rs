//! The algorithms that are compared.

use std::error::Error;
use std::fmt::Debug;

use serde_json::Value;

use super::benchmark::Benchmark;
use super::meter::Meter;
use crate::algorithm::Algorithm;
use crate::search::Duplicates;

/// An algorithm that takes part in comparisons on the benchmark `B`.
///
/// [`contenders`](super::contenders) has those of this crate, and [`Custom`](super::contenders::Custom), which
/// makes a contender of a name and a closure. Implement the trait for a contender with settings:
///
/// ```
/// use std::error::Error;
///
/// use evonas::comparison::{Benchmark, Contender};
/// use evonas::prelude::*;
///
/// /// Evolution without selection: every parent is drawn at random.
/// #[derive(Debug)]
/// struct Drift {
///     population: usize,
/// }
///
/// impl<B: Benchmark> Contender<B> for Drift {
///     fn name(&self) -> &str {
///         "drift"
///     }
///
///     fn algorithm(
///         &self,
///         benchmark: &B,
///         seed: u64,
///     ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
///         let evolution = Evolution::builder(benchmark.space(), benchmark.mutation())
///             .population(self.population)
///             .sample(1)
///             .seed(seed)
///             .build()?;
///         Ok(Box::new(evolution))
///     }
/// }
/// ```
pub trait Contender<B: Benchmark>: Debug + Send + Sync {
    /// The name in files, plots and records, unique within a comparison. The seeds of the contender's runs
    /// are derived from it.
    fn name(&self) -> &str;

    /// The algorithm for one run, which draws everything from `seed`.
    ///
    /// # Errors
    /// Why the algorithm can't be built for this benchmark.
    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>>;

    /// The algorithm for one run, if its proposals cost something that a fair comparison must count: it charges the meter.
    /// By default they cost nothing, and this is [`Contender::algorithm`].
    ///
    /// # Errors
    /// As [`Contender::algorithm`].
    fn metered_algorithm(
        &self,
        benchmark: &B,
        seed: u64,
        meter: &Meter,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let _ = meter;
        self.algorithm(benchmark, seed)
    }

    /// What a run does with a genotype whose [canonical form](Benchmark::canonical) equals that of an earlier one. By
    /// default it is evaluated again, as in the papers. A contender that does something else
    /// [describes](Contender::describe) it.
    fn duplicates(&self) -> Duplicates {
        Duplicates::Allow
    }

    /// Describes the algorithm and its settings. A record of runs keeps this description, and runs are only
    /// taken from the record if it is unchanged, so it must be the same in every process.
    ///
    /// The default is the description of the algorithm itself ([`Algorithm::describe`]), as a journal records
    /// it.
    ///
    /// # Errors
    /// As [`Contender::algorithm`]. A comparison asks for every description before its first run, so that an
    /// algorithm that can't be built is refused at once.
    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        Ok(self.algorithm(benchmark, 0)?.describe().algorithm)
    }
}

impl<B: Benchmark, C: Contender<B> + ?Sized> Contender<B> for Box<C> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        (**self).algorithm(benchmark, seed)
    }

    fn metered_algorithm(
        &self,
        benchmark: &B,
        seed: u64,
        meter: &Meter,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        (**self).metered_algorithm(benchmark, seed, meter)
    }

    fn duplicates(&self) -> Duplicates {
        (**self).duplicates()
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        (**self).describe(benchmark)
    }
}

impl<B: Benchmark, C: Contender<B> + ?Sized> Contender<B> for &C {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        (**self).algorithm(benchmark, seed)
    }

    fn metered_algorithm(
        &self,
        benchmark: &B,
        seed: u64,
        meter: &Meter,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        (**self).metered_algorithm(benchmark, seed, meter)
    }

    fn duplicates(&self) -> Duplicates {
        (**self).duplicates()
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        (**self).describe(benchmark)
    }
}
