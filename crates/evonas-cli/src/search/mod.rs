//! `evonas search`: evolves an image classifier, every candidate trained as a Burn network.

mod continuation;
mod found;
mod options;
mod task;
mod warm_start;

use serde_json::json;

use crate::Failure;
use crate::output::print_line;
use crate::stop;

pub(crate) use self::options::SearchOptions;
use self::options::{SearchAlgorithm, StopperName};
use self::task::Task;

impl SearchOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        if self.algorithm == SearchAlgorithm::Random && !self.warm_start.is_empty() {
            return Err("--warm-start needs evolution; random search has no population".into());
        }
        if self.ordered && self.stopper != StopperName::None {
            return Err(
                "--ordered can't be used with --stopper: a stopper judges a trial by what others have reported \
                 by then, which depends on timing"
                    .into(),
            );
        }
        let task = Task::new(self)?;
        let requests = stop::StopRequests::listen()?;
        let stop = requests.signal();

        let result =
            requests.while_trials_run(|| task.search(self.algorithm, self.out.clone(), &stop))?;
        let found = task.found(&result, &stop)?;
        // A full disk costs no result.
        let kept = task.keep(&found);
        if !self.quiet {
            print_line(format!(
                "{}: {} trials, {} failed, {:.0} s",
                result.termination,
                result.history.len(),
                result.history.failed(),
                result.duration.as_secs_f64()
            ))?;
            task.print("best genotype", &found)?;
            task.print_continuation(&found)?;
        }
        if self.baseline && !stop.is_finishing() {
            let random =
                requests.while_trials_run(|| task.search(SearchAlgorithm::Random, None, &stop))?;
            task.print(
                "best of as many random genotypes",
                &task.found(&random, &stop)?,
            )?;
        }
        if self.json {
            let best = found.best.as_ref();
            print_line(json!({
                "best_fitness": best.map(|best| best.fitness),
                "test_accuracy": found.test_accuracy,
                "trials": result.history.len(),
                "failed": result.history.failed(),
                "seconds": result.duration.as_secs_f64(),
                "parameters": found.parameters,
                "genotype": best.map(|best| best.genotype.to_string()),
            }))?;
        }
        kept
    }
}
