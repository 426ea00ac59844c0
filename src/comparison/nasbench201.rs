//! The NAS-Bench-201 table as a benchmark, under the protocols of its two papers.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use super::{Benchmark, ComparisonError};
use crate::evaluator::Evaluator;
use crate::space::{CategoricalSpace, Mutation};
use crate::spaces::nasbench201::{NasBench201Cell, NasBench201Space, ReplaceInNode};
use crate::tabular::{Dataset, Metric, NasBench201Table};
use crate::trial::Evaluation;

/// How the field runs the benchmark. In both the reward is the validation accuracy after 12 epochs,
/// the test accuracy after 200 epochs of the best by reward is reported, and the mutation draws a
/// node and then one of its edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// NATS-Bench (Dong et al. 2021): the search is on the data set itself, for 20,000 s (CIFAR-10),
    /// 40,000 s (CIFAR-100) or 120,000 s (ImageNet16-120); the evaluation that overshoots counts.
    NatsBench,
    /// NAS-Bench-201 (Dong and Yang 2020): the search is on CIFAR-10 for 12,000 s, whatever data set
    /// the result is tested on; an evaluation that overshoots doesn't count.
    NasBench201,
}

impl Protocol {
    /// Both.
    pub const ALL: [Self; 2] = [Self::NatsBench, Self::NasBench201];

    /// The name, as command lines have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NatsBench => "nats-bench",
            Self::NasBench201 => "nas-bench-201",
        }
    }

    /// The data set that a search is on whose result is tested on `tested`.
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

/// A name that is no protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no protocol '{0}'; there are nats-bench and nas-bench-201")]
pub struct UnknownProtocol(String);

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(text: &str) -> Result<Self, UnknownProtocol> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.name() == text)
            .ok_or_else(|| UnknownProtocol(text.to_owned()))
    }
}

/// The table under a protocol. Rewards and tests are in percent.
#[derive(Clone, Debug)]
pub struct NasBench201Benchmark {
    table: Arc<NasBench201Table>,
    protocol: Protocol,
    tested: Dataset,
}

impl NasBench201Benchmark {
    /// The result is tested on `tested`; the protocol says what the search is on.
    #[must_use]
    pub const fn new(table: Arc<NasBench201Table>, protocol: Protocol, tested: Dataset) -> Self {
        Self {
            table,
            protocol,
            tested,
        }
    }

    /// The same with the table of a CSV file, plain or gzip.
    ///
    /// # Errors
    /// [`ComparisonError::Table`] with the file and what is wrong with it.
    pub fn read(
        path: impl AsRef<Path>,
        protocol: Protocol,
        tested: Dataset,
    ) -> Result<Self, ComparisonError> {
        let path = path.as_ref();
        let table = NasBench201Table::read(path).map_err(|source| ComparisonError::Table {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::new(Arc::new(table), protocol, tested))
    }
}

impl Benchmark for NasBench201Benchmark {
    type Genotype = NasBench201Cell;

    fn dataset(&self) -> String {
        self.tested.to_string()
    }

    fn describe(&self) -> String {
        format!(
            "nasbench201 by {}, tested on {}, table {:08x}",
            self.protocol,
            self.tested,
            self.table.checksum()
        )
    }

    fn space(&self) -> Box<dyn CategoricalSpace<Genotype = NasBench201Cell>> {
        Box::new(NasBench201Space)
    }

    fn mutation(&self) -> Box<dyn Mutation<NasBench201Cell>> {
        Box::new(ReplaceInNode)
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

    fn multiply_adds(&self, cell: &NasBench201Cell) -> Option<f64> {
        Some(self.table.multiply_adds(*cell, self.tested))
    }

    fn population_and_sample(&self) -> (usize, usize) {
        (10, 3)
    }

    fn budget(&self) -> Duration {
        self.protocol.budget(self.tested)
    }

    fn overshooting_counts(&self) -> bool {
        self.protocol == Protocol::NatsBench
    }
}
