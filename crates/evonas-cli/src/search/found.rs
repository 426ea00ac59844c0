//! What a search found: its best genotype, trained for longer.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use evonas::network::CellNetwork;
use evonas::prelude::*;
use evonas::search::TrialRecord;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::training::FullTraining;
use evonas::training::images::ChannelStatistics;
use serde_json::{Value, json};

use super::best_trial::write_diverged;
use super::final_training::FinalTraining;
use super::task::Task;
use crate::Failure;
use crate::failure::Failures;
use crate::output::print_line;
use crate::recipe::{read_best, write_best};

/// The network of the final training, in a search's folder.
pub(crate) const NETWORK_FILE: &str = "best.safetensors";
/// The network of an earlier final training, whose genotype is no longer the best.
pub(super) const EARLIER_NETWORK_FILE: &str = "earlier.safetensors";

/// How many genotypes are trained at most until one doesn't diverge.
const MOST_TRAININGS: usize = 5;

type BestTrial = TrialRecord<NasnetGenotype>;

/// The outcome of a search and of the final training.
#[derive(Default)]
pub(super) struct Found {
    /// The trial whose genotype was trained; without a final training the best.
    pub(super) best: Option<BestTrial>,
    pub(super) trained: Option<Box<FullTraining<CellNetwork>>>,
    /// Better genotypes, whose final trainings diverged.
    diverged: Vec<NasnetGenotype>,
}

impl Found {
    pub(super) fn as_json(&self) -> Value {
        let best = self.best.as_ref();
        let diverged = self.diverged.iter();
        json!({
            "best_fitness": best.and_then(TrialRecord::fitness),
            "test_accuracy": self.trained.as_ref().map(|training| training.test_accuracy),
            "parameters": best.and_then(parameters),
            "genotype": best.map(|best| best.genotype.to_string()),
            "diverged": diverged.map(ToString::to_string).collect::<Vec<_>>(),
        })
    }
}

