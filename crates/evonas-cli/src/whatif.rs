//! `evonas whatif`: what another configuration would have done with the evaluations of a recorded search.

use std::path::PathBuf;

use clap::Args;
use evonas::prelude::*;
use evonas::search::History;
use evonas::search::journal::{
    self, DivergenceReason, JournalError, JournalHeader, Replayed, WhatIf,
};
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::stopper::{Stopper, Verdict};
use serde_json::{Value, json};

use crate::Failure;
use crate::ignored::refuse_ignored;
use crate::naming::{SearchAlgorithm, SpaceName, StopperName, preferred_by_proxy};
use crate::output::print_line;
use crate::ranges::count;

/// Replay a search's evaluations through another configuration
///
/// Nothing is trained: as long as the other configuration proposes genotypes that the recorded search evaluated,
/// their results are known. The first one that it didn't evaluate ends the replay. What isn't given is as it was in
/// the recorded search.
///
/// A stopper can only judge what trials reported, which they do if the recorded search had one.
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas whatif found --sample 16
  evonas whatif found --stopper halving --json")]
pub(crate) struct WhatIfOptions {
    /// The folder of the search (its --out)
    #[arg(value_name = "DIR")]
    run: PathBuf,
    /// Population size P, in genotypes [default: as recorded]
    #[arg(long, value_name = "P", value_parser = count)]
    population: Option<usize>,
    /// Sample size S of a tournament, in genotypes [default: as recorded]
    #[arg(long, value_name = "S", value_parser = count)]
    sample: Option<usize>,
    /// The search algorithm [default: as recorded]
    #[arg(long, value_enum)]
    algorithm: Option<SearchAlgorithm>,
    /// End unpromising trials early, judged by what the recorded trials reported [default: trials end as recorded]
    #[arg(long, value_enum)]
    stopper: Option<StopperName>,
    /// Print the result as one JSON object [default: off]
    #[arg(long)]
    json: bool,
}

impl WhatIfOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let recorded = journal::read::<NasnetGenotype>(&self.run).map_err(|error| {
            match &error.error {
                JournalError::OtherGenotype { .. } => Failure::from(format!(
                    "{error}; this command replays searches of cells. For other genotypes, the library has \
                     evonas::search::journal::WhatIf"
                )),
                _ => error.into(),
            }
        })?;
        let algorithm = self.algorithm(&recorded.header)?;
        let what_if = WhatIf::of(&self.run);
        let what_if = match self.stopper {
            None => what_if,
            Some(StopperName::None) => what_if.stopper(Never),
            Some(StopperName::Median) => what_if.stopper(MedianRule::new()),
            Some(StopperName::Halving) => what_if.stopper(SuccessiveHalving::builder().build()?),
        };
        let replayed = what_if.replay(algorithm)?;
        let judged = replayed.steps.recorded > 0 || replayed.divergence.is_some();
        if self.stopper.is_some() && !judged {
            return Err(
                "the recorded trials reported nothing that a stopper could judge; they do if the search has a \
                 stopper"
                    .into(),
            );
        }
        match self.json {
            true => print_line(as_json(&replayed, &recorded.history)),
            false => print_line(as_text(&replayed, &recorded.history)),
        }
    }

    fn algorithm(
        &self,
        header: &JournalHeader,
    ) -> Result<Box<dyn Algorithm<NasnetGenotype>>, Failure> {
        if preferred_by_proxy(&header.description) {
            return Err(
                "the recorded search preferred genotypes by a proxy, which evonas whatif doesn't rebuild; in Rust, \
                 evonas::search::journal::WhatIf replays any algorithm"
                    .into(),
            );
        }
        let space = SpaceName::recorded(&header.description.space)
            .ok_or("evonas search didn't record this search: its space is a different one")?
            .space();
        let described = &header.description.algorithm;
        let algorithm = match self.algorithm {
            Some(algorithm) => algorithm,
            None => SearchAlgorithm::recorded(described)
                .ok_or("evonas search doesn't have the recorded algorithm; give --algorithm")?,
        };
        if algorithm == SearchAlgorithm::Random {
            let options = [
                ("--population", self.population.is_some()),
                ("--sample", self.sample.is_some()),
            ];
            refuse_ignored("with random search", &options)?;
            return Ok(Box::new(RandomSearch::new(space, header.seed)));
        }
        let size = |given: Option<usize>, recorded: &Value, option: &str| {
            given
                .or_else(|| {
                    recorded
                        .as_u64()
                        .and_then(|size| usize::try_from(size).ok())
                })
                .ok_or_else(|| format!("the recorded search has no such size; give {option}"))
        };
        let evolution = Evolution::builder(space.clone(), space.mutation())
            .population(size(
                self.population,
                &described["population"],
                "--population",
            )?)
            .sample(size(
                self.sample,
                &described["selection"]["size"],
                "--sample",
            )?)
            .seed(header.seed)
            .initial(header.initial::<NasnetGenotype>()?);
        Ok(Box::new(match algorithm {
            SearchAlgorithm::NonAging => evolution.non_aging().build()?,
            _ => evolution.build()?,
        }))
    }
}

