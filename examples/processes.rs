//! A search that survives its evaluations: some crash, others never end, and each costs one trial.
//!
//! ```sh
//! cargo run --release -p evonas --no-default-features --example processes
//! ```
//!
//! It tunes a made-up compiler, which doesn't take well to all of its options.

use std::error::Error;
use std::io::{Write as _, stdout};
use std::process::abort;
use std::thread::sleep;
use std::time::Duration;

use evonas::prelude::*;
use evonas::worker::{self, WorkerSetup};

/// How much faster the compiled program is.
fn speed(space: &Choices, options: &Decisions) -> f64 {
    let number = |name| space.integer(options, name).unwrap_or(0);
    let (unroll, inline) = (number("unroll"), number("inline"));
    if unroll * inline > 1500 {
        abort();
    }
    if space.get(options, "vectors") == Some("wide") && inline < 10 {
        // A loop without an end.
        sleep(Duration::MAX);
    }
    let vectors = match space.get(options, "vectors") {
        Some("wide") => 1.8,
        Some("narrow") => 1.4,
        _ => 1.0,
    };
    vectors * (1.0 + unroll as f64).ln() * (1.0 + inline as f64).ln()
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let space = Choices::builder()
        .decision("vectors", ["none", "narrow", "wide"])
        .log_integer("unroll", 1..=64)
        .log_integer("inline", 1..=256)
        .build()?;

    // This program is started again for each worker, which gets no further than here.
    worker::main(|_number| {
        let options = space.clone();
        let evaluator = move |decisions: &Decisions, _: &Context<'_>| {
            Ok(Evaluation::new(speed(&options, decisions)))
        };
        Ok::<_, Box<dyn Error + Send + Sync>>(WorkerSetup::new(space.clone(), evaluator))
    });

    let processes = Processes::builder(&space)
        .workers(2)
        .grace(Duration::from_millis(100))
        .build()?;
    let evolution = Evolution::builder(space.clone(), space.clone())
        .population(20)
        .sample(5)
        .build()?;
    let result = Search::new(evolution, processes, Budget::trials(150))
        .timeout(Duration::from_millis(200))
        .run()?;

    let count = |is_it: fn(&Outcome) -> bool| {
        let records = result.history.records().iter();
        records.filter(|record| is_it(&record.outcome)).count()
    };
    writeln!(
        stdout(),
        "{} trials: {} crashed, {} never ended",
        result.history.len(),
        count(|outcome| matches!(outcome, Outcome::Lost { .. })),
        count(|outcome| *outcome == Outcome::TimedOut),
    )?;
    let best = result.best().ok_or("no trial has a score")?;
    writeln!(
        stdout(),
        "best: {} with {}",
        best.fitness().unwrap_or_default(),
        space.to_json(&best.genotype)
    )?;
    Ok(())
}
