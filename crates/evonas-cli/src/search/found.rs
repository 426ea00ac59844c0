//! What a search found, trained for longer.

use std::fs;
use std::ops::ControlFlow;

use evonas::network::CellNetwork;
use evonas::prelude::*;
use evonas::report::TrainingProgress;
use evonas::report::note;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::training::images::ChannelStatistics;
use evonas::training::{Progress, TrainedClassifier, TrainingError, train_fully};
use serde_json::{Value, json};

use super::task::Task;
use crate::Failure;
use crate::output::print_line;

/// The outcome of a search and of the final training.
pub(super) struct Found {
    pub(super) best: Option<BestTrial>,
    pub(super) parameters: Option<u64>,
    pub(super) test_accuracy: Option<f64>,
    network: Option<CellNetwork>,
}

impl Found {
    pub(super) fn as_json(&self) -> Value {
        let best = self.best.as_ref();
        json!({
            "best_fitness": best.map(|best| best.fitness),
            "test_accuracy": self.test_accuracy,
            "parameters": self.parameters,
            "genotype": best.map(|best| best.genotype.to_string()),
        })
    }
}

/// The best trial of a search.
pub(super) struct BestTrial {
    /// Its validation accuracy, from 0 to 1.
    pub(super) fitness: f64,
    pub(super) genotype: NasnetGenotype,
    /// The trial's seed, and the final training's.
    pub(super) seed: u64,
}

impl Task<'_> {
    /// Trains the best genotype in full; after a search that was stopped, it is only reported.
    pub(super) fn found(
        &self,
        result: &SearchResult<NasnetGenotype>,
        stop: &StopSignal,
    ) -> Result<Found, Failure> {
        let mut found = Found {
            best: None,
            parameters: None,
            test_accuracy: None,
            network: None,
        };
        let Some(best) = result.best() else {
            return Ok(found);
        };
        found.best = best.fitness().map(|fitness| BestTrial {
            fitness,
            genotype: best.genotype.clone(),
            seed: best.seed,
        });
        found.parameters = best
            .metric("parameters")
            .map(|parameters| parameters as u64);
        if stop.is_finishing() {
            return Ok(found);
        }
        let epochs = self.final_trainer.config().epochs;
        let quiet = self.options.quiet;
        if !quiet {
            note(format_args!(
                "training the best genotype for {epochs} epochs"
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
        let trained = train_fully(
            &best.genotype,
            &self.decoder,
            &self.final_trainer,
            &self.dataset,
            best.seed,
            &self.devices.first(),
            &mut watch,
        );
        shown.finish();
        match trained {
            Ok(training) => {
                found.test_accuracy = Some(training.test_accuracy);
                found.network = Some(training.network);
            }
            Err(TrainingError::Stopped) => {}
            Err(error) => return Err(format!("the final training failed: {error}").into()),
        }
        Ok(found)
    }

    /// Keeps the trained network in the search's folder; the network of an earlier best genotype is removed.
    pub(super) fn keep(&self, found: &Found) -> Result<(), Failure> {
        let Some(folder) = &self.options.out else {
            return Ok(());
        };
        let path = folder.join("best.safetensors");
        match &found.network {
            Some(network) => {
                let statistics = ChannelStatistics::of(&self.dataset.train);
                let classifier = TrainedClassifier::new(network.clone(), statistics)
                    .class_names(self.dataset.class_names.clone());
                classifier.save(path)?;
            }
            None if path.exists() => fs::remove_file(&path)
                .map_err(|error| format!("can't remove {}: {error}", path.display()))?,
            None => {}
        }
        Ok(())
    }

    pub(super) fn print(&self, title: &str, found: &Found) -> Result<(), Failure> {
        let Some(best) = &found.best else {
            return print_line(format!("{title}: none, since no trial has a score"));
        };
        let mut lines = format!("\n{title}: {}\n", best.genotype);
        let percent = 100.0 * best.fitness;
        lines += &format!("validation accuracy in the search: {percent:.2} %\n");
        lines += &match found.test_accuracy {
            Some(accuracy) => format!(
                "test accuracy after {} epochs on all training images: {:.2} %\n",
                self.final_trainer.config().epochs,
                100.0 * accuracy
            ),
            None => "test accuracy: not measured, since the search was stopped\n".to_owned(),
        };
        if let Some(parameters) = found.parameters {
            lines += &format!("parameters: {parameters}\n");
        }
        lines += best.genotype.in_words().trim_end();
        print_line(lines)
    }
}
