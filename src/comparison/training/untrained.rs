//! Proxies of the untrained networks of a [`TrainingBenchmark`].

use burn::tensor::Device;
use rand::Rng;
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::Value;

use super::{SPLIT_SEED, TrainingBenchmark, epoch_cost};
use crate::comparison::{Meter, UntrainedProxy};
use crate::network::NetworkConfig;
use crate::proxy::{Lowest, Proxy};
use crate::randomness::stream;
use crate::spaces::nasnet::NasnetGenotype;
use crate::training::images::ChannelStatistics;
use crate::training::{CellDecoder, GradientNorm, JacobianCovariance, MiniBatch, Synflow};

/// The images of a mini-batch. More rank networks hardly better, and cost more.
const IMAGES: usize = 16;

/// A proxy that charges what it computes.
#[derive(Debug)]
pub(super) struct Charging {
    proxy: Box<dyn Proxy<NasnetGenotype>>,
    network: NetworkConfig,
    /// So many images go forward and backward through the network.
    images: usize,
    meter: Meter,
    /// One thread, since several runs go on at a time.
    pool: Option<ThreadPool>,
}

impl Charging {
    pub(super) fn new(benchmark: &TrainingBenchmark, kind: UntrainedProxy, meter: &Meter) -> Self {
        let train = &benchmark.dataset.train;
        let decoder = CellDecoder::new(benchmark.network.clone());
        let batch = MiniBatch::new(
            &train.limit(IMAGES, SPLIT_SEED),
            &ChannelStatistics::of(train),
            &Device::flex(),
        );
        let (proxy, images): (Box<dyn Proxy<_>>, _) = match kind {
            UntrainedProxy::Synflow => (Box::new(Synflow::new(decoder, train.shape())), 1),
            UntrainedProxy::GradientNorm => (Box::new(GradientNorm::new(decoder, batch)), IMAGES),
            UntrainedProxy::LowGradientNorm => {
                let norm = GradientNorm::new(decoder, batch);
                (Box::new(Lowest::new(norm)), IMAGES)
            }
            UntrainedProxy::JacobianCovariance => {
                (Box::new(JacobianCovariance::new(decoder, batch)), IMAGES)
            }
        };
        Self {
            proxy,
            network: benchmark.network.clone(),
            images,
            meter: meter.clone(),
            pool: ThreadPoolBuilder::new().num_threads(1).build().ok(),
        }
    }
}

impl Proxy<NasnetGenotype> for Charging {
    fn score(&self, genotype: &NasnetGenotype, rng: &mut dyn Rng) -> f64 {
        let mut rng = stream(rng.next_u64(), 0);
        let Ok(cost) = epoch_cost(&self.network, genotype, self.images) else {
            return f64::NEG_INFINITY;
        };
        self.meter.charge(cost);
        let mut score = || self.proxy.score(genotype, &mut rng);
        match &self.pool {
            Some(pool) => pool.install(score),
            None => score(),
        }
    }

    fn describe(&self) -> Value {
        self.proxy.describe()
    }
}
