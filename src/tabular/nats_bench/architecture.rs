//! The results of one architecture, in the layout of the official classes.
//!
//! A file is a dictionary from the number of epochs (`"12"`, `"200"`) to the state of an `ArchResults`:
//! `arch_index`, `arch_str`, `dataset_seed` (a list of seeds by data set) and `all_results` (by data set
//! and seed the state of a `ResultsCount`: `eval_acc1es`, `eval_times`, `train_times`, `params`, `flop`,
//! `latency`, `epochs`).

use std::path::Path;

use super::error::NatsBenchError;
use super::pickle::{Pickle, PickleValue, PythonKey};
use crate::tabular::TableLimits;

/// Where trials disagree about sizes, the official code takes those of this seed.
const SEED_OF_SIZES: i64 = 888;

/// The most trials of an architecture on a data set; the official archive has up to three.
const MOST_TRIALS: usize = 100;

pub(super) struct Architecture(Pickle);

/// The trials on one schedule and data set, under the official code's name of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trials {
    pub(super) epochs: u32,
    pub(super) dataset: &'static str,
}

impl Architecture {
    pub(super) fn read(path: &Path, limits: TableLimits) -> Result<Self, NatsBenchError> {
        Pickle::read(path, limits).map(Self)
    }

    fn results(&self, epochs: u32) -> PickleValue<'_> {
        self.0.root().key(&epochs.to_string())
    }

    pub(super) fn index(&self) -> Result<i64, NatsBenchError> {
        self.results(12).key("arch_index").integer()
    }

    /// The official string of the cell, with its position for errors.
    pub(super) fn text(&self) -> PickleValue<'_> {
        self.results(12).key("arch_str")
    }

    fn seeds(&self, trials: Trials) -> Result<Vec<i64>, NatsBenchError> {
        let list = self
            .results(trials.epochs)
            .key("dataset_seed")
            .key(trials.dataset);
        let seeds = list.integers()?;
        match seeds.len() {
            0 => Err(list.expected("a list with a seed")),
            1..=MOST_TRIALS => Ok(seeds),
            _ => Err(list.expected("a list of at most 100 seeds")),
        }
    }

    /// Every trial's `ResultsCount`.
    fn counts(&self, trials: Trials) -> Result<Vec<PickleValue<'_>>, NatsBenchError> {
        let all = self.results(trials.epochs).key("all_results");
        Ok(self
            .seeds(trials)?
            .into_iter()
            .map(|seed| {
                let dataset = PythonKey::Text(trials.dataset.into());
                all.get(&PythonKey::Tuple(
                    [dataset, PythonKey::Integer(seed)].into(),
                ))
            })
            .collect())
    }

    /// Each trial's accuracy on a set of images after the last epoch.
    pub(super) fn accuracies(&self, trials: Trials, set: &str) -> Result<Vec<f64>, NatsBenchError> {
        let key = format!("{set}@{}", trials.epochs - 1);
        self.counts(trials)?
            .into_iter()
            .map(|count| count.key("eval_acc1es").key(&key).number())
            .collect()
    }

    /// The mean seconds of a training epoch.
    pub(super) fn train_seconds(&self, trials: Trials) -> Result<f64, NatsBenchError> {
        let of = |count: PickleValue<'_>| {
            let times = count.key("train_times");
            // The mean of an empty list is NaN, which isn't above 0.
            Some(mean(&times.numbers()?))
                .filter(|&seconds| seconds > 0.0)
                .ok_or_else(|| times.expected("times with a mean above 0"))
        };
        let times: Vec<f64> = self
            .counts(trials)?
            .into_iter()
            .map(of)
            .collect::<Result<_, NatsBenchError>>()?;
        Ok(mean(&times))
    }

    /// The mean seconds of one pass over a set of images.
    pub(super) fn evaluation_seconds(
        &self,
        trials: Trials,
        set: &str,
    ) -> Result<f64, NatsBenchError> {
        let mut times = Vec::new();
        for count in self.counts(trials)? {
            let count_times = count.key("eval_times");
            for epoch in 0..trials.epochs {
                let time = count_times.key(&format!("{set}@{epoch}"));
                match time.number()? {
                    seconds if seconds > 0.0 => times.push(seconds),
                    _ => return Err(time.expected("a time above 0")),
                }
            }
        }
        Ok(mean(&times))
    }

    /// `params` or `flop`, in millions. Trials may disagree because of what the official code calls an old
    /// mistake; it then takes the value of seed 888.
    pub(super) fn size(&self, trials: Trials, name: &str) -> Result<f64, NatsBenchError> {
        let seeds = self.seeds(trials)?;
        let sizes: Vec<f64> = self
            .counts(trials)?
            .into_iter()
            .map(|count| count.key(name).number())
            .collect::<Result<_, _>>()?;
        let agree = sizes.iter().all(|size| (size - sizes[0]).abs() < 1e-5);
        let decisive = seeds.iter().position(|&seed| seed == SEED_OF_SIZES);
        Ok(match (agree, decisive) {
            (false, Some(position)) => sizes[position],
            _ => mean(&sizes),
        })
    }

    /// The mean latency in seconds over the trials that have one.
    pub(super) fn latency(&self, trials: Trials) -> Result<Option<f64>, NatsBenchError> {
        let mut latencies = Vec::new();
        for count in self.counts(trials)? {
            let latency = count.key("latency");
            if !latency.is_none() {
                let latency = mean(&latency.numbers()?);
                if latency > 0.0 {
                    latencies.push(latency);
                }
            }
        }
        Ok((!latencies.is_empty()).then(|| mean(&latencies)))
    }
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
