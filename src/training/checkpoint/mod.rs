//! Trainings in files, to go on with.

mod error;
mod parameters;

pub use error::CheckpointError;

use std::collections::BTreeMap;
use std::path::Path;

use burn::optim::StateSource;
use burn::store::burn_pack::{Reader, Scalar, Tensor as StoredTensor, Writer};
use burn::tensor::TensorData;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::parameters::{collect, ranks, restore};
use super::trainer::{Epoch, Learner, MovingAverage, Trainer, Training};
use super::{ImageClassifier, TrainingConfig};
use crate::replace_file::replace_file_durably;

/// The metadata entry with the [`Header`].
const HEADER: &str = "evonas.checkpoint";
const VERSION: u32 = 1;

/// What the tensors' names begin with.
const NETWORK: &str = "network.";
const AVERAGE: &str = "average.";
const OPTIMIZER: &str = "optimizer.";

/// What a checkpoint says of itself.
#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
    /// What is trained on what, as the caller says.
    of: Value,
    config: TrainingConfig,
    seed: u64,
    epochs: Vec<Epoch>,
    /// Steps that the averaged weights have taken in.
    average_steps: Option<u64>,
    /// Of all else.
    checksum: u32,
}

impl<M: ImageClassifier> Training<M> {
    /// Writes all that is needed to go on to a file: weights, running statistics, averaged weights,
    /// the optimizer's state, settings, seed and the epochs so far. A file that is there is
    /// replaced, and only by a complete one, which is on the disk when this returns; with a full disk it
    /// stays. Only one process may write a checkpoint at a time.
    ///
    /// `of` says what is trained on what (a genotype, a data set, …): whoever goes on must say the
    /// same.
    ///
    /// # Errors
    /// [`CheckpointError::Write`] if the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>, of: &Value) -> Result<(), CheckpointError> {
        let path = path.as_ref();
        let failed = |reason: String| CheckpointError::Write {
            path: path.to_owned(),
            reason,
        };
        let mut tensors = BTreeMap::new();
        let mut add = |prefix: &str, name: String, data: TensorData| {
            tensors.insert(format!("{prefix}{name}"), data);
        };
        for (name, data) in collect(&self.learner.network) {
            add(NETWORK, name, data);
        }
        if let Some(average) = &self.learner.average {
            for (name, data) in collect(&average.network()) {
                add(AVERAGE, name, data);
            }
        }
        let state = self.learner.optimizer.state();
        for (name, data) in state.tensors {
            add(OPTIMIZER, name, data);
        }
        let scalars: BTreeMap<String, Scalar> = state.scalars.into_iter().collect();
        let mut header = Header {
            version: VERSION,
            of: of.clone(),
            config: self.trainer.config().clone(),
            seed: self.seed,
            epochs: self.epochs.clone(),
            average_steps: self.learner.average.as_ref().map(MovingAverage::steps),
            checksum: 0,
        };
        header.checksum = header.checksum_with(&tensors, &scalars);
        let header = serde_json::to_string(&header).map_err(|error| failed(error.to_string()))?;
        let stored = tensors.into_iter().map(|(name, data)| {
            let (bytes, shape, dtype) = data.into_parts();
            StoredTensor::new(name, dtype, shape, None, bytes)
        });
        let mut writer = Writer::new(stored.collect())
            .with_metadata(HEADER, &header)
            .auto_extension(false)
            .overwrite(true);
        for (name, value) in scalars {
            writer = writer.with_scalar(&name, value);
        }
        replace_file_durably(
            path,
            |error| failed(error.to_string()),
            |new| {
                writer
                    .write_to_file_in_place(new)
                    .map_err(|error| failed(error.to_string()))
            },
        )
    }

    /// The training that [`Training::save`] wrote, to go on with. `network` is one of the same kind,
    /// with any weights, on the device to go on with; `trainer`, `seed` and `of` must be what they
    /// were. On the CPU it ends with the weights of a training that was never interrupted, to the
    /// last bit.
    ///
    /// # Errors
    /// [`CheckpointError`] if the file can't be read or is damaged, or if it is of another training:
    /// what differs is named.
    pub fn resume(
        path: impl AsRef<Path>,
        network: M,
        trainer: &Trainer,
        seed: u64,
        of: &Value,
    ) -> Result<Self, CheckpointError> {
        let path = path.as_ref();
        let Stored {
            header,
            mut tensors,
            scalars,
        } = Stored::read(path)?;
        if let Some(difference) = header.difference(trainer.config(), seed, of) {
            return Err(CheckpointError::OtherTraining {
                path: path.to_owned(),
                difference,
            });
        }
        let mismatch = |(parameter, reason)| CheckpointError::Mismatch {
            path: path.to_owned(),
            parameter,
            reason,
        };
        let device = network.devices().into_iter().next().unwrap_or_default();
        let average = match (trainer.config().moving_average, header.average_steps) {
            (Some(decay), Some(steps)) => {
                let average = restore(network.valid(), take(&mut tensors, AVERAGE));
                let average = average.map_err(mismatch)?;
                Some(MovingAverage::resumed(&average, decay, steps))
            }
            _ => None,
        };
        let network = restore(network.valid(), take(&mut tensors, NETWORK)).map_err(mismatch)?;
        let mut learner = Learner::new(network, trainer.config());
        if average.is_some() {
            learner.average = average;
        }
        let mut source = StateSource::new(scalars);
        for (name, data) in take(&mut tensors, OPTIMIZER) {
            source.insert_tensor(name, data);
        }
        let ranks = ranks(&learner.network);
        learner
            .optimizer
            .restore(&mut source, &ranks, &device.inner());
        Ok(Self {
            learner,
            trainer: trainer.clone(),
            seed,
            epochs: header.epochs,
        })
    }
}

