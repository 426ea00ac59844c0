//! The proxy by which a search prefers genotypes before it trains them.

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
    /// Prefer genotypes that score higher by this proxy, before any is trained [default: none is preferred]
    #[arg(long, value_enum)]
    proxy: Option<ProxyName>,
    /// With --proxy, evaluate the best of so many mutants, or in random search of so many random genotypes [default: 10]
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

type CellProxy = Box<dyn Proxy<NasnetGenotype>>;

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

    /// A space whose draws are the best of several, for random search.
    pub(super) fn space(
        &self,
        space: NasnetSpace,
        task: &EvaluationTask<'_>,
        most_parameters: Option<u64>,
    ) -> Result<Box<dyn SearchSpace<Genotype = NasnetGenotype>>, Failure> {
        Ok(match self.proxy(task, most_parameters) {
            Some(proxy) => Box::new(BestOf::new(self.candidates(), space, proxy)?),
            None => Box::new(space),
        })
    }

    /// A mutation whose children are the best of several mutants.
    pub(super) fn mutation(
        &self,
        space: &NasnetSpace,
        task: &EvaluationTask<'_>,
        most_parameters: Option<u64>,
    ) -> Result<Box<dyn Mutation<NasnetGenotype>>, Failure> {
        let mutation = space.mutation();
        Ok(match self.proxy(task, most_parameters) {
            Some(proxy) => Box::new(BestOf::new(self.candidates(), mutation, proxy)?),
            None => Box::new(mutation),
        })
    }

    /// The random genotypes of which a population of this size is the best.
    pub(super) fn warm_up(
        &self,
        population: usize,
        task: &EvaluationTask<'_>,
        most_parameters: Option<u64>,
    ) -> Option<WarmUp<NasnetGenotype>> {
        let genotypes = self.warm_up.unwrap_or(population.saturating_mul(10));
        let proxy = self.proxy(task, most_parameters)?;
        Some(WarmUp::new(genotypes, proxy))
    }

    fn candidates(&self) -> usize {
        self.best_of.unwrap_or(BEST_OF)
    }

    fn proxy(&self, task: &EvaluationTask<'_>, most_parameters: Option<u64>) -> Option<CellProxy> {
        let network = &task.network;
        let decoder = || task.decoder.clone();
        let batch = |images| {
            let train = &task.dataset.train;
            let images = train.limit(images, task.seed());
            let statistics = ChannelStatistics::of(train);
            // On the CPU: a resumed search scores the same genotypes again, and a GPU may break while it does.
            MiniBatch::new(&images, &statistics, &Device::flex())
        };
        let proxy: CellProxy = match self.proxy? {
            ProxyName::MultiplyAdds => Box::new(MultiplyAddCount::new(network.clone())),
            ProxyName::Parameters => Box::new(ParameterCount::new(network.clone())),
            ProxyName::Synflow => Box::new(Synflow::new(decoder(), network.image)),
            ProxyName::GradientNorm => {
                Box::new(GradientNorm::new(decoder(), batch(GRADIENT_IMAGES)))
            }
            ProxyName::LowGradientNorm => Box::new(Lowest::new(GradientNorm::new(
                decoder(),
                batch(GRADIENT_IMAGES),
            ))),
            ProxyName::JacobianCovariance => {
                Box::new(JacobianCovariance::new(decoder(), batch(JACOBIAN_IMAGES)))
            }
        };
        Some(match most_parameters {
            Some(most) => Box::new(WithinParameters {
                proxy,
                network: network.clone(),
                most,
            }),
            None => proxy,
        })
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
