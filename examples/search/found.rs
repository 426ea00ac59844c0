//! What a search has found, trained in full.

use evonas::network::CellNetwork;
use evonas::prelude::*;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::training::{Progress, train_fully};

use crate::Failure;
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
                true => Err(EvaluationError::Interrupted),
                false => Ok(()),
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
                Err(EvaluationError::Interrupted) => {}
                Err(error) => return Err(format!("the final training failed: {error}").into()),
            }
        }
        Ok(found)
    }

    pub fn print(&self, title: &str, found: &Found) {
        let Some((fitness, genotype)) = &found.best else {
            println!("{title}: none, since no trial has a score");
            return;
        };
        println!("\n{title}: {genotype}");
        println!(
            "validation accuracy in the search: {:.2} %",
            100.0 * fitness
        );
        match found.test_accuracy {
            Some(accuracy) => println!(
                "test accuracy after {} epochs on all training images: {:.2} %",
                self.final_trainer.config().epochs,
                100.0 * accuracy
            ),
            None => println!("test accuracy: not measured, since the search was stopped"),
        }
        if let Some(parameters) = found.parameters {
            println!("parameters: {parameters}");
        }
        print!("{}", genotype.in_words());
    }
}
