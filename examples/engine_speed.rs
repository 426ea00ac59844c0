//! What the engine costs without evaluation: run it with `--release`, and `--json` for one JSON
//! object.
//!
//! Population 100, samples of 25, ten decisions with ten alternatives each, one thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use evonas::executor::Simulated;
use evonas::prelude::*;
use evonas::spaces::choices::{Choices, Decisions};
use serde_json::json;

#[derive(Parser)]
#[command(about = "Measure the engine without evaluation", version)]
struct Options {
    /// Trials of each measurement
    #[arg(long, default_value_t = 1_000_000)]
    trials: u64,
    /// Print the figures as one JSON object on the last line
    #[arg(long)]
    json: bool,
}

type Failure = Box<dyn Error + Send + Sync>;

/// The system's allocator, which counts the bytes in use.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn space() -> Result<Choices, Failure> {
    let mut builder = Choices::builder();
    for decision in 0..10 {
        let alternatives = (0..10).map(|alternative| alternative.to_string());
        builder = builder.decision(format!("decision {decision}"), alternatives);
    }
    Ok(builder.build()?)
}

fn evolution() -> Result<Evolution<Decisions>, Failure> {
    let space = space()?;
    Ok(Evolution::builder(space.clone(), space)
        .population(100)
        .sample(25)
        .seed(0)
        .build()?)
}

fn fitness(decisions: &Decisions) -> f64 {
    decisions
        .places()
        .iter()
        .map(|&place| f64::from(place))
        .sum()
}

fn evaluate(decisions: &Decisions, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    Ok(Evaluation::new(fitness(decisions)))
}

fn nanoseconds(duration: Duration, trials: u64) -> f64 {
    duration.as_secs_f64() * 1e9 / trials as f64
}

/// Nanoseconds of an ask and a tell, the algorithm alone.
fn cycle(trials: u64) -> Result<f64, Failure> {
    let mut evolution = evolution()?;
    let start = Instant::now();
    for _ in 0..trials {
        let trial = evolution.ask();
        let outcome = Outcome::Completed(fitness(&trial.genotype).into());
        evolution.tell(trial.id, &outcome)?;
    }
    black_box(&evolution);
    Ok(nanoseconds(start.elapsed(), trials))
}

fn search(trials: u64, folder: Option<&Path>) -> Result<SearchResult<Decisions>, Failure> {
    let search = Search::new(evolution()?, Serial::new(evaluate), Budget::trials(trials));
    Ok(match folder {
        Some(folder) => search.journal(Journal::open_or_create(folder)?).run()?,
        None => search.run()?,
    })
}

/// Bytes that a finished trial takes in memory beside its genotype.
fn bytes_per_trial(trials: u64) -> Result<f64, Failure> {
    let before = IN_USE.load(Ordering::Relaxed);
    let result = search(trials, None)?;
    let bytes = IN_USE.load(Ordering::Relaxed) - before;
    let genotypes: usize = result
        .history
        .records()
        .iter()
        .map(|record| size_of::<Decisions>() + size_of_val(record.genotype.places()))
        .sum();
    Ok((bytes - genotypes) as f64 / trials as f64)
}

/// Seconds that 450 virtual workers take for 20,000 trials.
fn simulated() -> Result<f64, Failure> {
    let costly = |decisions: &Decisions, context: &Context<'_>| {
        let cost = 3600.0 * (1.0 + context.rng(0).random::<f64>());
        Ok(Evaluation::new(fitness(decisions)).with_cost(cost))
    };
    let start = Instant::now();
    let executor = Simulated::new(costly, 450)?;
    let result = Search::new(evolution()?, executor, Budget::trials(20_000)).run()?;
    black_box(&result);
    Ok(start.elapsed().as_secs_f64())
}

fn main() -> Result<(), Failure> {
    let Options { trials, json } = Options::parse();
    let early_ns = cycle(trials / 100)?;
    let cycle_ns = cycle(trials)?;
    let bytes_per_trial = bytes_per_trial(trials)?;
    let simulated_s = simulated()?;

    let folder = tempfile::tempdir()?;
    let start = Instant::now();
    search(trials, Some(folder.path()))?;
    let journal_cycle_ns = nanoseconds(start.elapsed(), trials);
    let start = Instant::now();
    search(trials, Some(folder.path()))?;
    let replay_per_s = trials as f64 / start.elapsed().as_secs_f64();

    if json {
        println!(
            "{}",
            json!({
                "trials": trials,
                "cycle_ns": cycle_ns,
                "journal_cycle_ns": journal_cycle_ns,
                "replay_per_s": replay_per_s,
                "bytes_per_trial": bytes_per_trial,
                "simulated_s": simulated_s,
            })
        );
    } else {
        println!("ask and tell: {cycle_ns:.0} ns over {trials} cycles");
        println!(
            "              {early_ns:.0} ns over the first {}",
            trials / 100
        );
        println!("whole search with a journal: {journal_cycle_ns:.0} ns a trial");
        println!("replay: {replay_per_s:.0} trials a second");
        println!("memory: {bytes_per_trial:.0} bytes a trial and its genotype");
        println!("450 simulated workers, 20,000 trials: {simulated_s:.3} s");
    }
    Ok(())
}
