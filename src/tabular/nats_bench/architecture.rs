//! The results of one architecture, as the official classes lay them out.
//!
//! A file is a dictionary from the number of epochs (`"12"`, `"200"`) to the state of an
//! `ArchResults`: `arch_index`, `arch_str`, `dataset_seed` (data set to list of seeds) and
//! `all_results` ((data set, seed) to the state of a `ResultsCount`: `eval_acc1es`, `eval_times`,
//! `train_times`, `params`, `flop`, `latency`, `epochs`).

use std::path::{Path, PathBuf};

use serde_pickle::{HashableValue, Value};

use super::NatsBenchError;
use super::pickle::{Place, read};

/// Of trials that disagree about sizes, the official code takes the one with this seed.
const SEED_OF_SIZES: i64 = 888;

pub(super) struct Architecture {
    path: PathBuf,
    value: Value,
}

/// Which results: the schedule and the data set as the official code names them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trials {
    pub(super) epochs: u32,
    pub(super) dataset: &'static str,
}

impl Architecture {
    pub(super) fn read(path: &Path) -> Result<Self, NatsBenchError> {
        Ok(Self {
            value: read(path)?,
            path: path.to_owned(),
        })
    }

    fn results(&self, epochs: u32) -> Place<'_> {
        Place::root(&self.path, &self.value).key(&epochs.to_string())
    }

    pub(super) fn index(&self) -> Result<i64, NatsBenchError> {
        self.results(12).key("arch_index").integer()
    }

    /// The official string, with its place for errors.
    pub(super) fn text(&self) -> Place<'_> {
        self.results(12).key("arch_str")
    }

    fn seeds(&self, trials: Trials) -> Result<Vec<i64>, NatsBenchError> {
        let place = self
            .results(trials.epochs)
            .key("dataset_seed")
            .key(trials.dataset);
        let seeds = place.integers()?;
        match seeds.is_empty() {
            true => Err(place.not("a list with a seed")),
            false => Ok(seeds),
        }
    }

    /// Every trial's `ResultsCount`.
    fn counts(&self, trials: Trials) -> Result<Vec<Place<'_>>, NatsBenchError> {
        let all = self.results(trials.epochs).key("all_results");
        Ok(self
            .seeds(trials)?
            .into_iter()
            .map(|seed| {
                all.get(&HashableValue::Tuple(vec![
                    HashableValue::String(trials.dataset.to_owned()),
                    HashableValue::I64(seed),
                ]))
            })
            .collect())
    }

    /// The accuracies after the last epoch on a set of images, one for each trial.
    pub(super) fn accuracies(&self, trials: Trials, set: &str) -> Result<Vec<f64>, NatsBenchError> {
        let key = format!("{set}@{}", trials.epochs - 1);
        self.counts(trials)?
            .into_iter()
            .map(|count| count.key("eval_acc1es").key(&key).number())
            .collect()
    }

    /// The mean seconds of a training epoch.
    pub(super) fn train_seconds(&self, trials: Trials) -> Result<f64, NatsBenchError> {
        let of = |count: Place<'_>| {
            let times = count.key("train_times");
            // That of no times is no number, and not above 0 either.
            Some(mean(&times.numbers()?))
                .filter(|&seconds| seconds > 0.0)
                .ok_or_else(|| times.not("a collection of times, on average above 0"))
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
                    _ => return Err(time.not("a time above 0")),
                }
            }
        }
        Ok(mean(&times))
    }

    /// `params` or `flop`, in millions. Trials may disagree (an old mistake, says the official code,
    /// which takes that of seed 888 then).
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
            (false, Some(place)) => sizes[place],
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
