//! Children that begin with their parents' weights.

use std::fs;
use std::path::PathBuf;

use burn::module::Module;

use super::evaluator::{PreparedNetwork, TrainingHook};
use super::trial_files::TrialFiles;
use crate::evaluator::{Context, EvaluationError};
use crate::network::{CellNetwork, HeirNetwork};
use crate::trial::{Fidelity, Metrics};

/// The metric that has the share of a network's values that were its parent's when its training began.
const INHERITED: &str = "inherited";

/// Lets a mutated network begin with the trained weights of its parent, wherever its mutation left the layers as they
/// were ([`CellNetwork::inherit`]), and trains it for fewer epochs. The metric `inherited` is the share of its values
/// that it took over, from 0 to 1.
///
/// The trained networks of the last trials are kept as files. Whether a child inherits depends on its number, its
/// parent's and the settings alone, so that a search that was killed and resumed scores the same, bit for bit on the
/// CPU. Workers in processes of their own share the folder; on other machines they need a shared one.
///
/// A network that inherited is compared with one that was trained from scratch, and has been trained for longer in all:
/// `docs/guide/multi-fidelity.md` says how well its score predicts that of a training from scratch. What a search finds is
/// always worth training from scratch.
///
/// Not for trials that are [promoted](crate::algorithm::Promotion): a training that continues has a schedule of its own,
/// and its parent may be gone by then.
///
/// ```
/// use evonas::prelude::*;
/// use evonas::training::InheritedWeights;
///
/// # let scratch = tempfile::tempdir()?;
/// # let folder = scratch.path();
/// let dataset = digits();
/// let network = NetworkConfig::new(dataset.train.shape(), 10).cells_per_stack(1).filters(4);
/// let trainer = Trainer::new(TrainingConfig::default().epochs(4))?;
/// let evaluator = TrainingEvaluator::builder(CellDecoder::new(network), trainer, &dataset.train)
///     .hook(InheritedWeights::in_folder(folder.join("weights"))?.keep(200).epochs(1))
///     .build()?;
/// # drop(evaluator);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct InheritedWeights {
    files: TrialFiles,
    keep: u64,
    epochs: Option<usize>,
    on_request: bool,
}

impl InheritedWeights {
    /// Keeps the networks in this folder, which is created if it doesn't exist.
    ///
    /// # Errors
    /// The system's error if it can't be created.
    pub fn in_folder(folder: impl Into<PathBuf>) -> std::io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        Ok(Self {
            files: TrialFiles::new(folder, "trial", "safetensors"),
            keep: 200,
            epochs: None,
            on_request: false,
        })
    }

    /// A child inherits if its parent is at most this many trials older: 200 by default. Aging evolution's parents are
    /// seldom older than the population's size and the trials in flight. Twice as many networks are kept, each with four
    /// bytes a parameter.
    #[must_use]
    pub const fn keep(mut self, trials: u64) -> Self {
        self.keep = trials;
        self
    }

    /// The epochs of a child that inherits, if its fidelity doesn't set them; by default, the trainer's.
    #[must_use]
    pub const fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = Some(epochs);
        self
    }

    /// Lets only those children inherit whose fidelity asks for it by [`Fidelity::INHERIT`].
    #[must_use]
    pub const fn on_request(mut self) -> Self {
        self.on_request = true;
        self
    }

    /// The parent's network, if the child inherits from it.
    fn parent(&self, network: &CellNetwork, context: &Context<'_>) -> Option<CellNetwork> {
        let parent = context.parent()?;
        let requested = context.fidelity().amount(Fidelity::INHERIT);
        if self.on_request && !requested.is_some_and(|amount| amount > 0.0) {
            return None;
        }
        if context.trial().0.saturating_sub(parent.0) > self.keep {
            return None;
        }
        let device = network.devices().into_iter().next().unwrap_or_default();
        // A parent that was stopped early or whose evaluation was reused has no file.
        CellNetwork::load(self.files.of(parent), &device.inner()).ok()
    }
}

impl TrainingHook<CellNetwork> for InheritedWeights {
    fn prepare(
        &self,
        network: CellNetwork,
        context: &Context<'_>,
    ) -> Result<PreparedNetwork<CellNetwork>, EvaluationError> {
        let Some(parent) = self.parent(&network, context) else {
            let mut prepared = PreparedNetwork::new(network);
            prepared.metrics.insert(INHERITED, 0.0);
            return Ok(prepared);
        };
        let HeirNetwork { network, inherited } = network
            .inherit(&parent)
            .map_err(|error| EvaluationError::Infeasible(error.to_string()))?;
        let mut prepared = PreparedNetwork::new(network);
        prepared.epochs = self.epochs;
        prepared.metrics.insert(INHERITED, inherited);
        Ok(prepared)
    }

    /// Keeps the trained network.
    fn measure(
        &self,
        network: &CellNetwork,
        context: &Context<'_>,
    ) -> Result<Metrics, EvaluationError> {
        let trial = context.trial();
        network
            .save(self.files.of(trial))
            .map_err(EvaluationError::failed)?;
        // No trial inherits from what is older, not even one that is twice as old as the oldest parent.
        let kept = self.files.keep_last(self.keep.saturating_mul(2), trial);
        kept.map_err(EvaluationError::failed)?;
        Ok(Metrics::new())
    }
}