/// Stops no trial: those that the recorded search stopped would continue.
#[derive(Debug)]
struct Never;

impl Stopper for Never {
    fn reported(&mut self, _: TrialId, _: u64, _: f64) -> Verdict {
        Verdict::Continue
    }

    fn ended(&mut self, _: TrialId, _: &Outcome) {}
}

/// The best fitness of the first trials that ended.
fn best_of(history: &History<NasnetGenotype>, trials: usize) -> Option<f64> {
    let fitness = history.records().iter().take(trials);
    fitness
        .filter_map(|record| record.fitness())
        .max_by(f64::total_cmp)
}

fn reason(reason: DivergenceReason) -> String {
    match reason {
        DivergenceReason::StoppedBefore { step } => {
            format!("the recorded search stopped it at step {step}")
        }
        _ => "the recorded search did not evaluate its genotype".to_owned(),
    }
}

fn as_json(replayed: &Replayed<NasnetGenotype>, recorded: &History<NasnetGenotype>) -> Value {
    let trials = replayed.history.len();
    let divergence = replayed.divergence.as_ref().map(|divergence| {
        json!({
            "trial": divergence.trial,
            "genotype": divergence.genotype.to_string(),
            "reason": reason(divergence.reason),
        })
    });
    json!({
        "recorded_trials": recorded.len(),
        "replayed_trials": trials,
        "best_fitness": best_of(&replayed.history, trials),
        "recorded_best_fitness": best_of(recorded, trials),
        "steps": replayed.steps.replayed,
        "recorded_steps": replayed.steps.recorded,
        "divergence": divergence,
    })
}

fn as_text(replayed: &Replayed<NasnetGenotype>, recorded: &History<NasnetGenotype>) -> String {
    let trials = replayed.history.len();
    let fitness = |best: Option<f64>| best.map_or("none".to_owned(), |best| format!("{best:.4}"));
    let mut text = format!(
        "{trials} of {} recorded trials replayed\nbest fitness of these: {}; of the first {trials} recorded: {}",
        recorded.len(),
        fitness(best_of(&replayed.history, trials)),
        fitness(best_of(recorded, trials)),
    );
    let steps = replayed.steps;
    if steps.recorded > 0 {
        text += &format!(
            "\nreported steps: {} instead of {}",
            steps.replayed, steps.recorded
        );
    }
    text += &match &replayed.divergence {
        Some(divergence) => format!(
            "\nends at trial {}: {}\n{}",
            divergence.trial,
            reason(divergence.reason),
            divergence.genotype
        ),
        None => "\nevery proposal was evaluated in the recorded search".to_owned(),
    };
    text
}