impl Task<'_> {
    /// Prints the best genotype and trains it in full; if that diverges, the next best instead. After a search that was
    /// stopped, it is only printed.
    pub(super) fn found(
        &self,
        title: &str,
        result: &SearchResult<NasnetGenotype>,
        stop: &StopSignal,
        failures: &mut Failures,
    ) -> Found {
        let mut found = self.reported(title, result, failures);
        let mut candidates = best_first(result).into_iter().take(MOST_TRAININGS);
        let Some(mut candidate) = candidates.next().filter(|_| !stop.is_finishing()) else {
            return found;
        };
        loop {
            match self.train_in_full(candidate, stop) {
                FinalTraining::Done(training) => {
                    found.trained = Some(training);
                    found.best = Some(candidate.clone());
                    return found;
                }
                FinalTraining::Stopped => return found,
                FinalTraining::Failed(failure) => {
                    failures.add(Err(failure));
                    return found;
                }
                FinalTraining::Diverged(error) => {
                    found.diverged.push(candidate.genotype.clone());
                    self.print(
                        failures,
                        format_args!("its final training diverged: {error}"),
                    );
                    let Some(next) = candidates.next() else {
                        let count = found.diverged.len();
                        let best = match count {
                            1 => "the only genotype with a score".to_owned(),
                            _ => format!("the {count} best genotypes"),
                        };
                        let failure = format!("the final training of {best} diverged: {error}");
                        failures.add(Err(failure.into()));
                        return found;
                    };
                    candidate = next;
                    self.print(failures, described("next best genotype", candidate));
                }
            }
        }
    }

    /// Prints the best genotype without training it.
    pub(super) fn reported(
        &self,
        title: &str,
        result: &SearchResult<NasnetGenotype>,
        failures: &mut Failures,
    ) -> Found {
        let best = result.best();
        let text = match best {
            Some(best) => described(title, best),
            None => format!("{title}: none, since no trial has a score"),
        };
        self.print(failures, text);
        Found {
            best: best.cloned(),
            ..Found::default()
        }
    }

    fn print(&self, failures: &mut Failures, text: impl std::fmt::Display) {
        if !self.options.quiet {
            failures.add(print_line(text));
        }
    }

    /// Prints what the final training achieved, or why there was none.
    pub(super) fn print_trained(&self, found: &Found, why_not: &str) -> Result<(), Failure> {
        match &found.trained {
            Some(training) => print_line(format_args!(
                "test accuracy after {} epochs on all training images: {:.2} %",
                self.final_trainer.config().epochs,
                100.0 * training.test_accuracy
            )),
            None if found.best.is_some() => {
                print_line(format_args!("test accuracy: not measured, since {why_not}"))
            }
            None => Ok(()),
        }
    }

    /// Keeps the trained network in the search's folder, with the trial that it is of, and which better ones diverged.
    /// A network of another genotype is set aside, by this one or, without one, if `best.json` names another trial by
    /// now.
    pub(super) fn keep(&self, found: &Found) -> Result<(), Failure> {
        let (Some(folder), Some(best)) = (&self.options.out, &found.best) else {
            return Ok(());
        };
        let Some(training) = &found.trained else {
            // After a final training that diverged, that is the next best one.
            let named =
                read_best(folder).map_or_else(|_| best.genotype.clone(), |best| best.genotype);
            return self.set_aside(folder, &named);
        };
        let statistics = ChannelStatistics::of(&self.evaluation.dataset.train);
        let classifier = TrainedClassifier::new(training.network.clone(), statistics)
            .class_names(self.evaluation.dataset.class_names.clone());
        self.set_aside(folder, &best.genotype)?;
        classifier.save(folder.join(NETWORK_FILE))?;
        write_diverged(folder, &found.diverged)?;
        write_best(folder, best)
    }

    /// Renames the network in a folder if it isn't of this genotype.
    fn set_aside(&self, folder: &Path, genotype: &NasnetGenotype) -> Result<(), Failure> {
        let path = folder.join(NETWORK_FILE);
        let is_of_it = || {
            let classifier = TrainedClassifier::load(&path, &self.evaluation.devices.first());
            classifier.is_ok_and(|classifier| classifier.network.genotype() == genotype)
        };
        if !path.exists() || is_of_it() {
            return Ok(());
        }
        fs::rename(&path, free_name(folder))
            .map_err(|error| format!("can't rename {}: {error}", path.display()).into())
    }
}

/// Where a network can be set aside without replacing one that was.
fn free_name(folder: &Path) -> PathBuf {
    let mut path = folder.join(EARLIER_NETWORK_FILE);
    let mut number = 1;
    while path.exists() {
        number += 1;
        path = folder.join(format!("earlier-{number}.safetensors"));
    }
    path
}

/// The trials with a score, the fittest first; of those with the same genotype only the first.
fn best_first(result: &SearchResult<NasnetGenotype>) -> Vec<&BestTrial> {
    let records = result.history.comparable();
    let mut scored: Vec<_> = records
        .filter_map(|record| Some((record.fitness()?, record)))
        .collect();
    // Equally fit trials stay in their order, so that the first is the search's best.
    scored.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    let mut genotypes = HashSet::new();
    let records = scored.into_iter().map(|(_, record)| record);
    records
        .filter(|record| genotypes.insert(record.genotype.canonical()))
        .collect()
}

fn parameters(trial: &BestTrial) -> Option<u64> {
    trial
        .metric("parameters")
        .map(|parameters| parameters as u64)
}

fn described(title: &str, best: &BestTrial) -> String {
    let mut text = format!("\n{title}: {}\n", best.genotype);
    let percent = 100.0 * best.fitness().unwrap_or_default();
    text += &format!("validation accuracy in the search: {percent:.2} %\n");
    if let Some(parameters) = parameters(best) {
        text += &format!("parameters: {parameters}\n");
    }
    text += best.genotype.in_words().trim_end();
    text
}
