//! Compares your own algorithm with the library's: local search against aging evolution, on the paper's toy problem,
//! where the fitness is the share of ones in 100 bits plus noise.
//!
//! ```sh
//! cargo run --release -p evonas --no-default-features --example custom_algorithm
//! ```

use std::error::Error;
use std::io::{Write, stdout};

use evonas::prelude::*;

type Bits = Vec<bool>;
type Failure = Box<dyn Error + Send + Sync>;

const SPACE: BitsSpace = BitsSpace { length: 100 };

/// Always mutates the best genotype so far.
#[derive(Debug)]
struct LocalSearch {
    seed: u64,
    rng: Stream,
    best: Option<(f64, Trial<Bits>)>,
}

impl Algorithm<Bits> for LocalSearch {
    fn propose(&mut self, _: TrialId) -> Proposal<Bits> {
        match &self.best {
            Some((_, best)) => {
                Proposal::child(best.id, FlipOneBit.mutate(&best.genotype, &mut self.rng))
            }
            None => Proposal::random(SPACE.sample(&mut self.rng)),
        }
    }

    fn learn(&mut self, trial: &Trial<Bits>, outcome: &Outcome) -> Result<(), TellError> {
        // A failed trial has no fitness and is forgotten.
        let fitness = outcome.fitness().unwrap_or(f64::NEG_INFINITY);
        if self.best.as_ref().is_none_or(|(best, _)| fitness > *best) {
            self.best = Some((fitness, trial.clone()));
        }
        Ok(())
    }

    fn seed(&self) -> u64 {
        self.seed
    }
}

/// The share of ones, which a search can't see.
fn ones(bits: &Bits) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64 / bits.len() as f64
}

/// What it sees instead. The noise is the trial's own.
fn noisy_ones(bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    Ok(Evaluation::new(
        ones(bits) + 0.05 * standard_normal(&mut context.rng(0)),
    ))
}

/// Runs 20 searches of 1,000 trials, and prints the mean share of ones in what each considers best.
fn compare<A: Algorithm<Bits>>(name: &str, algorithm: impl Fn(u64) -> A) -> Result<(), Failure> {
    const SEARCHES: u64 = 20;
    let mut sum = 0.0;
    for seed in 0..SEARCHES {
        let executor = Serial::new(noisy_ones);
        let result = Search::new(algorithm(seed), executor, Budget::trials(1_000)).run()?;
        sum += result.best().map_or(0.0, |best| ones(&best.genotype));
    }
    writeln!(
        stdout(),
        "{name}: {:.1} % ones",
        100.0 * sum / SEARCHES as f64
    )?;
    Ok(())
}

fn main() -> Result<(), Failure> {
    compare("local search", |seed| LocalSearch {
        seed,
        rng: stream(seed, 0),
        best: None,
    })?;
    compare("aging evolution", |seed| {
        let evolution = Evolution::builder(SPACE, FlipOneBit).seed(seed);
        evolution.build().expect("the default sizes are valid")
    })
}
