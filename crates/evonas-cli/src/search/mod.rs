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

use self::options::SearchAlgorithm;
pub(crate) use self::options::SearchOptions;
use self::task::Task;

impl SearchOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        if self.algorithm == SearchAlgorithm::Random && !self.warm_start.is_empty() {
            return Err("--warm-start needs evolution; random search has no population".into());
        }
        let task = Task::new(self)?;
        let stop = stop::on_request()?;

        let result = task.search(self.algorithm, self.out.clone(), &stop)?;
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
        if self.baseline && !stop.is_set() {
            let random = task.search(SearchAlgorithm::Random, None, &stop)?;
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
