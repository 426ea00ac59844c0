//! The NAS-Bench-201 table as a benchmark, by the protocols of its two papers.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::benchmark::{Benchmark, CanonicalForm};
use crate::evaluator::Evaluator;
use crate::network::{CostModel, NasBench201Network};
use crate::space::{Crossover, Mutation};
use crate::spaces::nasbench201::{EdgeCrossover, NasBench201Cell, NasBench201Space, ReplaceInNode};
use crate::tabular::{Dataset, Metric, NasBench201Table, TableError};
use crate::trial::Evaluation;

/// The rules by which papers run the benchmark. In both, the reward is the validation accuracy after 12
/// epochs, the result is the test accuracy after 200 epochs of the best cell by reward, and the mutation
/// draws a node and then one of its edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// NATS-Bench (Dong et al. 2021): searches on the tested data set itself, for 20,000 s (CIFAR-10),
    /// 40,000 s (CIFAR-100) or 120,000 s (ImageNet16-120). The evaluation that overshoots counts.
    NatsBench,
    /// NAS-Bench-201 (Dong and Yang 2020): searches on CIFAR-10 for 12,000 s, regardless of the data
    /// set that the result is tested on. An evaluation that overshoots doesn't count.
    NasBench201,
}

impl Protocol {
    /// Both protocols.
    pub const ALL: [Self; 2] = [Self::NatsBench, Self::NasBench201];

    /// The name on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NatsBench => "nats-bench",
            Self::NasBench201 => "nas-bench-201",
        }
    }

    /// The data set to search on when the result is tested on `tested`.
    #[must_use]
    pub const fn searched(self, tested: Dataset) -> Dataset {
        match self {
            Self::NatsBench => tested,
            Self::NasBench201 => Dataset::Cifar10,
        }
    }

    /// The simulated time of a search.
    #[must_use]
    pub const fn budget(self, tested: Dataset) -> Duration {
        Duration::from_secs(match (self, tested) {
            (Self::NasBench201, _) => 12_000,
            (Self::NatsBench, Dataset::Cifar10) => 20_000,
            (Self::NatsBench, Dataset::Cifar100) => 40_000,
            (Self::NatsBench, Dataset::ImageNet16) => 120_000,
        })
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The benchmark of NAS-Bench-201's table by one of its protocols. Rewards and tests are in percent.
#[derive(Clone, Debug)]
pub struct NasBench201Benchmark {
    table: Arc<NasBench201Table>,
    protocol: Protocol,
    tested: Dataset,
}

impl NasBench201Benchmark {
    /// The benchmark whose results are tested on `tested`; the protocol says on which data set to search.
    #[must_use]
    pub const fn new(table: Arc<NasBench201Table>, protocol: Protocol, tested: Dataset) -> Self {
        Self {
            table,
            protocol,
            tested,
        }
    }

    /// As [`NasBench201Benchmark::new`], with the table read from a CSV file, plain or gzip.
    ///
    /// # Errors
    /// As [`NasBench201Table::read`].
    pub fn read(
        path: impl AsRef<Path>,
        protocol: Protocol,
        tested: Dataset,
    ) -> Result<Self, TableError> {
        let table = NasBench201Table::read(path)?;
        Ok(Self::new(Arc::new(table), protocol, tested))
    }
}

impl Benchmark for NasBench201Benchmark {
    type Genotype = NasBench201Cell;
    type Space = NasBench201Space;

    fn dataset(&self) -> String {
        self.tested.to_string()
    }

    fn describe(&self) -> Value {
        json!({
            "type": "NasBench201Benchmark",
            "protocol": self.protocol.to_string(),
            "tested": self.tested.to_string(),
            "table": format!("{:08x}", self.table.checksum()),
        })
    }

    fn space(&self) -> NasBench201Space {
        NasBench201Space
    }

    fn mutation(&self) -> Box<dyn Mutation<NasBench201Cell>> {
        Box::new(ReplaceInNode)
    }

    fn crossover(&self) -> Option<Box<dyn Crossover<NasBench201Cell>>> {
        Some(Box::new(EdgeCrossover))
    }

    /// The cost of the networks for the tested data set, by their structure and not by the table.
    fn cost_model(&self) -> Option<Box<dyn CostModel<NasBench201Cell>>> {
        Some(Box::new(match self.tested {
            Dataset::Cifar10 => NasBench201Network::cifar10(),
            Dataset::Cifar100 => NasBench201Network::cifar100(),
            Dataset::ImageNet16 => NasBench201Network::imagenet16(),
        }))
    }

    fn evaluator(&self) -> Box<dyn Evaluator<NasBench201Cell>> {
        let searched = self.protocol.searched(self.tested);
        Box::new(self.table.clone().evaluator(searched, Metric::Valid12))
    }

    fn test_name(&self) -> &'static str {
        "test accuracy (%)"
    }

    fn test(&self, cell: &NasBench201Cell, _: &Evaluation) -> f64 {
        self.table.accuracy(*cell, self.tested, Metric::Test200)
    }

    fn text(&self, cell: &NasBench201Cell) -> String {
        cell.to_string()
    }

    fn canonical(&self) -> CanonicalForm<NasBench201Cell> {
        Box::new(NasBench201Cell::canonical)
    }

    fn multiply_adds(&self, cell: &NasBench201Cell) -> Option<f64> {
        Some(self.table.multiply_adds(*cell, self.tested))
    }

    fn population(&self) -> usize {
        10
    }

    fn sample(&self) -> usize {
        3
    }

    /// 50, with tournaments of 25: 0.2 to 0.4 points better than the published protocol's 10 and 3.
    fn recommended_population(&self) -> usize {
        50
    }

    fn recommended_sample(&self) -> usize {
        25
    }

    fn budget(&self) -> Duration {
        self.protocol.budget(self.tested)
    }

    fn overshooting_counts(&self) -> bool {
        self.protocol == Protocol::NatsBench
    }
}
