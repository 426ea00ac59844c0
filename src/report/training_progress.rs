//! The progress of a training on standard error.

use std::fmt;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar as Bar, ProgressStyle};

use super::note::note;
use crate::training::{Epoch, Progress};

/// Without a terminal, the longest time between two lines, as long as steps are finished.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// Shows the progress of a training on standard error: a line for every epoch and, on a terminal, a bar.
/// Without a terminal there is also a line for the current step after 30 seconds without one.
pub struct TrainingProgress {
    bar: Option<Bar>,
    epochs: usize,
    began: Instant,
    /// When the epoch began.
    epoch_began: Instant,
    /// When the last line was printed.
    last_line: Instant,
    /// The first epoch shown, from 1; later than 1 if the training was resumed.
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
    /// The progress of a training of `epochs` epochs in all, which starts or resumes now.
    #[must_use]
    pub fn new(epochs: usize) -> Self {
        Self {
            bar: None,
            epochs,
            began: Instant::now(),
            epoch_began: Instant::now(),
            last_line: Instant::now(),
            first_epoch: None,
        }
    }

    /// Shows a step. [`TrainingProgress::epoch`] shows an epoch once it is validated.
    pub fn step(&mut self, progress: &Progress) {
        let Progress::Step { epoch, step, steps } = *progress else {
            return;
        };
        let first_epoch = *self.first_epoch.get_or_insert(epoch);
        let done = (epoch - 1) * steps + step;
        let here = done - (first_epoch - 1) * steps;
        let left = self.epochs.saturating_mul(steps).saturating_sub(done);
        let left = self.began.elapsed().as_secs_f64() / here as f64 * left as f64;
        let message = format!(
            "epoch {epoch}/{}, step {step}/{steps}, {} left",
            self.epochs,
            words(Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX))
        );
        if !std::io::stderr().is_terminal() {
            if self.last_line.elapsed() >= LONGEST_SILENCE {
                self.last_line = Instant::now();
                note(&message);
            }
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style =
                ProgressStyle::with_template("{bar:30} {msg}").expect("the template is valid");
            Bar::new(self.epochs.saturating_mul(steps) as u64).with_style(style)
        });
        bar.set_position(done as u64);
        bar.set_message(message);
    }

    /// Shows the results of an epoch.
    pub fn epoch(&mut self, epoch: &Epoch) {
        let seconds = self.epoch_began.elapsed().as_secs_f64();
        self.epoch_began = Instant::now();
        self.last_line = Instant::now();
        let validation = match epoch.validation_metric {
            Some(accuracy) => format!(", validation accuracy {:.2} %", 100.0 * accuracy),
            None => String::new(),
        };
        let line = format!(
            "epoch {}/{}: loss {:.4}, accuracy {:.2} %{validation}, {seconds:.1} s",
            epoch.number,
            self.epochs,
            epoch.loss,
            100.0 * epoch.metric,
        );
        match &self.bar {
            Some(bar) => bar.println(line),
            None => note(&line),
        }
    }

    /// Removes the bar.
    pub fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// A duration to the precision of an estimate.
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
    fn estimates_are_rounded() {
        let text = |seconds| words(Duration::from_secs(seconds));
        assert_eq!(text(7), "7 s");
        assert_eq!(text(150), "3 min");
        assert_eq!(text(9000), "2.5 h");
    }
}
