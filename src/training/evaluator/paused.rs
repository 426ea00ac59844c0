//! Trainings that paused, for trials that continue them.

use std::fmt::Display;
use std::fs;
use std::path::PathBuf;

use burn::module::Module;
use serde_json::json;

use crate::evaluator::Context;
use crate::training::trial_files::TrialFiles;
use crate::training::{Trainer, Training, TrainingError};

/// The trainings of the last trials that paused, as checkpoints in a folder.
#[derive(Clone, Debug)]
pub(super) struct PausedTrainings {
    files: TrialFiles,
    /// How many trials back a checkpoint is kept.
    keep: u64,
}

impl PausedTrainings {
    pub(super) const fn new(folder: PathBuf, keep: u64) -> Self {
        Self {
            files: TrialFiles::new(folder, "paused", "bpk"),
            keep,
        }
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
            let path = self.files.of(earlier);
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
            let saved = training.save(self.files.of(context.trial()), &subject);
            saved.map_err(failed)?;
        }
        if let Some(earlier) = context.continues() {
            let _ = fs::remove_file(self.files.of(earlier));
        }
        let removed = self.files.keep_last(self.keep, context.trial());
        removed.map_err(failed)
    }
}

fn failed(reason: impl Display) -> TrainingError {
    TrainingError::Pausing {
        reason: reason.to_string(),
    }
}
