//! Evolves an image classifier: regularized evolution over the NASNet cell space, every candidate
//! trained as a Burn network. Try `--help`.

#[path = "../shared/data.rs"]
mod data;
mod found;
mod options;
#[path = "../shared/say.rs"]
mod say;
#[path = "../shared/stop.rs"]
mod stop;
mod task;
mod warm_start;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;

use crate::options::{AlgorithmName, Options};
use crate::say::say;
use crate::task::Task;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    if matches!(options.algorithm, AlgorithmName::Random) && !options.warm_start.is_empty() {
        return Err("--warm-start goes with evolution; random search has no population".into());
    }
    let task = Task::new(options)?;
    let stop = stop::on_request()?;

    let result = task.search(options.algorithm, options.out.clone(), &stop)?;
    let found = task.found(&result, &stop)?;
    // A full disk costs no result.
    let kept = task.keep(&found);
    if !options.quiet {
        say(format!(
            "{}: {} trials, {} failed, {:.0} s",
            result.termination,
            result.history.len(),
            result.history.failed(),
            result.duration.as_secs_f64()
        ))?;
        task.print("best genotype", &found)?;
    }
    if options.baseline && !stop.is_set() {
        let random = task.search(AlgorithmName::Random, None, &stop)?;
        task.print(
            "best of as many random genotypes",
            &task.found(&random, &stop)?,
        )?;
    }
    if options.json {
        let (best_fitness, genotype) = match &found.best {
            Some((fitness, genotype)) => (Some(fitness), Some(genotype.to_string())),
            None => (None, None),
        };
        say(json!({
            "best_fitness": best_fitness,
            "test_accuracy": found.test_accuracy,
            "trials": result.history.len(),
            "failed": result.history.failed(),
            "seconds": result.duration.as_secs_f64(),
            "parameters": found.parameters,
            "genotype": genotype,
        }))?;
    }
    kept
}
