//! The header of a checkpoint: what it belongs to, and its epochs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::description::{self, Difference, first_difference};
use crate::training::TrainingConfig;
use crate::training::trainer::{Epoch, Trainer};

/// The version of the format. Version 1 had its checksum in the header.
pub(super) const VERSION: u32 = 2;

/// All of a checkpoint but its tensors and scalars.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CheckpointHeader {
    version: u32,
    /// Identifies the training, as the caller describes it.
    subject: Value,
    /// The training's settings, untyped so that a file from before a setting was added can be read.
    training: Value,
    seed: u64,
    epochs: Vec<RecordedEpoch>,
    /// Steps that the averaged weights have taken in.
    pub(super) average_steps: Option<u64>,
}

impl CheckpointHeader {
    pub(super) fn new(
        subject: &Value,
        training: Value,
        seed: u64,
        epochs: &[Epoch],
        average_steps: Option<u64>,
    ) -> Self {
        Self {
            version: VERSION,
            subject: subject.clone(),
            training,
            seed,
            epochs: epochs.iter().map(RecordedEpoch::from).collect(),
            average_steps,
        }
    }

    /// The version that a header's text records, regardless of its other content; `None` if it isn't JSON.
    pub(super) fn version_of(header: &str) -> Option<Value> {
        let header: Value = serde_json::from_str(header).ok()?;
        Some(header.get("version").cloned().unwrap_or_default())
    }

    /// The epochs so far.
    pub(super) fn epochs(&self) -> Vec<Epoch> {
        self.epochs.iter().map(RecordedEpoch::epoch).collect()
    }

    /// The first difference between the recorded training and the present one.
    pub(super) fn difference(
        &self,
        subject: &Value,
        training: &Value,
        seed: u64,
    ) -> Option<Difference> {
        let within = |field, recorded: &Value, now: &Value| {
            Some(first_difference(recorded, now)?.within(field))
        };
        // The caller may have drawn its images by the seed, so it comes first.
        within("seed", &self.seed.into(), &seed.into())
            .or_else(|| first_difference(&self.subject, subject))
            .or_else(|| within("training", &self.recorded_settings(), training))
    }

    /// The recorded settings; those that didn't exist yet have their defaults.
    fn recorded_settings(&self) -> Value {
        let mut settings = self.training.clone();
        let fields = settings.as_object_mut();
        let optimizer = fields.and_then(|fields| fields.remove(OPTIMIZER));
        let complete = match serde_json::from_value::<TrainingConfig>(settings) {
            Ok(config) => description::of(&config),
            Err(_) => return self.training.clone(),
        };
        match optimizer {
            Some(optimizer) => with_optimizer(complete, optimizer),
            None => complete,
        }
    }
}

/// A trainer's settings, as checkpoints compare them: with its own optimizer, if it has one.
pub(super) fn settings_of(trainer: &Trainer) -> Value {
    let settings = description::of(trainer.config());
    match trainer.optimizer() {
        Some(own) => with_optimizer(settings, own.description().clone()),
        None => settings,
    }
}

fn with_optimizer(mut settings: Value, optimizer: Value) -> Value {
    if let Some(fields) = settings.as_object_mut() {
        fields.insert(OPTIMIZER.to_owned(), optimizer);
    }
    settings
}

/// The field of the settings that may describe any optimizer.
const OPTIMIZER: &str = "optimizer";

/// An epoch whose validation metric may be NaN, which JSON has no number for.
#[derive(Debug, Serialize, Deserialize)]
struct RecordedEpoch {
    #[serde(flatten)]
    epoch: Epoch,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    validation_is_nan: bool,
}

impl From<&Epoch> for RecordedEpoch {
    fn from(epoch: &Epoch) -> Self {
        Self {
            epoch: *epoch,
            validation_is_nan: epoch.validation_metric.is_some_and(f64::is_nan),
        }
    }
}

impl RecordedEpoch {
    const fn epoch(&self) -> Epoch {
        let mut epoch = self.epoch;
        if self.validation_is_nan {
            epoch.validation_metric = Some(f64::NAN);
        }
        epoch
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn header(validation_metric: Option<f64>) -> CheckpointHeader {
        let epoch = Epoch {
            number: 1,
            loss: 0.1 + 0.2,
            metric: 0.25,
            learning_rate: 0.1,
            validation_metric,
        };
        let config = TrainingConfig::default();
        let settings = description::of(&config);
        CheckpointHeader::new(&json!({"genotype": "a"}), settings, 7, &[epoch], None)
    }

    fn reread(header: &CheckpointHeader) -> CheckpointHeader {
        serde_json::from_str(&serde_json::to_string(header).unwrap()).unwrap()
    }

    #[test]
    fn epochs_are_read_back_to_the_last_bit_whatever_their_validation_metric() {
        for metric in [None, Some(0.1 + 0.7), Some(f64::NAN)] {
            let epochs = reread(&header(metric)).epochs();
            assert_eq!(epochs[0].loss, 0.1 + 0.2);
            let bits = |metric: Option<f64>| metric.map(f64::to_bits);
            assert_eq!(bits(epochs[0].validation_metric), bits(metric));
        }
    }

    #[test]
    fn a_setting_that_was_added_later_has_its_default() {
        let mut header = header(None);
        let settings = header.training.as_object_mut().unwrap();
        settings.remove("moving_average").unwrap();
        let subject = json!({"genotype": "a"});
        let config = TrainingConfig::default();
        let difference =
            |config: &TrainingConfig| header.difference(&subject, &description::of(config), 7);
        assert_eq!(difference(&config), None);
        let difference = difference(&config.moving_average(0.9)).unwrap();
        let expected = "training.moving_average: null recorded, 0.9 now";
        assert_eq!(difference.to_string(), expected);
    }

    #[test]
    fn a_setting_that_this_program_does_not_know_is_a_difference() {
        let mut header = header(None);
        header.training["lookahead"] = json!(5);
        let now = description::of(&TrainingConfig::default());
        let difference = header.difference(&json!({"genotype": "a"}), &now, 7);
        let expected = "training.lookahead: 5 recorded, nothing now";
        assert_eq!(difference.unwrap().to_string(), expected);
    }
}
