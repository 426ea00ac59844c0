//! A benchmark whose networks have a limited size.

use std::time::Duration;

use rand::Rng;
use serde_json::{Value, json};

use super::benchmark::{Benchmark, CanonicalForm, GenotypeConstraint};
use super::error::ComparisonError;
use super::meter::Meter;
use super::untrained::UntrainedProxy;
use crate::evaluator::Evaluator;
use crate::network::{Cost, CostModel};
use crate::proxy::Proxy;
use crate::space::{Crossover, Genotype, Mutation};
use crate::trial::Evaluation;

/// A benchmark in which larger networks are refused before they are evaluated, by their multiply-adds.
///
/// Where accuracy grows with size, algorithms differ by how fast they find large networks. Under a limit they have to
/// find good ones. A proxy by size sees the limit: a network beyond it can't be scored.
///
/// ```no_run
/// use evonas::comparison::contenders::{RandomBySize, Recommended, SizeProxy};
/// use evonas::comparison::{Capped, Comparison};
/// # #[cfg(feature = "tabular")] {
/// use evonas::comparison::{NasBench201Benchmark, Protocol};
/// use evonas::tabular::Dataset;
///
/// let table =
///     NasBench201Benchmark::read("nasbench201.csv.gz", Protocol::NatsBench, Dataset::Cifar10)?;
/// let capped = Capped::new(table, 50_000_000)?;
/// let comparison = Comparison::builder(&capped)
///     .contender(Recommended::new())
///     .contender(RandomBySize::new(SizeProxy::MultiplyAdds))
///     .run()?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Capped<B> {
    benchmark: B,
    multiply_adds: u64,
}

impl<B: Benchmark> Capped<B> {
    /// The benchmark with at most this many multiply-adds for one image.
    ///
    /// # Errors
    /// [`ComparisonError::NoNetworks`] if the benchmark has no [`Benchmark::cost_model`].
    pub fn new(benchmark: B, multiply_adds: u64) -> Result<Self, ComparisonError> {
        match benchmark.cost_model() {
            Some(_) => Ok(Self {
                benchmark,
                multiply_adds,
            }),
            None => Err(ComparisonError::NoNetworks {
                benchmark: benchmark.dataset(),
            }),
        }
    }
}

/// The networks up to a number of multiply-adds.
#[derive(Debug)]
struct UpTo<G> {
    model: Box<dyn CostModel<G>>,
    multiply_adds: u64,
}

impl<G: Genotype> CostModel<G> for UpTo<G> {
    fn cost(&self, genotype: &G) -> Option<Cost> {
        let cost = self.model.cost(genotype)?;
        (cost.multiply_adds <= self.multiply_adds).then_some(cost)
    }

    fn describe(&self) -> Value {
        json!({
            "type": "UpTo",
            "multiply_adds": self.multiply_adds,
            "model": self.model.describe(),
        })
    }
}

/// A proxy that scores only networks that have a cost.
#[derive(Debug)]
struct Within<G> {
    limit: Box<dyn CostModel<G>>,
    proxy: Box<dyn Proxy<G>>,
}

impl<G: Genotype> Proxy<G> for Within<G> {
    fn score(&self, genotype: &G, rng: &mut dyn Rng) -> f64 {
        match self.limit.cost(genotype) {
            Some(_) => self.proxy.score(genotype, rng),
            None => f64::NEG_INFINITY,
        }
    }

    fn describe(&self) -> Value {
        json!({"type": "Within", "limit": self.limit.describe(), "proxy": self.proxy.describe()})
    }
}

impl<B: Benchmark> Benchmark for Capped<B> {
    type Genotype = B::Genotype;
    type Space = B::Space;

    fn dataset(&self) -> String {
        self.benchmark.dataset()
    }

    fn describe(&self) -> Value {
        json!({
            "type": "Capped",
            "multiply_adds": self.multiply_adds,
            "benchmark": self.benchmark.describe(),
        })
    }

    fn space(&self) -> Self::Space {
        self.benchmark.space()
    }

    fn mutation(&self) -> Box<dyn Mutation<Self::Genotype>> {
        self.benchmark.mutation()
    }

    fn crossover(&self) -> Option<Box<dyn Crossover<Self::Genotype>>> {
        self.benchmark.crossover()
    }

    /// Also refuses what the benchmark itself refuses, and genotypes without a network.
    fn constraint(&self) -> Option<GenotypeConstraint<Self::Genotype>> {
        let model = self.benchmark.cost_model();
        let others = self.benchmark.constraint();
        let most = self.multiply_adds;
        Some(Box::new(move |genotype| {
            if let Some(others) = &others {
                others(genotype)?;
            }
            let cost = model.as_ref().and_then(|model| model.cost(genotype));
            match cost.map(|cost| cost.multiply_adds) {
                Some(count) if count <= most => Ok(()),
                Some(count) => Err(format!("{count} multiply-adds; at most {most} are allowed")),
                None => Err("it has no network".to_owned()),
            }
        }))
    }

    fn cost_model(&self) -> Option<Box<dyn CostModel<Self::Genotype>>> {
        Some(Box::new(UpTo {
            model: self.benchmark.cost_model()?,
            multiply_adds: self.multiply_adds,
        }))
    }

    fn evaluator(&self) -> Box<dyn Evaluator<Self::Genotype>> {
        self.benchmark.evaluator()
    }

    fn test_name(&self) -> &'static str {
        self.benchmark.test_name()
    }

    fn test(&self, genotype: &Self::Genotype, evaluation: &Evaluation) -> f64 {
        self.benchmark.test(genotype, evaluation)
    }

    fn text(&self, genotype: &Self::Genotype) -> String {
        self.benchmark.text(genotype)
    }

    fn canonical(&self) -> CanonicalForm<Self::Genotype> {
        self.benchmark.canonical()
    }

    fn multiply_adds(&self, genotype: &Self::Genotype) -> Option<f64> {
        self.benchmark.multiply_adds(genotype)
    }

    fn training_epochs(&self) -> Option<u64> {
        self.benchmark.training_epochs()
    }

    fn untrained_proxy(
        &self,
        kind: UntrainedProxy,
        meter: &Meter,
    ) -> Option<Box<dyn Proxy<Self::Genotype>>> {
        Some(Box::new(Within {
            limit: self.cost_model()?,
            proxy: self.benchmark.untrained_proxy(kind, meter)?,
        }))
    }

    fn population(&self) -> usize {
        self.benchmark.population()
    }

    fn sample(&self) -> usize {
        self.benchmark.sample()
    }

    fn recommended_population(&self) -> usize {
        self.benchmark.recommended_population()
    }

    fn recommended_sample(&self) -> usize {
        self.benchmark.recommended_sample()
    }

    fn budget(&self) -> Duration {
        self.benchmark.budget()
    }

    fn runs(&self) -> usize {
        self.benchmark.runs()
    }

    fn overshooting_counts(&self) -> bool {
        self.benchmark.overshooting_counts()
    }

    fn reward_scale(&self) -> f64 {
        self.benchmark.reward_scale()
    }
}
