//! The proxies by which a search prefers genotypes before it trains them.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use evonas::burn::tensor::Device;
use evonas::description;
use evonas::network::{MultiplyAddCount, NetworkConfig, ParameterCount};
use evonas::prelude::*;
use evonas::proxy::Lowest;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::training::images::ChannelStatistics;
use evonas::training::{GradientNorm, JacobianCovariance, MiniBatch, Synflow};
use serde_json::{Value, json};

use super::evaluation::EvaluationTask;
use super::task::check_parameters;
use crate::Failure;
use crate::ignored::refuse_ignored;
use crate::naming::SearchAlgorithm;
use crate::ranges::count;

/// The images that a proxy shows to a network. The gradient's norm ranks networks hardly better with more.
const JACOBIAN_IMAGES: usize = 64;
const GRADIENT_IMAGES: usize = 16;
/// Of how many mutants or random genotypes the best is taken.
const BEST_OF: usize = 10;

#[derive(Args, Debug)]
pub(super) struct ProxyOptions {
    /// Prefer genotypes that score higher by this proxy, before any is trained. Several, separated by commas, choose one
    /// after another: each among the best by those before it [default: none is preferred]
    #[arg(long, value_name = "NAMES", value_enum, value_delimiter = ',')]
    proxy: Vec<ProxyName>,
    /// With --proxy, take the best of so many mutants, or in random search of so many random genotypes [default: 10]
    #[arg(long, value_name = "CANDIDATES", value_parser = count, requires = "proxy")]
    best_of: Option<usize>,
    /// With --proxy, begin with the best of so many random genotypes; for evolution [default: 10 times the population]
    #[arg(long, value_name = "GENOTYPES", value_parser = count, requires = "proxy")]
    warm_up: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProxyName {
    /// The multiply-adds of the network: the larger, the better
    MultiplyAdds,
    /// The parameters of the network: the more, the better
    Parameters,
    /// The synaptic flow through the untrained network
    Synflow,
    /// The norm of the gradient of the untrained network's loss
    GradientNorm,
    /// The same norm: the lower, the better. Networks that start with a steep loss learn badly at first
    LowGradientNorm,
    /// How differently the untrained network responds to different images
    JacobianCovariance,
}

type CellProxy = Arc<dyn Proxy<NasnetGenotype>>;

/// Evolution's parts where a proxy prefers some genotypes.
pub(super) struct Preferred {
    pub(super) space: Box<dyn SearchSpace<Genotype = NasnetGenotype>>,
    pub(super) mutation: Box<dyn Mutation<NasnetGenotype>>,
    pub(super) warm_up: Option<WarmUp<NasnetGenotype>>,
}

impl Preferred {
    /// Those that prefer nothing.
    pub(super) fn all(space: &NasnetSpace) -> Self {
        Self {
            space: Box::new(space.clone()),
            mutation: Box::new(space.mutation()),
            warm_up: None,
        }
    }
}

impl ProxyOptions {
    /// Refuses what the algorithm has no use for.
    pub(super) fn check(&self, algorithm: SearchAlgorithm) -> Result<(), Failure> {
        match algorithm {
            SearchAlgorithm::Random => refuse_ignored(
                "with --algorithm random",
                &[("--warm-up", self.warm_up.is_some())],
            ),
            SearchAlgorithm::Aging | SearchAlgorithm::NonAging => Ok(()),
        }
    }

    /// What random search draws from.
    pub(super) fn space(
        &self,
        space: NasnetSpace,
        task: &EvaluationTask<'_>,
        most_parameters: Option<u64>,
    ) -> Result<Box<dyn SearchSpace<Genotype = NasnetGenotype>>, Failure> {
        self.narrowed(space, &self.proxies(task, most_parameters))
    }

