//! The progress of one long training on standard error.

use std::fmt;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar as Bar, ProgressStyle};

use crate::training::{Epoch, Progress};

/// Shows how far a training is, on standard error: a bar on a terminal, and a line for every epoch.
pub struct TrainingProgress {
    bar: Option<Bar>,
    epochs: usize,
    began: Instant,
    /// When the epoch began.
    epoch_began: Instant,
    /// The first epoch that is shown, from 1: later than 1 when a training goes on.
    first_epoch: Option<usize>,
}

impl fmt::Debug for TrainingProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrainingProgress")
            .field("epochs", &self.epochs)
            .finish_non_exhaustive()
    }
}

impl TrainingProgress {
    /// The progress of a training of so many epochs in all, which begins or goes on now.
    #[must_use]
    pub fn new(epochs: usize) -> Self {
        Self {
            bar: None,
            epochs,
            began: Instant::now(),
            epoch_began: Instant::now(),
            first_epoch: None,
        }
    }

    /// Shows a step. An epoch is shown by [`TrainingProgress::epoch`], once it is validated.
    pub fn step(&mut self, progress: &Progress) {
        let Progress::Step { epoch, step, steps } = *progress else {
            return;
        };
        let first_epoch = *self.first_epoch.get_or_insert(epoch);
        if !std::io::stderr().is_terminal() {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style =
                ProgressStyle::with_template("{bar:30} {msg}").expect("the template is valid");
            Bar::new((self.epochs * steps) as u64).with_style(style)
        });
        let done = (epoch - 1) * steps + step;
        let here = done - (first_epoch - 1) * steps;
        let left = self.epochs * steps - done;
        let left = self.began.elapsed().as_secs_f64() / here as f64 * left as f64;
        bar.set_position(done as u64);
        bar.set_message(format!(
            "epoch {epoch}/{}, step {step}/{steps}, {} left",
            self.epochs,
            words(Duration::from_secs_f64(left))
        ));
    }

    /// Shows what an epoch brought.
    pub fn epoch(&mut self, epoch: &Epoch) {
        let seconds = self.epoch_began.elapsed().as_secs_f64();
        self.epoch_began = Instant::now();
        let validation = match epoch.validation_accuracy {
            Some(accuracy) => format!(", validation accuracy {:.2} %", 100.0 * accuracy),
            None => String::new(),
        };
        let line = format!(
            "epoch {}/{}: loss {:.4}, accuracy {:.2} %{validation}, {seconds:.1} s",
            epoch.number,
            self.epochs,
            epoch.loss,
            100.0 * epoch.accuracy,
        );
        match &self.bar {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
        }
    }

    /// Takes the bar away.
    pub fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// A duration to the precision that an estimate has.
fn words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..=99 => format!("{seconds} s"),
        100..=5999 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{:.1} h", seconds as f64 / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_short() {
        let text = |seconds| words(Duration::from_secs(seconds));
        assert_eq!(text(7), "7 s");
        assert_eq!(text(150), "3 min");
        assert_eq!(text(9000), "2.5 h");
    }
}
