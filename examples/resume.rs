//! A search that survives: it records every trial in a journal. Press Ctrl-C, or kill it, and start it again:
//! it resumes where it was. A larger number of trials extends it.
//!
//! ```sh
//! cargo run --release -p evonas --no-default-features --example resume -- FOLDER
//! cargo run --release -p evonas --no-default-features --example resume -- FOLDER 1000
//! ```
//!
//! It tunes a web cache, by named decisions of which some matter only with others.

use std::error::Error;
use std::fmt::Display;
use std::io::{Write, stdout};
use std::thread::sleep;
use std::time::Duration;

use evonas::prelude::*;

/// Requests a second, in thousands, by a made-up model.
fn throughput(space: &Choices, settings: &Decisions) -> f64 {
    let text = |name| space.get(settings, name).unwrap_or("none");
    let number = |name| space.integer(settings, name).unwrap_or(0) as f64;
    let compression = match text("compression") {
        "none" => 1.0,
        "gzip" => 1.4 - 0.06 * number("level"),
        _ => 1.5 - 0.04 * (number("level") - 3.0).abs(),
    };
    let eviction = if text("eviction") == "lru" { 1.0 } else { 0.85 };
    let memory = number("megabytes").ln() * compression;
    let hits = eviction * (1.0 - (-memory / 4.0).exp());
    let locks = number("threads") / (1.0 + number("threads") / number("shards"));
    10.0 * hits * (1.0 + locks).ln()
}

/// Progress that can't be shown is no reason to end a search: `println!` would panic.
fn show(line: impl Display) {
    let _ = writeln!(stdout(), "{line}");
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder for the journal")?;
    let trials = arguments.next().map_or(Ok(300), |trials| trials.parse())?;

    let space = Choices::builder()
        .decision("eviction", ["random", "fifo", "lru"])
        .log_integer("megabytes", 16..=4096)
        .decision("compression", ["none", "gzip", "zstd"])
        .integer("level", 1..=9)
        .only_if("compression", ["gzip", "zstd"])
        .log_integer("shards", 1..=32)
        .log_integer("threads", 1..=16)
        .build()?;

    let model = space.clone();
    let evaluator = move |settings: &Decisions, context: &Context<'_>| {
        // As if it were real work, so that there is time to interrupt it.
        sleep(Duration::from_millis(50));
        // Measurements are noisy. The trial's own seed decides how, so that a trial that was interrupted
        // scores the same when it runs again.
        let noise = 0.05 * context.rng(0).random::<f64>();
        Ok(Evaluation::new(throughput(&model, settings) + noise))
    };
    let evolution = Evolution::builder(space.clone(), space.clone())
        .population(20)
        .sample(5)
        .build()?;

    let search = Search::new(
        evolution,
        Threads::new(evaluator, 2)?,
        Budget::trials(trials),
    )
    // Starts a new search if the folder has none, and otherwise resumes the one it has.
    .journal(Journal::open_or_create(&folder)?)
    .observe(|event: &Event<'_, Decisions>| match event {
        Event::Resumed {
            history, in_flight, ..
        } => show(format_args!(
            "resuming: {} trials are done, {in_flight} were interrupted and run again",
            history.len()
        )),
        Event::Finished { history } if history.len() % 20 == 0 => {
            let best = history
                .best()
                .and_then(|best| best.fitness())
                .unwrap_or(0.0);
            show(format_args!(
                "{} trials, best so far {best:.3}",
                history.len()
            ));
        }
        _ => {}
    });
    let result = search.run()?;

    let mut out = stdout();
    writeln!(
        out,
        "{}: {} trials, recorded in {folder}",
        result.termination,
        result.history.len()
    )?;
    let best = result.best().ok_or("every trial failed")?;
    for (name, value) in space.named(&best.genotype) {
        writeln!(out, "  {name}: {value}")?;
    }
    let fitness = best.fitness().unwrap_or(0.0);
    writeln!(
        out,
        "best: {fitness:.3} thousand requests a second with these settings"
    )?;
    Ok(())
}