    /// What evolution begins with and goes on with.
    pub(super) fn preferred(
        &self,
        space: &NasnetSpace,
        population: usize,
        task: &EvaluationTask<'_>,
        most_parameters: Option<u64>,
    ) -> Result<Preferred, Failure> {
        let proxies = self.proxies(task, most_parameters);
        let mut mutation: Box<dyn Mutation<NasnetGenotype>> = Box::new(space.mutation());
        for proxy in &proxies {
            mutation = Box::new(BestOf::new(self.candidates(), mutation, proxy.clone())?);
        }
        let genotypes = self.warm_up.unwrap_or(population.saturating_mul(10));
        let (last, before) = match proxies.split_last() {
            Some((last, before)) => (Some(last.clone()), before),
            None => (None, &[][..]),
        };
        Ok(Preferred {
            space: self.narrowed(space.clone(), before)?,
            mutation,
            warm_up: last.map(|last| WarmUp::new(genotypes, last)),
        })
    }

    /// A space whose draws are the best of several, by each proxy among the best by those before.
    fn narrowed(
        &self,
        space: NasnetSpace,
        proxies: &[CellProxy],
    ) -> Result<Box<dyn SearchSpace<Genotype = NasnetGenotype>>, Failure> {
        let mut narrowed: Box<dyn SearchSpace<Genotype = NasnetGenotype>> = Box::new(space);
        for proxy in proxies {
            narrowed = Box::new(BestOf::new(self.candidates(), narrowed, proxy.clone())?);
        }
        Ok(narrowed)
    }

    fn candidates(&self) -> usize {
        self.best_of.unwrap_or(BEST_OF)
    }

    fn proxies(&self, task: &EvaluationTask<'_>, most_parameters: Option<u64>) -> Vec<CellProxy> {
        let named = self.proxy.iter();
        named
            .map(|name| {
                let proxy = name.proxy(task);
                match most_parameters {
                    Some(most) => Arc::new(WithinParameters {
                        proxy,
                        network: task.network.clone(),
                        most,
                    }),
                    None => proxy,
                }
            })
            .collect()
    }
}

impl ProxyName {
    fn proxy(self, task: &EvaluationTask<'_>) -> CellProxy {
        let network = || task.network.clone();
        let decoder = || task.decoder.clone();
        let batch = |images| {
            let train = &task.dataset.train;
            let images = train.limit(images, task.seed());
            let statistics = ChannelStatistics::of(train);
            // On the CPU: a resumed search scores the same genotypes again, and a GPU may break while it does.
            MiniBatch::new(&images, &statistics, &Device::flex())
        };
        match self {
            Self::MultiplyAdds => Arc::new(MultiplyAddCount::new(network())),
            Self::Parameters => Arc::new(ParameterCount::new(network())),
            Self::Synflow => Arc::new(Synflow::new(decoder(), task.network.image)),
            Self::GradientNorm => Arc::new(GradientNorm::new(decoder(), batch(GRADIENT_IMAGES))),
            Self::LowGradientNorm => {
                let norm = GradientNorm::new(decoder(), batch(GRADIENT_IMAGES));
                Arc::new(Lowest::new(norm))
            }
            Self::JacobianCovariance => {
                Arc::new(JacobianCovariance::new(decoder(), batch(JACOBIAN_IMAGES)))
            }
        }
    }
}

/// A proxy that prefers anything to networks with too many parameters.
#[derive(Debug)]
struct WithinParameters {
    proxy: CellProxy,
    network: NetworkConfig,
    most: u64,
}

impl Proxy<NasnetGenotype> for WithinParameters {
    fn score(&self, genotype: &NasnetGenotype, rng: &mut dyn Rng) -> f64 {
        match check_parameters(genotype, &self.network, self.most) {
            Ok(()) => self.proxy.score(genotype, rng),
            Err(_) => f64::NEG_INFINITY,
        }
    }

    fn describe(&self) -> Value {
        let settings = json!({
            "proxy": self.proxy.describe(),
            "most_parameters": self.most,
        });
        description::named("WithinParameters", &settings)
    }
}