impl Header {
    /// The CRC-32 of all that a checkpoint holds but the checksum itself.
    fn checksum_with(
        &self,
        tensors: &BTreeMap<String, TensorData>,
        scalars: &BTreeMap<String, Scalar>,
    ) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        let own = (&self.of, &self.config, self.seed, &self.epochs);
        let own = format!("{own:?} {:?} {scalars:?}", self.average_steps);
        hasher.update(own.as_bytes());
        for (name, data) in tensors {
            let of_tensor = format!("{name} {:?} {:?}", data.shape(), data.dtype());
            hasher.update(of_tensor.as_bytes());
            hasher.update(data.as_bytes());
        }
        hasher.finalize()
    }

    /// The first thing in which another training differs from this one.
    fn difference(&self, config: &TrainingConfig, seed: u64, of: &Value) -> Option<String> {
        let json = |config: &TrainingConfig| {
            serde_json::to_value(config).expect("settings are numbers, texts and maps of them")
        };
        // The caller may have drawn its images by the seed.
        difference("seed", &self.seed.into(), &seed.into())
            .or_else(|| difference("", &self.of, of))
            .or_else(|| difference("training", &json(&self.config), &json(config)))
    }
}

/// The first place in which two values differ, in words.
fn difference(place: &str, was: &Value, is: &Value) -> Option<String> {
    if was == is {
        return None;
    }
    if let (Value::Object(was), Value::Object(is)) = (was, is) {
        let below = |key: &str| match place {
            "" => key.to_owned(),
            _ => format!("{place}.{key}"),
        };
        let keys = was.keys().chain(is.keys());
        return keys
            .filter_map(|key| {
                let value = |map: &serde_json::Map<String, Value>| {
                    map.get(key).cloned().unwrap_or(Value::Null)
                };
                difference(&below(key), &value(was), &value(is))
            })
            .next();
    }
    let place = if place.is_empty() { "training" } else { place };
    Some(format!("its {place} is {was}, and here it is {is}"))
}

/// What a file holds.
struct Stored {
    header: Header,
    tensors: BTreeMap<String, TensorData>,
    scalars: BTreeMap<String, Scalar>,
}

impl Stored {
    fn read(path: &Path) -> Result<Self, CheckpointError> {
        let failed = |reason: String| CheckpointError::Read {
            path: path.to_owned(),
            reason,
        };
        // Says "not found" and the like in the system's words.
        std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
        let reader = Reader::from_file_exact(path).map_err(|error| failed(error.to_string()))?;
        let header = reader
            .metadata()
            .get(HEADER)
            .ok_or_else(|| failed("it is no checkpoint of a training".to_owned()))?;
        let header: Value =
            serde_json::from_str(header).map_err(|error| failed(error.to_string()))?;
        let version = header.get("version").cloned().unwrap_or_default();
        if version != VERSION {
            return Err(failed(format!(
                "it is of version {version}, and this program reads version {VERSION}"
            )));
        }
        let header: Header =
            serde_json::from_value(header).map_err(|error| failed(error.to_string()))?;
        let scalars = reader.scalars().clone();
        let mut tensors = BTreeMap::new();
        let stored = reader
            .into_tensors()
            .map_err(|error| failed(error.to_string()))?;
        for tensor in stored {
            let (name, dtype, shape, _, bytes) = tensor
                .into_parts()
                .map_err(|error| failed(error.to_string()))?;
            tensors.insert(name, TensorData::from_bytes(bytes, shape, dtype));
        }
        if header.checksum_with(&tensors, &scalars) != header.checksum {
            return Err(failed(
                "it is damaged: its checksum is another than it says".to_owned(),
            ));
        }
        Ok(Self {
            header,
            tensors,
            scalars,
        })
    }
}

/// Takes the tensors out whose names begin so, and cuts that off.
fn take(tensors: &mut BTreeMap<String, TensorData>, prefix: &str) -> BTreeMap<String, TensorData> {
    let all = std::mem::take(tensors).into_iter();
    let (taken, rest): (Vec<_>, Vec<_>) = all.partition(|(name, _)| name.starts_with(prefix));
    tensors.extend(rest);
    taken
        .into_iter()
        .map(|(name, data)| (name[prefix.len()..].to_owned(), data))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_is_named() {
        let was = json!({"a": {"b": 1, "c": [1, 2]}, "d": "x"});
        assert_eq!(difference("", &was, &was), None);
        let is = json!({"a": {"b": 1, "c": [1, 3]}, "d": "y"});
        let difference = difference("", &was, &is).unwrap();
        assert_eq!(difference, "its a.c is [1,2], and here it is [1,3]");
    }

    #[test]
    fn what_only_one_of_them_says_differs() {
        let difference = difference("", &json!({}), &json!({"limit": 5})).unwrap();
        assert_eq!(difference, "its limit is null, and here it is 5");
    }
}
