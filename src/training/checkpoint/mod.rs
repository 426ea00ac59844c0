//! Trainings in files, to resume later.

mod error;
mod file;
mod header;
mod parameters;

pub use error::CheckpointError;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use burn::module::Module;
use burn::optim::StateSource;
use burn::tensor::TensorData;
use serde_json::Value;

use self::file::CheckpointFile;
use self::header::{CheckpointHeader, settings_of};
use self::parameters::{check_state, collect, most_bytes, restore, shapes};
use super::trainer::{Learner, MovingAverage, Trainer, Training};

/// Prefixes of the tensors' names.
const NETWORK: &str = "network.";
const AVERAGE: &str = "average.";
const OPTIMIZER: &str = "optimizer.";

impl<M: Module> Training<M> {
    /// Writes everything needed to resume to a file: weights, running statistics, averaged weights,
    /// the optimizer's state, settings, seed and the epochs so far.
    ///
    /// An existing file is replaced, but only by a complete one that is on the disk when this
    /// returns; if the disk is full, it stays. Only one process may write a checkpoint at a time.
    ///
    /// `subject` describes what is trained on what (a genotype, a data set, …). To resume, it must be
    /// the same.
    ///
    /// # Errors
    /// [`CheckpointError::Write`] if the file can't be written, and
    /// [`CheckpointError::UnfinishedEpoch`] if an epoch ended early.
    pub fn save(&self, path: impl AsRef<Path>, subject: &Value) -> Result<(), CheckpointError> {
        if self.unfinished {
            return Err(CheckpointError::UnfinishedEpoch);
        }
        let mut tensors = BTreeMap::new();
        let mut add = |prefix: &str, name: String, data: TensorData| {
            tensors.insert(format!("{prefix}{name}"), data);
        };
        for (name, data) in collect(self.learner.trained()) {
            add(NETWORK, name, data);
        }
        let average = self.learner.average();
        if let Some(average) = average {
            for (name, data) in collect(&average.network()) {
                add(AVERAGE, name, data);
            }
        }
        let state = self.learner.optimizer().state();
        for (name, data) in state.tensors {
            add(OPTIMIZER, name, data);
        }
        let file = CheckpointFile {
            header: CheckpointHeader::new(
                subject,
                settings_of(&self.trainer),
                self.seed,
                &self.epochs,
                average.map(MovingAverage::steps),
            ),
            tensors,
            scalars: state.scalars.into_iter().collect(),
        };
        file.write(path.as_ref())
    }

    /// Resumes the training that [`Training::save`] wrote.
    ///
    /// `network` is a network of the same kind, with any weights, on the device to resume on.
    /// `trainer`, `seed` and `subject` must be the same as when it was saved. On the CPU the result
    /// is that of a training that was never interrupted, to the last bit.
    ///
    /// # Errors
    /// [`CheckpointError`] if the file can't be read, is damaged, has another version, or belongs to
    /// another training or network; it names the first difference.
    pub fn resume(
        path: impl AsRef<Path>,
        network: M,
        trainer: &Trainer,
        seed: u64,
        subject: &Value,
    ) -> Result<Self, CheckpointError> {
        let path = path.as_ref();
        let mut file = CheckpointFile::read(path, most_bytes(&shapes(&network)))?;
        let settings = settings_of(trainer);
        if let Some(difference) = file.header.difference(subject, &settings, seed) {
            return Err(CheckpointError::OtherTraining {
                path: path.to_owned(),
                difference,
            });
        }
        let mismatch = |(parameter, reason)| CheckpointError::OtherNetwork {
            path: path.to_owned(),
            parameter,
            reason,
        };
        let device = network.devices().into_iter().next().unwrap_or_default();
        let average = match (trainer.config().moving_average, file.header.average_steps) {
            (Some(decay), Some(steps)) => {
                let average = restore(network.valid(), file.take(AVERAGE)).map_err(mismatch)?;
                Some(MovingAverage::resumed(&average, decay, steps))
            }
            _ => None,
        };
        let network = restore(network.valid(), file.take(NETWORK)).map_err(mismatch)?;
        let mut learner = match average {
            Some(average) => Learner::resumed(network, Some(average), trainer),
            None => Learner::new(network, trainer),
        };
        let state = file.take(OPTIMIZER);
        let shapes = shapes(learner.trained());
        check_state(&state, &shapes).map_err(mismatch)?;
        let names: Vec<String> = state.keys().cloned().collect();
        let mut source = StateSource::new(file.scalars);
        for (name, data) in state {
            source.insert_tensor(name, data);
        }
        let ranks: Vec<usize> = shapes.iter().map(|(shape, _)| shape.len()).collect();
        let optimizer = learner.optimizer_mut();
        optimizer.restore(&mut source, &ranks, &device.inner());
        let restored = optimizer.state().tensors.into_iter();
        let restored: BTreeSet<String> = restored.map(|(name, _)| name).collect();
        if let Some(unknown) = names.into_iter().find(|name| !restored.contains(name)) {
            let reason = "this optimizer keeps no such value".to_owned();
            return Err(mismatch((format!("optimizer.{unknown}"), reason)));
        }
        Ok(Self {
            learner,
            trainer: trainer.clone(),
            seed,
            epochs: file.header.epochs(),
            unfinished: false,
        })
    }
}
