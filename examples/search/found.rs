//! What a search has found, trained in full.

use std::fs;
use std::ops::ControlFlow;

use evonas::network::CellNetwork;
use evonas::prelude::*;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::training::images::ChannelStatistics;
use evonas::training::{Progress, TrainedClassifier, TrainingError, train_fully};

use crate::Failure;
use crate::say::say;
use crate::task::Task;

/// The outcome of a search and of the final training.
pub struct Found {
    pub best: Option<(f64, NasnetGenotype)>,
    pub parameters: Option<u64>,
    pub test_accuracy: Option<f64>,
    pub network: Option<CellNetwork>,
}

impl Task<'_> {
    /// Trains the best genotype in full; a search that was stopped is only reported.
    pub fn found(
        &self,
        result: &SearchResult<NasnetGenotype>,
        stop: &StopSignal,
    ) -> Result<Found, Failure> {
        let Some(best) = result.best() else {
            return Ok(Found {
                best: None,
                parameters: None,
                test_accuracy: None,
                network: None,
            });
        };
        let mut found = Found {
            best: best
                .fitness()
                .map(|fitness| (fitness, best.genotype.clone())),
            parameters: best
                .metric("parameters")
                .map(|parameters| parameters as u64),
            test_accuracy: None,
            network: None,
        };
        if !stop.is_set() {
            if !self.options.quiet {
                eprintln!(
                    "training the best genotype for {} epochs",
                    self.final_trainer.config().epochs
                );
            }
            let mut go_on = |_: Progress| match stop.is_set() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            };
            match train_fully(
                &best.genotype,
                &self.decoder,
                &self.final_trainer,
                &self.dataset,
                best.seed,
                &self.devices.first(),
                &mut go_on,
            ) {
                Ok(training) => {
                    found.test_accuracy = Some(training.test_accuracy);
                    found.network = Some(training.network);
                }
                Err(TrainingError::Stopped) => {}
                Err(error) => return Err(format!("the final training failed: {error}").into()),
            }
        }
        Ok(found)
    }

    /// Keeps the trained network in the search's folder. One of an earlier best genotype goes.
    pub fn keep(&self, found: &Found) -> Result<(), Failure> {
        let Some(folder) = &self.options.out else {
            return Ok(());
        };
        let path = folder.join("best.safetensors");
        match &found.network {
            Some(network) => {
                let classifier = TrainedClassifier::new(
                    network.clone(),
                    ChannelStatistics::of(&self.dataset.train),
                )
                .class_names(self.dataset.class_names.clone());
                classifier.save(path)?;
            }
            None if path.exists() => fs::remove_file(&path)
                .map_err(|error| format!("can't remove {}: {error}", path.display()))?,
            None => {}
        }
        Ok(())
    }

    pub fn print(&self, title: &str, found: &Found) -> Result<(), Failure> {
        let Some((fitness, genotype)) = &found.best else {
            say(format!("{title}: none, since no trial has a score"))?;
            return Ok(());
        };
        let mut lines = format!("\n{title}: {genotype}\n");
        let percent = 100.0 * fitness;
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
        lines += genotype.in_words().trim_end();
        say(lines)?;
        Ok(())
    }
}
