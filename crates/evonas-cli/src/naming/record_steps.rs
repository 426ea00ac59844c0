//! Whether a device records training steps.

use clap::Args;
use evonas::training::Trainer;

/// The option that records training steps.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct RecordOption {
    /// On a GPU, record a training step and repeat it as a whole, which takes the host a few launches instead of hundreds.
    /// The weights are the same; the memory of a step, or of two, stays reserved during a training [default: true where a process
    /// trains one network at a time on the device]
    #[arg(
        long,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    record_steps: Option<bool>,
}

impl RecordOption {
    /// A trainer that does so if the option says it, or if it isn't given and one network is trained at a time.
    pub(crate) fn apply(self, trainer: Trainer, one_at_a_time: bool) -> Trainer {
        trainer.record_steps(self.record_steps.unwrap_or(one_at_a_time))
    }

    /// Whether the option asks for what several trainings at a time don't allow.
    pub(crate) fn is_required(self) -> bool {
        self.record_steps == Some(true)
    }
}
