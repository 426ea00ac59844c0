//! The evaluator of a [`TrainingBenchmark`].

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use burn::tensor::Device;

use super::scratch::ScratchFolder;
use super::{SPLIT_SEED, TrainingBenchmark, VALIDATION, epoch_cost};
use crate::comparison::error::ComparisonError;
use crate::evaluator::{Context, EvaluationError, Evaluator};
use crate::network::NetworkConfig;
use crate::spaces::nasnet::NasnetGenotype;
use crate::training::{
    CellDecoder, DeviceImages, InheritedWeights, TrainingError, TrainingEvaluator,
};
use crate::trial::{Evaluation, Fidelity, TrialId};

/// Paused trainings and parents' weights are kept for so many trials.
const KEPT_TRIALS: u64 = 1000;

/// An evaluator that charges what a trial's training computes.
pub(super) struct Charged {
    training: TrainingEvaluator<CellDecoder, DeviceImages, InheritedWeights>,
    network: NetworkConfig,
    epochs: u64,
    images: usize,
    /// The epochs that trials have behind them that paused.
    behind: Mutex<HashMap<TrialId, u64>>,
    _folder: ScratchFolder,
}

impl Charged {
    pub(super) fn new(benchmark: &TrainingBenchmark) -> Result<Self, ComparisonError> {
        let folder = ScratchFolder::new().map_err(|error| TrainingError::Pausing {
            reason: error.to_string(),
        })?;
        let keeping = |error: std::io::Error| TrainingError::Pausing {
            reason: error.to_string(),
        };
        let weights = InheritedWeights::in_folder(folder.path().join("weights"))
            .map_err(keeping)?
            .keep(KEPT_TRIALS)
            .on_request();
        let decoder = CellDecoder::new(benchmark.network.clone());
        let trainer = benchmark.trainer.clone();
        let training = TrainingEvaluator::builder(decoder, trainer, &benchmark.dataset.train)
            .validation_fraction(VALIDATION)
            .split_seed(SPLIT_SEED)
            .device(&Device::flex())
            .threads_per_worker(1)
            .hook(weights)
            .pause_in(folder.path().join("paused"), KEPT_TRIALS)
            .map_err(keeping)?
            .build()?;
        let (images, _) = training.split_sizes();
        Ok(Self {
            training,
            network: benchmark.network.clone(),
            epochs: benchmark.trainer.config().epochs as u64,
            images,
            behind: Mutex::default(),
            _folder: folder,
        })
    }

    /// The epochs that a trial adds to those of the trial that it continues.
    fn added_epochs(&self, context: &Context<'_>) -> u64 {
        let fidelity = context.fidelity();
        let amount = |name| fidelity.amount(name).map(|amount| amount as u64);
        let last = amount(Fidelity::PAUSE_AFTER)
            .or_else(|| amount(Fidelity::EPOCHS))
            .unwrap_or(self.epochs);
        let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = context.continues().and_then(|trial| behind.remove(&trial));
        behind.insert(context.trial(), last);
        last.saturating_sub(earlier.unwrap_or(0)).max(1)
    }
}

impl Evaluator<NasnetGenotype> for Charged {
    fn evaluate(
        &self,
        genotype: &NasnetGenotype,
        context: &Context<'_>,
    ) -> Result<Evaluation, EvaluationError> {
        let of_an_epoch = epoch_cost(&self.network, genotype, self.images)
            .map_err(|error| EvaluationError::Infeasible(error.to_string()))?;
        let evaluation = self.training.evaluate(genotype, context)?;
        let epochs = self.added_epochs(context) as f64;
        Ok(evaluation.with_cost(of_an_epoch * epochs))
    }
}
