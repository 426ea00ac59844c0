//! The final training of one genotype.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use evonas::network::CellNetwork;
use evonas::prelude::*;
use evonas::report::{TrainingProgress, note};
use evonas::search::TrialRecord;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::training::{FullTraining, TrainingError};

use super::task::Task;
use crate::Failure;

/// How a final training ended.
pub(super) enum FinalTraining {
    Done(Box<FullTraining<CellNetwork>>),
    /// A request ended it.
    Stopped,
    /// The loss or the outputs became NaN or infinite: another genotype may do better.
    Diverged(TrainingError),
    Failed(Failure),
}

impl Task<'_> {
    /// Trains a genotype in full. A panic, of a device that runs out of memory, say, is a failure like any other.
    pub(super) fn train_in_full(
        &self,
        trial: &TrialRecord<NasnetGenotype>,
        stop: &StopSignal,
    ) -> FinalTraining {
        let epochs = self.final_trainer.config().epochs;
        let quiet = self.options.quiet;
        if !quiet {
            note(format_args!(
                "training this genotype for {epochs} epochs on all training images"
            ));
        }
        let mut shown = TrainingProgress::new(epochs);
        let mut watch = |progress: Progress| {
            match &progress {
                _ if quiet => {}
                Progress::Epoch(epoch) => shown.epoch(epoch),
                _ => shown.step(&progress),
            }
            match stop.is_finishing() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let training = || {
            train_fully(
                &trial.genotype,
                &self.evaluation.decoder,
                &self.final_trainer,
                &self.evaluation.dataset,
                trial.seed,
                &self.evaluation.devices.first(),
                &mut watch,
            )
        };
        // Nothing that the training has changed is used after a panic.
        let trained = catch_unwind(AssertUnwindSafe(training));
        shown.finish();
        match trained {
            Ok(Ok(training)) => FinalTraining::Done(Box::new(training)),
            Ok(Err(TrainingError::Stopped)) => FinalTraining::Stopped,
            Ok(Err(
                error @ (TrainingError::LossNotFinite { .. } | TrainingError::OutputNotFinite),
            )) => FinalTraining::Diverged(error),
            Ok(Err(error)) => {
                FinalTraining::Failed(format!("the final training failed: {error}").into())
            }
            Err(_) => FinalTraining::Failed("the final training panicked".into()),
        }
    }
}
