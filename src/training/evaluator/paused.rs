//! Trainings that paused, for trials that continue them.

use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use serde_json::json;

use crate::evaluator::Context;
use crate::training::{Trainer, Training, TrainingError};
use crate::trial::TrialId;

/// The trainings of the last trials that paused, as checkpoints in a folder.
#[derive(Clone, Debug)]
pub(super) struct PausedTrainings {
    pub(super) folder: PathBuf,
    /// How many trials back a checkpoint is kept.
    pub(super) keep: u64,
}

impl PausedTrainings {
    fn file(&self, trial: TrialId) -> PathBuf {
        self.folder.join(format!("paused-{trial}.bpk"))
    }

    /// The training that a trial continues. Without a checkpoint of it, the training begins anew, and on the CPU gets to
    /// the same weights, since the trial has the seed of the one that it continues.
    pub(super) fn training<M: Module>(
        &self,
        network: M,
        trainer: &Trainer,
        context: &Context<'_>,
    ) -> Training<M> {
        let seed = context.seed();
        if let Some(earlier) = context.continues() {
            let path = self.file(earlier);
            let subject = json!({ "seed": seed });
            if path.exists()
                && let Ok(training) =
                    Training::resume(&path, network.clone(), trainer, seed, &subject)
            {
                return training;
            }
        }
        Training::new(network, trainer, seed)
    }

    /// Keeps a training that isn't over, and removes what no longer matters.
    pub(super) fn keep<M: Module>(
        &self,
        training: &Training<M>,
        context: &Context<'_>,
    ) -> Result<(), TrainingError> {
        if !training.is_over() {
            let subject = json!({ "seed": context.seed() });
            let saved = training.save(self.file(context.trial()), &subject);
            saved.map_err(|error| TrainingError::Pausing {
                reason: error.to_string(),
            })?;
        }
        if let Some(earlier) = context.continues() {
            let _ = fs::remove_file(self.file(earlier));
        }
        self.remove_old(context.trial())
    }

    fn remove_old(&self, trial: TrialId) -> Result<(), TrainingError> {
        let Some(oldest) = trial.0.checked_sub(self.keep) else {
            return Ok(());
        };
        let failed = |error: std::io::Error| TrainingError::Pausing {
            reason: error.to_string(),
        };
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if number_of(&path).is_some_and(|number| number < oldest) {
                // Another worker may have removed it.
                let _ = fs::remove_file(path);
            }
        }
        Ok(())
    }
}

/// The trial whose training a file holds.
fn number_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    let number = name.strip_prefix("paused-")?.strip_suffix(".bpk")?;
    number.parse().ok()
}
